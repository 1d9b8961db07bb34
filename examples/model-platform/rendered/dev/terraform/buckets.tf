# Buckets of ai-platform, environment dev.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_s3_bucket" "bucket_models" {
  bucket = "ai-platform-dev-models-111122223333"
  # data must not go with a `terraform destroy`
  force_destroy = false
}

resource "aws_s3_bucket_public_access_block" "bucket_models" {
  bucket                  = aws_s3_bucket.bucket_models.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "bucket_models" {
  bucket = aws_s3_bucket.bucket_models.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "bucket_models" {
  bucket = aws_s3_bucket.bucket_models.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "bucket_models" {
  bucket = aws_s3_bucket.bucket_models.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "bucket_models" {
  bucket     = aws_s3_bucket.bucket_models.id
  depends_on = [aws_s3_bucket_versioning.bucket_models]

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

resource "aws_s3_bucket_policy" "bucket_models" {
  bucket = aws_s3_bucket.bucket_models.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.bucket_models.arn, "${aws_s3_bucket.bucket_models.arn}/*"]
        Condition = {
          Bool = {
            "aws:SecureTransport" = "false"
          }
        }
      },
    ]
  })
  depends_on = [aws_s3_bucket_public_access_block.bucket_models]
}

resource "aws_s3_bucket" "function_code" {
  bucket = "ai-platform-dev-functions-111122223333"
  # Lambda takes the archives of functions from S3
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "function_code" {
  bucket                  = aws_s3_bucket.function_code.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "function_code" {
  bucket = aws_s3_bucket.function_code.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "function_code" {
  bucket = aws_s3_bucket.function_code.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "function_code" {
  bucket = aws_s3_bucket.function_code.id

  versioning_configuration {
    # Lambda takes the archives of functions from S3
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "function_code" {
  bucket     = aws_s3_bucket.function_code.id
  depends_on = [aws_s3_bucket_versioning.function_code]

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

resource "aws_s3_bucket_policy" "function_code" {
  bucket = aws_s3_bucket.function_code.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.function_code.arn, "${aws_s3_bucket.function_code.arn}/*"]
        Condition = {
          Bool = {
            "aws:SecureTransport" = "false"
          }
        }
      },
    ]
  })
  depends_on = [aws_s3_bucket_public_access_block.function_code]
}
