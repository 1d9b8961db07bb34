# Where Terraform keeps its state of microservices, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

terraform {
  backend "s3" {
    bucket = "example-microservices-terraform-state"
    # each environment of each platform has a state of its own
    key     = "microservices/production.tfstate"
    region  = "us-east-1"
    encrypt = true
    # S3 locks by itself since Terraform 1.10, without a table
    use_lockfile = true
  }
}
