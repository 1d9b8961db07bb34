# Queues of video-creator, environment staging.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_sqs_queue" "queue_render_jobs_dead" {
  name                      = "video-creator-staging-render-jobs-dead"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue" "queue_render_jobs" {
  name                       = "video-creator-staging-render-jobs"
  visibility_timeout_seconds = 900
  message_retention_seconds  = 345600
  receive_wait_time_seconds  = 20
  sqs_managed_sse_enabled    = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.queue_render_jobs_dead.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue_redrive_allow_policy" "queue_render_jobs_dead" {
  queue_url = aws_sqs_queue.queue_render_jobs_dead.id
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.queue_render_jobs.arn]
  })
}

resource "aws_sqs_queue_policy" "queue_render_jobs" {
  queue_url = aws_sqs_queue.queue_render_jobs.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.queue_render_jobs.arn
        Condition = {
          Bool = {
            "aws:SecureTransport" = "false"
          }
        }
      },
    ]
  })
}
