# Rules of the image registry of microservices, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_ecr_replication_configuration" "main" {
  replication_configuration {
    rule {
      destination {
        region      = "us-west-2"
        registry_id = var.account_id
      }

      repository_filter {
        filter      = "frontend"
        filter_type = "PREFIX_MATCH"
      }

      repository_filter {
        filter      = "api-gateway"
        filter_type = "PREFIX_MATCH"
      }

      repository_filter {
        filter      = "identity-service"
        filter_type = "PREFIX_MATCH"
      }

      repository_filter {
        filter      = "catalog-service"
        filter_type = "PREFIX_MATCH"
      }

      repository_filter {
        filter      = "recommendation-inference"
        filter_type = "PREFIX_MATCH"
      }

      repository_filter {
        filter      = "analytics"
        filter_type = "PREFIX_MATCH"
      }
    }
  }
}
