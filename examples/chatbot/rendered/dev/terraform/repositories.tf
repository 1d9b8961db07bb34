# Container image repositories of chatbot, environment dev.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_ecr_repository" "chatbot_backend" {
  name                 = "chatbot-backend"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }
}

resource "aws_ecr_lifecycle_policy" "chatbot_backend" {
  repository = aws_ecr_repository.chatbot_backend.name
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

resource "aws_ecr_repository" "chatbot_frontend" {
  name                 = "chatbot-frontend"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }
}

resource "aws_ecr_lifecycle_policy" "chatbot_frontend" {
  repository = aws_ecr_repository.chatbot_frontend.name
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

resource "aws_ecr_repository" "chatbot_worker" {
  name                 = "chatbot-worker"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }
}

resource "aws_ecr_lifecycle_policy" "chatbot_worker" {
  repository = aws_ecr_repository.chatbot_worker.name
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
