# --- functions, HTTP API, load balancers -------------------------------------------------------------------------------

resource "aws_iam_role" "gateway" {
  name               = "drill-gateway"
  assume_role_policy = local.assume["lambda"]
}

resource "aws_iam_role_policy_attachment" "gateway" {
  role       = aws_iam_role.gateway.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
}

resource "aws_iam_role_policy" "gateway" {
  name = "work"
  role = aws_iam_role.gateway.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["dynamodb:GetItem", "dynamodb:Query"]
      Resource = [aws_dynamodb_table.models.arn, "${aws_dynamodb_table.models.arn}/index/*"]
    }]
  })
}

resource "aws_cloudwatch_log_group" "gateway" {
  name              = "/aws/lambda/drill-gateway"
  retention_in_days = 30
}

resource "aws_s3_object" "code" {
  bucket         = aws_s3_bucket.data.id
  key            = "code/gateway.zip"
  content_base64 = filebase64("${path.module}/function.zip")
  source_hash    = filemd5("${path.module}/function.zip")
  depends_on     = [aws_s3_bucket_versioning.data]
}

resource "aws_lambda_function" "gateway" {
  function_name                  = "drill-gateway"
  role                           = aws_iam_role.gateway.arn
  runtime                        = "python3.12"
  handler                        = "main.handler"
  filename                       = "${path.module}/function.zip"
  source_code_hash               = filebase64sha256("${path.module}/function.zip")
  architectures                  = ["arm64"]
  memory_size                    = 256 * var.generation
  timeout                        = 25
  reserved_concurrent_executions = 50
  environment {
    variables = { TABLE = aws_dynamodb_table.models.name }
  }
  vpc_config {
    subnet_ids         = [for subnet in aws_subnet.private : subnet.id]
    security_group_ids = [aws_security_group.functions.id]
  }
  dead_letter_config {
    target_arn = aws_sqs_queue.dead.arn
  }
  tracing_config {
    mode = "Active"
  }
  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.gateway.name
  }
  depends_on = [aws_iam_role_policy_attachment.gateway]
}

resource "aws_lambda_function" "worker" {
  function_name = "drill-worker"
  role          = aws_iam_role.gateway.arn
  runtime       = "python3.12"
  handler       = "main.handler"
  s3_bucket     = aws_s3_object.code.bucket
  s3_key        = aws_s3_object.code.key
  timeout       = 10
}

resource "aws_ecr_repository" "functions" {
  name         = "drill/functions"
  force_delete = true
}

resource "aws_lambda_function" "image" {
  function_name = "drill-image"
  role          = aws_iam_role.gateway.arn
  package_type  = "Image"
  image_uri     = "${aws_ecr_repository.functions.repository_url}:1.0.0"
  architectures = ["arm64"]
  memory_size   = 1024
  timeout       = 60
  ephemeral_storage {
    size = 1024
  }
}

resource "aws_lambda_event_source_mapping" "jobs" {
  event_source_arn                   = aws_sqs_queue.jobs.arn
  function_name                      = aws_lambda_function.worker.arn
  batch_size                         = 10
  maximum_batching_window_in_seconds = 5
  function_response_types            = ["ReportBatchItemFailures"]
  scaling_config {
    maximum_concurrency = 5
  }
}

resource "aws_lambda_permission" "api" {
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.gateway.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.public.execution_arn}/*/*"
}

resource "aws_lambda_permission" "nightly" {
  statement_id  = "nightly"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.gateway.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.nightly.arn
}

resource "aws_lambda_function_event_invoke_config" "gateway" {
  function_name                = aws_lambda_function.gateway.function_name
  maximum_retry_attempts       = 1
  maximum_event_age_in_seconds = 3600
}

resource "aws_apigatewayv2_api" "public" {
  name          = "drill"
  protocol_type = "HTTP"
  description   = "Public"
  cors_configuration {
    allow_origins = ["https://app.example.com"]
    allow_methods = ["GET", "POST"]
    allow_headers = ["authorization", "content-type"]
    max_age       = 600
  }
}

resource "aws_apigatewayv2_authorizer" "jwt" {
  api_id           = aws_apigatewayv2_api.public.id
  name             = "jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]
  jwt_configuration {
    issuer   = "https://login.example.com/"
    audience = ["drill"]
  }
}

resource "aws_apigatewayv2_integration" "gateway" {
  api_id                 = aws_apigatewayv2_api.public.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.gateway.invoke_arn
  integration_method     = "POST"
  payload_format_version = "2.0"
  timeout_milliseconds   = 29000
}

resource "aws_apigatewayv2_vpc_link" "cluster" {
  name               = "drill"
  subnet_ids         = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids = [aws_security_group.functions.id]
}

resource "aws_apigatewayv2_integration" "cluster" {
  api_id                 = aws_apigatewayv2_api.public.id
  integration_type       = "HTTP_PROXY"
  integration_uri        = aws_lb_listener.internal.arn
  integration_method     = "ANY"
  connection_type        = "VPC_LINK"
  connection_id          = aws_apigatewayv2_vpc_link.cluster.id
  payload_format_version = "1.0"
  timeout_milliseconds   = 29000
  request_parameters = {
    "overwrite:path" = "$request.path"
  }
}

resource "aws_apigatewayv2_route" "predict" {
  api_id             = aws_apigatewayv2_api.public.id
  route_key          = "POST /predict"
  target             = "integrations/${aws_apigatewayv2_integration.gateway.id}"
  authorization_type = "JWT"
  authorizer_id      = aws_apigatewayv2_authorizer.jwt.id
}

resource "aws_apigatewayv2_route" "models" {
  api_id               = aws_apigatewayv2_api.public.id
  route_key            = "ANY /models/{proxy+}"
  target               = "integrations/${aws_apigatewayv2_integration.cluster.id}"
  authorization_type   = "JWT"
  authorizer_id        = aws_apigatewayv2_authorizer.jwt.id
  authorization_scopes = ["models/read"]
}

resource "aws_cloudwatch_log_group" "api" {
  name              = "/aws/apigateway/drill"
  retention_in_days = 30
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.public.id
  name        = "$default"
  auto_deploy = true
  default_route_settings {
    throttling_rate_limit    = 100 * var.generation
    throttling_burst_limit   = 200
    detailed_metrics_enabled = true
  }
  route_settings {
    route_key              = "POST /predict"
    throttling_rate_limit  = 10
    throttling_burst_limit = 20
  }
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    format = jsonencode({
      requestId = "$context.requestId"
      status    = "$context.status"
    })
  }
  depends_on = [aws_apigatewayv2_route.predict]
}

resource "aws_lb" "internal" {
  name                             = "drill-internal"
  internal                         = true
  load_balancer_type               = "network"
  subnets                          = [for subnet in aws_subnet.private : subnet.id]
  security_groups                  = [aws_security_group.functions.id]
  enable_cross_zone_load_balancing = true
}

resource "aws_lb_target_group" "internal" {
  name                 = "drill-internal"
  port                 = 8080
  protocol             = "TCP"
  target_type          = "ip"
  vpc_id               = aws_vpc.this.id
  deregistration_delay = 30
  preserve_client_ip   = "false"
  health_check {
    protocol            = "HTTP"
    path                = "/health"
    port                = "traffic-port"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
    matcher             = "200"
  }
}

resource "aws_lb_listener" "internal" {
  load_balancer_arn        = aws_lb.internal.arn
  port                     = 80
  protocol                 = "TCP"
  tcp_idle_timeout_seconds = 350
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.internal.arn
  }
}

resource "aws_lb" "application" {
  name                       = "drill-application"
  internal                   = true
  load_balancer_type         = "application"
  subnets                    = [for subnet in aws_subnet.private : subnet.id]
  security_groups            = [aws_security_group.functions.id]
  idle_timeout               = 40
  drop_invalid_header_fields = true
}

resource "aws_lb_target_group" "application" {
  name        = "drill-application"
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = aws_vpc.this.id
  health_check {
    path    = "/ready"
    matcher = "200-299"
  }
}

resource "aws_lb_listener" "application" {
  load_balancer_arn = aws_lb.application.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = "no such host"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "application" {
  listener_arn = aws_lb_listener.application.arn
  priority     = 10
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.application.arn
  }
  condition {
    path_pattern {
      values = ["/v1/*"]
    }
  }
}

resource "aws_wafv2_web_acl" "public" {
  name  = "drill"
  scope = "REGIONAL"
  default_action {
    allow {}
  }
  rule {
    name     = "rate"
    priority = 1
    action {
      block {}
    }
    statement {
      rate_based_statement {
        limit              = 2000
        aggregate_key_type = "IP"
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }
  rule {
    name     = "common"
    priority = 2
    override_action {
      none {}
    }
    statement {
      managed_rule_group_statement {
        name        = "AWSManagedRulesCommonRuleSet"
        vendor_name = "AWS"
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "common"
      sampled_requests_enabled   = true
    }
  }
  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "drill"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_association" "application" {
  resource_arn = aws_lb.application.arn
  web_acl_arn  = aws_wafv2_web_acl.public.arn
}
