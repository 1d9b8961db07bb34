# Secrets of ml-inference, environment dev.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_secretsmanager_secret" "ml_inference_api" {
  # Put a value in: aws secretsmanager put-secret-value --secret-id ml-inference/api --secret-string ...
  name                    = "ml-inference/api"
  description             = "Credentials of the inference API"
  recovery_window_in_days = 0
}
