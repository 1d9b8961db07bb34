# Where Terraform keeps its state of chatbot, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

terraform {
  backend "s3" {
    bucket = "example-chatbot-terraform-state"
    # each environment of each platform has a state of its own
    key     = "chatbot/production.tfstate"
    region  = "ap-south-1"
    encrypt = true
    # S3 locks by itself since Terraform 1.10, without a table
    use_lockfile = true
  }
}
