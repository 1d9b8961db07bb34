# Secrets of video-creator, environment staging.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_secretsmanager_secret" "video_creator_database" {
  # Put a value in: aws secretsmanager put-secret-value --secret-id video-creator/database --secret-string ...
  name                    = "video-creator/database"
  description             = "Credentials of the database"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret" "video_creator_api_keys" {
  # Put a value in: aws secretsmanager put-secret-value --secret-id video-creator/api-keys --secret-string ...
  name                    = "video-creator/api-keys"
  description             = "Keys of the APIs that the workers call"
  recovery_window_in_days = 0
}
