# --- queues, topics, events ------------------------------------------------------------------------------------------

resource "aws_sqs_queue" "dead" {
  name                      = "drill-jobs-dead"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue" "jobs" {
  name                       = "drill-jobs"
  visibility_timeout_seconds = 60 * var.generation
  receive_wait_time_seconds  = 20
  sqs_managed_sse_enabled    = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "ordered" {
  name                        = "drill-ordered.fifo"
  fifo_queue                  = true
  content_based_deduplication = true
  kms_master_key_id           = aws_kms_key.data.arn
}

resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  queue_url = aws_sqs_queue.dead.id
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.jobs.arn]
  })
}

resource "aws_sqs_queue_policy" "jobs" {
  queue_url = aws_sqs_queue.jobs.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Events"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.jobs.arn
        Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.uploaded.arn } }
      },
      {
        Sid       = "OnlyTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.jobs.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic" "alerts" {
  name              = "drill-alerts"
  kms_master_key_id = "alias/aws/sns"
}

resource "aws_sns_topic_subscription" "email" {
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = "oncall@example.com"
}

resource "aws_sns_topic_subscription" "queue" {
  topic_arn            = aws_sns_topic.alerts.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.jobs.arn
  raw_message_delivery = true
}

resource "aws_sns_topic_policy" "alerts" {
  arn = aws_sns_topic.alerts.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "CloudWatch"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alerts.arn
    }]
  })
}

resource "aws_cloudwatch_event_rule" "uploaded" {
  name        = "drill-uploaded"
  description = "Objects that arrive"
  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail      = { bucket = { name = [aws_s3_bucket.data.id] } }
  })
}

resource "aws_cloudwatch_event_target" "uploaded" {
  rule      = aws_cloudwatch_event_rule.uploaded.name
  target_id = "jobs"
  arn       = aws_sqs_queue.jobs.arn
  dead_letter_config {
    arn = aws_sqs_queue.dead.arn
  }
  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 10
  }
}

resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "drill-nightly"
  schedule_expression = "cron(0 2 * * ? *)"
}

resource "aws_cloudwatch_event_target" "nightly" {
  rule      = aws_cloudwatch_event_rule.nightly.name
  target_id = "gateway"
  arn       = aws_lambda_function.gateway.arn
  input     = jsonencode({ task = "sweep" })
}

resource "aws_cloudwatch_event_bus" "own" {
  name = "drill"
}

resource "aws_cloudwatch_event_rule" "registered" {
  name           = "drill-registered"
  event_bus_name = aws_cloudwatch_event_bus.own.name
  event_pattern  = jsonencode({ source = ["drill.registry"] })
}

resource "aws_cloudwatch_event_target" "registered" {
  rule           = aws_cloudwatch_event_rule.registered.name
  event_bus_name = aws_cloudwatch_event_bus.own.name
  target_id      = "jobs"
  arn            = aws_sqs_queue.jobs.arn
}
