# Secrets of microservices, environment staging.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_secretsmanager_secret" "microservices_postgres" {
  # Put a value in: aws secretsmanager put-secret-value --secret-id microservices/postgres --secret-string ...
  name                    = "microservices/postgres"
  description             = "Credentials of the database"
  recovery_window_in_days = 0
}
