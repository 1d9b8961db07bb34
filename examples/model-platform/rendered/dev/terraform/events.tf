# Events of ai-platform, environment dev.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_cloudwatch_event_rule" "event_model_registered" {
  name = "ai-platform-dev-model-registered"
  event_pattern = jsonencode({
    source      = ["ai.model-registry"]
    detail-type = ["ModelRegistered"]
  })
}

resource "aws_cloudwatch_event_target" "event_model_registered" {
  rule      = aws_cloudwatch_event_rule.event_model_registered.name
  target_id = "model-events"
  arn       = aws_sqs_queue.queue_model_events.arn
}
