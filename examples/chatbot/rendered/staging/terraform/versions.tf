# Terraform, provider and shared names of chatbot, environment staging.
# Rendered by wavetank from platform.yaml: change it there and render again.

terraform {
  required_version = ">= 1.10.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.region
  # Refuses to work on any other account.
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = var.tags
  }
}

locals {
  region = var.region
  # platform and environment
  cluster_name = "chatbot-staging"
}
