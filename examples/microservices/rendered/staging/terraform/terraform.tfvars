# Values of the inputs of microservices, environment staging.
# Rendered by wavetank from platform.yaml: change it there and render again.

region = "us-east-1"

account_id = "111122223333"

tags = {
  platform    = "microservices"
  environment = "staging"
  team        = "platform"
}

vpc_cidr = "10.0.0.0/16"

cluster_version = "1.36"

public_access_cidrs = ["203.0.113.0/24"]

cluster_log_retention_days = 90

node_groups = {
  system = {
    instance_types = ["m5.large"]
    capacity_type  = "ON_DEMAND"
    min_size       = 2
    desired_size   = 2
    max_size       = 3
    disk_gib       = 40
  }
  application = {
    instance_types = ["m5.xlarge"]
    capacity_type  = "ON_DEMAND"
    min_size       = 2
    desired_size   = 2
    max_size       = 6
    disk_gib       = 60
  }
  compute = {
    instance_types = ["c5.2xlarge"]
    capacity_type  = "ON_DEMAND"
    min_size       = 1
    desired_size   = 1
    max_size       = 2
    disk_gib       = 60
  }
  memory-us-east-1a = {
    instance_types = ["r5.xlarge"]
    capacity_type  = "ON_DEMAND"
    min_size       = 1
    desired_size   = 1
    max_size       = 2
    disk_gib       = 40
  }
  batch = {
    instance_types = ["c5.2xlarge", "c5a.2xlarge", "c5n.2xlarge", "m5.2xlarge"]
    capacity_type  = "SPOT"
    min_size       = 0
    desired_size   = 0
    max_size       = 2
    disk_gib       = 60
  }
}
