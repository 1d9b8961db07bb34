# HTTP APIs of ai-platform, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_apigatewayv2_api" "ai_api" {
  name          = "ai-platform-production-ai-api"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_authorizer" "ai_api" {
  api_id           = aws_apigatewayv2_api.ai_api.id
  name             = "jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = "https://login.example.com/"
    audience = ["ai-platform"]
  }
}

resource "aws_apigatewayv2_integration" "ai_api_gateway" {
  api_id                 = aws_apigatewayv2_api.ai_api.id
  integration_type       = "AWS_PROXY"
  integration_method     = "POST"
  integration_uri        = aws_lambda_function.gateway.invoke_arn
  payload_format_version = "2.0"
  timeout_milliseconds   = 29000
}

resource "aws_lambda_permission" "ai_api_gateway" {
  statement_id  = "api-ai-api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.gateway.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.ai_api.execution_arn}/*/*"
}

resource "aws_apigatewayv2_route" "ai_api_1" {
  api_id             = aws_apigatewayv2_api.ai_api.id
  route_key          = "GET /v1/models"
  target             = "integrations/${aws_apigatewayv2_integration.ai_api_gateway.id}"
  authorization_type = "JWT"
  authorizer_id      = aws_apigatewayv2_authorizer.ai_api.id
}

resource "aws_apigatewayv2_route" "ai_api_2" {
  api_id             = aws_apigatewayv2_api.ai_api.id
  route_key          = "ANY /v1/{proxy+}"
  target             = "integrations/${aws_apigatewayv2_integration.ai_api_gateway.id}"
  authorization_type = "JWT"
  authorizer_id      = aws_apigatewayv2_authorizer.ai_api.id
}

resource "aws_cloudwatch_log_group" "api_ai_api" {
  name = "/aws/apigateway/ai-platform-production-ai-api"
  # long enough to look into a complaint
  retention_in_days = 30
}

resource "aws_apigatewayv2_stage" "ai_api" {
  api_id      = aws_apigatewayv2_api.ai_api.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit    = 200
    throttling_burst_limit   = 400
    detailed_metrics_enabled = true
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api_ai_api.arn
    format = jsonencode({
      requestId          = "$context.requestId"
      time               = "$context.requestTime"
      ip                 = "$context.identity.sourceIp"
      method             = "$context.httpMethod"
      route              = "$context.routeKey"
      status             = "$context.status"
      latency            = "$context.responseLatency"
      integrationLatency = "$context.integrationLatency"
      integrationError   = "$context.integrationErrorMessage"
      subject            = "$context.authorizer.claims.sub"
    })
  }
  depends_on = [aws_apigatewayv2_route.ai_api_1, aws_apigatewayv2_route.ai_api_2]
}
