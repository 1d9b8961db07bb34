# Container image repositories of ml-inference, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_ecr_repository" "ml_inference_api" {
  name                 = "ml-inference-api"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }
}

resource "aws_ecr_lifecycle_policy" "ml_inference_api" {
  repository = aws_ecr_repository.ml_inference_api.name
  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Images without a tag expire"
        selection = {
          tagStatus   = "untagged"
          countType   = "sinceImagePushed"
          countUnit   = "days"
          countNumber = 14
        }
        action = {
          type = "expire"
        }
      },
      {
        rulePriority = 2
        description  = "Of the others the newest are kept"
        selection = {
          tagStatus   = "any"
          countType   = "imageCountMoreThan"
          countNumber = 30
        }
        action = {
          type = "expire"
        }
      },
    ]
  })
}
