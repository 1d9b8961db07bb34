# Secrets of video-creator, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_secretsmanager_secret" "video_creator_database" {
  # Put a value in: aws secretsmanager put-secret-value --secret-id video-creator/database --secret-string ...
  name        = "video-creator/database"
  description = "Credentials of the database"
  # a deleted secret can be brought back for a month
  recovery_window_in_days = 30
}

resource "aws_secretsmanager_secret" "video_creator_api_keys" {
  # Put a value in: aws secretsmanager put-secret-value --secret-id video-creator/api-keys --secret-string ...
  name        = "video-creator/api-keys"
  description = "Keys of the APIs that the workers call"
  # a deleted secret can be brought back for a month
  recovery_window_in_days = 30
}
