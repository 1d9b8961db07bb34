# Values of the inputs of chatbot, environment dev.
# Rendered by wavetank from platform.yaml: change it there and render again.

region = "ap-south-1"

account_id = "111122223333"

tags = {
  platform    = "chatbot"
  environment = "dev"
  team        = "chatbot"
}

vpc_cidr = "10.0.0.0/16"

cluster_version = "1.36"

public_access_cidrs = ["203.0.113.0/24"]

cluster_log_retention_days = 7

node_groups = {
  general-ap-south-1a = {
    instance_types = ["t3.medium"]
    capacity_type  = "ON_DEMAND"
    min_size       = 1
    desired_size   = 1
    max_size       = 3
    disk_gib       = 20
  }
  general-ap-south-1b = {
    instance_types = ["t3.medium"]
    capacity_type  = "ON_DEMAND"
    min_size       = 1
    desired_size   = 1
    max_size       = 3
    disk_gib       = 20
  }
}
