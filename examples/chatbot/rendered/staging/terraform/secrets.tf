# Secrets of chatbot, environment staging.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_secretsmanager_secret" "chatbot_backend" {
  # Put a value in: aws secretsmanager put-secret-value --secret-id chatbot/backend --secret-string ...
  name        = "chatbot/backend"
  description = "Credentials of MongoDB and of the Redis outside"
  # a deleted secret can be brought back for a month
  recovery_window_in_days = 30
}
