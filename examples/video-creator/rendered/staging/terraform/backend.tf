# Where Terraform keeps its state of video-creator, environment staging.
# Rendered by wavetank from platform.yaml: change it there and render again.

terraform {
  backend "s3" {
    bucket = "example-video-creator-terraform-state"
    # each environment of each platform has a state of its own
    key     = "video-creator/staging.tfstate"
    region  = "us-east-1"
    encrypt = true
    # S3 locks by itself since Terraform 1.10, without a table
    use_lockfile = true
  }
}
