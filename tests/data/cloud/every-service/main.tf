# What platforms use beside EKS, in two regions: the embedded AWS must create it, describe it without differences, and destroy it.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

variable "generation" {
  description = "Changes values in place."
  type        = number
  default     = 1
}

locals {
  name = "drill"
  tags = { Project = "drill", ManagedBy = "terraform" }
  assume = { for service in ["lambda", "apigateway", "backup", "events"] : service => jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "${service}.amazonaws.com" }
    }]
  }) }
}

provider "aws" {
  region = "ap-southeast-2"
  default_tags {
    tags = local.tags
  }
}

provider "aws" {
  alias  = "standby"
  region = "ap-southeast-1"
  default_tags {
    tags = local.tags
  }
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
