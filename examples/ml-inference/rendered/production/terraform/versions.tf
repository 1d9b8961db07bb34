# Terraform, provider and shared names of ml-inference, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

terraform {
  required_version = ">= 1.5.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

# State lies beside these files until the spec names a stateBackend. For a team, keep it in a bucket with versioning:
#
#   terraform {
#     backend "s3" {
#       bucket       = "<your state bucket>"
#       key          = "ml-inference/production.tfstate"
#       region       = "ap-southeast-2"
#       encrypt      = true
#       use_lockfile = true # Terraform 1.10 and later
#     }
#   }

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
  cluster_name = "ml-inference-production"
}
