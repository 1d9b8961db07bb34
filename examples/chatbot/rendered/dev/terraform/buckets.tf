# Buckets of chatbot, environment dev.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_s3_bucket" "bucket_uploads" {
  bucket = "chatbot-dev-uploads-111122223333"
  # data must not go with a `terraform destroy`
  force_destroy = false
}

resource "aws_s3_bucket_public_access_block" "bucket_uploads" {
  bucket                  = aws_s3_bucket.bucket_uploads.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "bucket_uploads" {
  bucket = aws_s3_bucket.bucket_uploads.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "bucket_uploads" {
  bucket = aws_s3_bucket.bucket_uploads.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "bucket_uploads" {
  bucket = aws_s3_bucket.bucket_uploads.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "bucket_uploads" {
  bucket     = aws_s3_bucket.bucket_uploads.id
  depends_on = [aws_s3_bucket_versioning.bucket_uploads]

  rule {
    id     = "leftovers"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }
  }
}

resource "aws_s3_bucket_policy" "bucket_uploads" {
  bucket = aws_s3_bucket.bucket_uploads.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.bucket_uploads.arn, "${aws_s3_bucket.bucket_uploads.arn}/*"]
        Condition = {
          Bool = {
            "aws:SecureTransport" = "false"
          }
        }
      },
    ]
  })
  depends_on = [aws_s3_bucket_public_access_block.bucket_uploads]
}
