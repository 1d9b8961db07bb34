# Tables of ai-platform, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_dynamodb_table" "model_registry" {
  name                        = "ai-platform-production-model-registry"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "modelId"
  range_key                   = "version"
  deletion_protection_enabled = false

  attribute {
    name = "modelId"
    type = "S"
  }

  attribute {
    name = "version"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }
}
