# Inputs of chatbot, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

variable "region" {
  description = "AWS region"
  type        = string
}

variable "account_id" {
  description = "The only AWS account that may be worked on"
  type        = string
}

variable "tags" {
  description = "Tags of all resources"
  type        = map(string)
}

variable "vpc_cidr" {
  description = "Address range of the VPC; the subnets lie in it"
  type        = string
}

variable "cluster_version" {
  description = "Kubernetes minor of the cluster and its nodes"
  type        = string
}

variable "public_access_cidrs" {
  description = "Who may reach the cluster's API from the internet"
  type        = list(string)
}

variable "cluster_log_retention_days" {
  description = "Days for which logs of the control plane are kept"
  type        = number
}

variable "node_groups" {
  description = "Machines and sizes of the node groups, by name"
  type = map(object({
    instance_types = list(string)
    capacity_type  = string
    min_size       = number
    desired_size   = number
    max_size       = number
    disk_gib       = number
  }))
}
