# Functions of ai-platform, environment dev.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_security_group" "functions" {
  name        = "${local.cluster_name}-functions"
  description = "Functions in the VPC"
  vpc_id      = aws_vpc.main.id
  tags = {
    Name = "${local.cluster_name}-functions"
  }
}

resource "aws_vpc_security_group_egress_rule" "functions_https" {
  security_group_id = aws_security_group.functions.id
  description       = "APIs of AWS and of others"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "functions_entrance_80" {
  security_group_id            = aws_security_group.functions.id
  description                  = "To model-fraud-detection-v1-2-0"
  referenced_security_group_id = aws_security_group.entrance.id
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
}

resource "aws_vpc_security_group_egress_rule" "functions_entrance_8001" {
  security_group_id            = aws_security_group.functions.id
  description                  = "To model-recommendation-engine"
  referenced_security_group_id = aws_security_group.entrance.id
  ip_protocol                  = "tcp"
  from_port                    = 8001
  to_port                      = 8001
}

resource "aws_vpc_security_group_egress_rule" "functions_caches_6379" {
  security_group_id            = aws_security_group.functions.id
  description                  = "To the caches"
  referenced_security_group_id = aws_security_group.caches.id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_cloudwatch_log_group" "function_gateway" {
  name = "/aws/lambda/ai-platform-dev-gateway"
  # a log group that Lambda makes itself keeps them for ever
  retention_in_days = 30
}

resource "aws_iam_role" "function_gateway" {
  name = "ai-platform-dev-fn-gateway"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "lambda.amazonaws.com"
        }
        Action = "sts:AssumeRole"
      },
    ]
  })
}

resource "aws_iam_role_policy" "function_gateway" {
  name = "permissions"
  role = aws_iam_role.function_gateway.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.function_gateway.arn}:*"
      },
      {
        Sid    = "ReadTables"
        Effect = "Allow"
        Action = [
          "dynamodb:BatchGetItem",
          "dynamodb:ConditionCheckItem",
          "dynamodb:DescribeTable",
          "dynamodb:GetItem",
          "dynamodb:Query",
          "dynamodb:Scan",
        ]
        Resource = [
          aws_dynamodb_table.model_registry.arn,
          "${aws_dynamodb_table.model_registry.arn}/index/*",
        ]
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "function_gateway_vpc" {
  role       = aws_iam_role.function_gateway.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
}

resource "aws_s3_object" "function_gateway" {
  bucket         = aws_s3_bucket.function_code.id
  key            = "gateway-bHrayWoa8OiLTBgW.zip"
  content_base64 = file("${path.module}/functions/gateway.zip.base64")
  depends_on     = [aws_s3_bucket_versioning.function_code, aws_s3_bucket_policy.function_code]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lambda_function" "gateway" {
  function_name    = "ai-platform-dev-gateway"
  role             = aws_iam_role.function_gateway.arn
  runtime          = "python3.13"
  handler          = "main.handler"
  s3_bucket        = aws_s3_object.function_gateway.bucket
  s3_key           = aws_s3_object.function_gateway.key
  source_code_hash = "bHrayWoa8OiLTBgWZSCg2UsW7q5jMRfoCKCoVqUaiys="
  # a fifth cheaper for the same memory and time
  architectures = ["arm64"]
  memory_size   = 512
  timeout       = 25

  environment {
    variables = {
      MODEL_FRAUD_DETECTION_V1_2_0_URL             = "http://${aws_lb.entrance.dns_name}:80"
      MODEL_FRAUD_DETECTION_V1_2_0_TIMEOUT_SECONDS = "20"
      MODEL_RECOMMENDATION_ENGINE_URL              = "http://${aws_lb.entrance.dns_name}:8001"
      MODEL_RECOMMENDATION_ENGINE_TIMEOUT_SECONDS  = "20"
      SESSIONS_HOST                                = aws_elasticache_replication_group.sessions.primary_endpoint_address
      SESSIONS_PORT                                = "6379"
    }
  }

  vpc_config {
    subnet_ids         = [for subnet in aws_subnet.private : subnet.id]
    security_group_ids = [aws_security_group.functions.id]
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.function_gateway.name
  }
  depends_on = [aws_iam_role_policy.function_gateway, aws_iam_role_policy_attachment.function_gateway_vpc]
}
