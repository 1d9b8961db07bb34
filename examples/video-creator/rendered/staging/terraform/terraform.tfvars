# Values of the inputs of video-creator, environment staging.
# Rendered by wavetank from platform.yaml: change it there and render again.

region = "us-east-1"

account_id = "111122223333"

tags = {
  platform    = "video-creator"
  environment = "staging"
  team        = "video"
}

vpc_cidr = "10.0.0.0/16"

cluster_version = "1.36"

public_access_cidrs = ["203.0.113.0/24"]

cluster_log_retention_days = 30

node_groups = {
  general = {
    instance_types = ["m5.xlarge"]
    capacity_type  = "ON_DEMAND"
    min_size       = 2
    desired_size   = 2
    max_size       = 4
    disk_gib       = 40
  }
  data = {
    instance_types = ["r5.large"]
    capacity_type  = "ON_DEMAND"
    min_size       = 1
    desired_size   = 1
    max_size       = 2
    disk_gib       = 20
  }
  compute = {
    instance_types = ["c5.2xlarge", "c5a.2xlarge", "c5n.2xlarge"]
    capacity_type  = "SPOT"
    min_size       = 0
    desired_size   = 1
    max_size       = 2
    disk_gib       = 60
  }
}
