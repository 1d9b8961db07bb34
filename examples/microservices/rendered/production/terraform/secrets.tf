# Secrets of microservices, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_secretsmanager_secret" "microservices_postgres" {
  # Put a value in: aws secretsmanager put-secret-value --secret-id microservices/postgres --secret-string ...
  name        = "microservices/postgres"
  description = "Credentials of the database"
  # a deleted secret can be brought back for a month
  recovery_window_in_days = 30

  replica {
    region = "us-west-2"
  }
}
