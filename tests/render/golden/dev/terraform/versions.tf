# Terraform, provider and shared names of ml-inference, environment dev.
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

# State lies beside these files until a backend is named. For a team, keep it in a bucket with versioning:
#
#   terraform {
#     backend "s3" {
#       bucket       = "<your state bucket>"
#       key          = "ml-inference/dev.tfstate"
#       region       = "ap-southeast-2"
#       encrypt      = true
#       use_lockfile = true # Terraform 1.10 and later
#     }
#   }

provider "aws" {
  region = "ap-southeast-2"
  # Refuses to work on any other account.
  allowed_account_ids = ["111122223333"]

  default_tags {
    tags = {
      platform    = "ml-inference"
      environment = "dev"
      team        = "ml-platform"
      stage       = "dev"
    }
  }
}

locals {
  region = "ap-southeast-2"
  # platform and environment
  cluster_name = "ml-inference-dev"
}
