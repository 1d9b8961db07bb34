# Other regions of microservices, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

provider "aws" {
  alias               = "us_west_2"
  region              = "us-west-2"
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = var.tags
  }
}
