# Rules of the image registry of video-creator, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_kms_key" "signing" {
  description              = "Signs container images (Cosign)"
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_NIST_P256"
  deletion_window_in_days  = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "AccountDecidesByItsPolicies"
        Effect = "Allow"
        Principal = {
          AWS = "arn:aws:iam::${var.account_id}:root"
        }
        Action   = "kms:*"
        Resource = "*"
      },
    ]
  })
}

resource "aws_kms_alias" "signing" {
  name          = "alias/video-creator-images"
  target_key_id = aws_kms_key.signing.key_id
}

data "aws_kms_public_key" "signing" {
  key_id = aws_kms_key.signing.arn
}

output "cosign_public_key" {
  description = "Goes into imagePolicy.signedBy.publicKey, so that admission can verify signatures"
  value       = data.aws_kms_public_key.signing.public_key_pem
}
