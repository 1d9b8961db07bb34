# Values of the inputs of ml-inference, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

region = "ap-southeast-2"

account_id = "111122223333"

tags = {
  platform    = "ml-inference"
  environment = "production"
  team        = "ml-platform"
  stage       = "production"
}

vpc_cidr = "10.0.0.0/16"

cluster_version = "1.36"

public_access_cidrs = ["203.0.113.0/24"]

cluster_log_retention_days = 90

node_groups = {
  general = {
    instance_types = ["t3.medium"]
    capacity_type  = "ON_DEMAND"
    min_size       = 2
    desired_size   = 3
    max_size       = 4
    disk_gib       = 30
  }
}
