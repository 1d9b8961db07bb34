# Machines of microservices, environment staging.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_iam_role" "node" {
  name = "microservices-staging-node"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "ec2.amazonaws.com"
        }
        Action = "sts:AssumeRole"
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "node_worker" {
  role       = aws_iam_role.node.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
}

resource "aws_iam_role_policy_attachment" "node_registry" {
  role       = aws_iam_role.node.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
}

resource "aws_launch_template" "system" {
  name                   = "${local.cluster_name}-system"
  update_default_version = true

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # pods must not take the node's credentials
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.node_groups["system"].disk_gib
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  tag_specifications {
    resource_type = "instance"
    tags = {
      Name = "${local.cluster_name}-system"
    }
  }
}

resource "aws_eks_node_group" "system" {
  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "system"
  node_role_arn   = aws_iam_role.node.arn
  version         = aws_eks_cluster.main.version
  subnet_ids = [
    aws_subnet.private["private-us-east-1a"].id,
    aws_subnet.private["private-us-east-1b"].id,
    aws_subnet.private["private-us-east-1c"].id,
  ]
  instance_types = var.node_groups["system"].instance_types
  capacity_type  = var.node_groups["system"].capacity_type
  ami_type       = "AL2023_x86_64_STANDARD"
  labels = {
    workload = "system"
  }

  launch_template {
    id      = aws_launch_template.system.id
    version = aws_launch_template.system.latest_version
  }

  scaling_config {
    min_size     = var.node_groups["system"].min_size
    desired_size = var.node_groups["system"].desired_size
    max_size     = var.node_groups["system"].max_size
  }

  update_config {
    max_unavailable = 1
  }

  # Add-ons that a node needs to become Ready come first; permissions outlive the nodes on destroy.
  depends_on = [
    aws_iam_role_policy_attachment.node_worker,
    aws_iam_role_policy_attachment.node_registry,
    aws_route.private_nat,
    aws_eks_addon.vpc_cni,
    aws_eks_addon.kube_proxy,
  ]

  lifecycle {
    # An autoscaler moves this number; Terraform must not move it back.
    ignore_changes = [scaling_config[0].desired_size]
  }
}

resource "aws_autoscaling_group_tag" "system" {
  # Cluster Autoscaler finds groups by their tags
  for_each = {
    "k8s.io/cluster-autoscaler/enabled"               = "true"
    "k8s.io/cluster-autoscaler/${local.cluster_name}" = "owned"
  }
  autoscaling_group_name = aws_eks_node_group.system.resources[0].autoscaling_groups[0].name

  tag {
    key                 = each.key
    value               = each.value
    propagate_at_launch = false
  }
}

resource "aws_launch_template" "application" {
  name                   = "${local.cluster_name}-application"
  update_default_version = true
  user_data = base64encode(<<-EOT
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary="WAVETANK"

      --WAVETANK
      Content-Type: application/node.eks.aws

      apiVersion: node.eks.aws/v1alpha1
      kind: NodeConfig
      spec:
        kubelet:
          config:
            maxPods: 110

      --WAVETANK--
    EOT
  )

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # pods must not take the node's credentials
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.node_groups["application"].disk_gib
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  tag_specifications {
    resource_type = "instance"
    tags = {
      Name = "${local.cluster_name}-application"
    }
  }
}

resource "aws_eks_node_group" "application" {
  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "application"
  node_role_arn   = aws_iam_role.node.arn
  version         = aws_eks_cluster.main.version
  subnet_ids = [
    aws_subnet.private["private-us-east-1a"].id,
    aws_subnet.private["private-us-east-1b"].id,
    aws_subnet.private["private-us-east-1c"].id,
  ]
  instance_types = var.node_groups["application"].instance_types
  capacity_type  = var.node_groups["application"].capacity_type
  ami_type       = "AL2023_x86_64_STANDARD"
  labels = {
    workload = "application"
  }

  launch_template {
    id      = aws_launch_template.application.id
    version = aws_launch_template.application.latest_version
  }

  scaling_config {
    min_size     = var.node_groups["application"].min_size
    desired_size = var.node_groups["application"].desired_size
    max_size     = var.node_groups["application"].max_size
  }

  update_config {
    max_unavailable = 1
  }

  taint {
    key    = "workload"
    value  = "application"
    effect = "NO_SCHEDULE"
  }

  # Add-ons that a node needs to become Ready come first; permissions outlive the nodes on destroy.
  depends_on = [
    aws_iam_role_policy_attachment.node_worker,
    aws_iam_role_policy_attachment.node_registry,
    aws_route.private_nat,
    aws_eks_addon.vpc_cni,
    aws_eks_addon.kube_proxy,
  ]

  lifecycle {
    # An autoscaler moves this number; Terraform must not move it back.
    ignore_changes = [scaling_config[0].desired_size]
  }
}

resource "aws_autoscaling_group_tag" "application" {
  # Cluster Autoscaler finds groups by their tags
  for_each = {
    "k8s.io/cluster-autoscaler/enabled"               = "true"
    "k8s.io/cluster-autoscaler/${local.cluster_name}" = "owned"
  }
  autoscaling_group_name = aws_eks_node_group.application.resources[0].autoscaling_groups[0].name

  tag {
    key                 = each.key
    value               = each.value
    propagate_at_launch = false
  }
}

resource "aws_launch_template" "compute" {
  name                   = "${local.cluster_name}-compute"
  update_default_version = true
  user_data = base64encode(<<-EOT
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary="WAVETANK"

      --WAVETANK
      Content-Type: application/node.eks.aws

      apiVersion: node.eks.aws/v1alpha1
      kind: NodeConfig
      spec:
        kubelet:
          config:
            maxPods: 58
            cpuManagerPolicy: static
            memoryManagerPolicy: Static
            reservedMemory:
            - numaNode: 0
              limits:
                memory: 993Mi
            topologyManagerPolicy: best-effort
            kubeReserved:
              cpu: 90m
              memory: 893Mi
            evictionHard:
              memory.available: 100Mi

      --WAVETANK--
    EOT
  )

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # pods must not take the node's credentials
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.node_groups["compute"].disk_gib
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  tag_specifications {
    resource_type = "instance"
    tags = {
      Name = "${local.cluster_name}-compute"
    }
  }
}

resource "aws_eks_node_group" "compute" {
  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "compute"
  node_role_arn   = aws_iam_role.node.arn
  version         = aws_eks_cluster.main.version
  subnet_ids = [
    aws_subnet.private["private-us-east-1a"].id,
    aws_subnet.private["private-us-east-1b"].id,
    aws_subnet.private["private-us-east-1c"].id,
  ]
  instance_types = var.node_groups["compute"].instance_types
  capacity_type  = var.node_groups["compute"].capacity_type
  ami_type       = "AL2023_x86_64_STANDARD"
  labels = {
    workload = "compute"
  }

  launch_template {
    id      = aws_launch_template.compute.id
    version = aws_launch_template.compute.latest_version
  }

  scaling_config {
    min_size     = var.node_groups["compute"].min_size
    desired_size = var.node_groups["compute"].desired_size
    max_size     = var.node_groups["compute"].max_size
  }

  update_config {
    max_unavailable = 1
  }

  taint {
    key    = "workload"
    value  = "compute"
    effect = "NO_SCHEDULE"
  }

  # Add-ons that a node needs to become Ready come first; permissions outlive the nodes on destroy.
  depends_on = [
    aws_iam_role_policy_attachment.node_worker,
    aws_iam_role_policy_attachment.node_registry,
    aws_route.private_nat,
    aws_eks_addon.vpc_cni,
    aws_eks_addon.kube_proxy,
  ]

  lifecycle {
    # An autoscaler moves this number; Terraform must not move it back.
    ignore_changes = [scaling_config[0].desired_size]
  }
}

resource "aws_autoscaling_group_tag" "compute" {
  # Cluster Autoscaler finds groups by their tags
  for_each = {
    "k8s.io/cluster-autoscaler/enabled"               = "true"
    "k8s.io/cluster-autoscaler/${local.cluster_name}" = "owned"
  }
  autoscaling_group_name = aws_eks_node_group.compute.resources[0].autoscaling_groups[0].name

  tag {
    key                 = each.key
    value               = each.value
    propagate_at_launch = false
  }
}

resource "aws_launch_template" "memory_us_east_1a" {
  name                   = "${local.cluster_name}-memory-us-east-1a"
  update_default_version = true

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # pods must not take the node's credentials
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.node_groups["memory-us-east-1a"].disk_gib
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  tag_specifications {
    resource_type = "instance"
    tags = {
      Name = "${local.cluster_name}-memory-us-east-1a"
    }
  }
}

resource "aws_eks_node_group" "memory_us_east_1a" {
  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "memory-us-east-1a"
  node_role_arn   = aws_iam_role.node.arn
  version         = aws_eks_cluster.main.version
  subnet_ids      = [aws_subnet.private["private-us-east-1a"].id]
  instance_types  = var.node_groups["memory-us-east-1a"].instance_types
  capacity_type   = var.node_groups["memory-us-east-1a"].capacity_type
  ami_type        = "AL2023_x86_64_STANDARD"
  labels = {
    node-group = "memory"
    workload   = "memory"
  }

  launch_template {
    id      = aws_launch_template.memory_us_east_1a.id
    version = aws_launch_template.memory_us_east_1a.latest_version
  }

  scaling_config {
    min_size     = var.node_groups["memory-us-east-1a"].min_size
    desired_size = var.node_groups["memory-us-east-1a"].desired_size
    max_size     = var.node_groups["memory-us-east-1a"].max_size
  }

  update_config {
    max_unavailable = 1
  }

  taint {
    key    = "workload"
    value  = "memory"
    effect = "NO_SCHEDULE"
  }

  # Add-ons that a node needs to become Ready come first; permissions outlive the nodes on destroy.
  depends_on = [
    aws_iam_role_policy_attachment.node_worker,
    aws_iam_role_policy_attachment.node_registry,
    aws_route.private_nat,
    aws_eks_addon.vpc_cni,
    aws_eks_addon.kube_proxy,
  ]

  lifecycle {
    # An autoscaler moves this number; Terraform must not move it back.
    ignore_changes = [scaling_config[0].desired_size]
  }
}

resource "aws_autoscaling_group_tag" "memory_us_east_1a" {
  # Cluster Autoscaler finds groups by their tags
  for_each = {
    "k8s.io/cluster-autoscaler/enabled"               = "true"
    "k8s.io/cluster-autoscaler/${local.cluster_name}" = "owned"
  }
  autoscaling_group_name = aws_eks_node_group.memory_us_east_1a.resources[0].autoscaling_groups[0].name

  tag {
    key                 = each.key
    value               = each.value
    propagate_at_launch = false
  }
}

resource "aws_launch_template" "batch" {
  name                   = "${local.cluster_name}-batch"
  update_default_version = true

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # pods must not take the node's credentials
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.node_groups["batch"].disk_gib
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  tag_specifications {
    resource_type = "instance"
    tags = {
      Name = "${local.cluster_name}-batch"
    }
  }
}

resource "aws_eks_node_group" "batch" {
  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "batch"
  node_role_arn   = aws_iam_role.node.arn
  version         = aws_eks_cluster.main.version
  subnet_ids = [
    aws_subnet.private["private-us-east-1a"].id,
    aws_subnet.private["private-us-east-1b"].id,
    aws_subnet.private["private-us-east-1c"].id,
  ]
  instance_types = var.node_groups["batch"].instance_types
  capacity_type  = var.node_groups["batch"].capacity_type
  ami_type       = "AL2023_x86_64_STANDARD"
  labels = {
    workload = "batch"
  }

  launch_template {
    id      = aws_launch_template.batch.id
    version = aws_launch_template.batch.latest_version
  }

  scaling_config {
    min_size     = var.node_groups["batch"].min_size
    desired_size = var.node_groups["batch"].desired_size
    max_size     = var.node_groups["batch"].max_size
  }

  update_config {
    max_unavailable = 1
  }

  taint {
    key    = "workload"
    value  = "batch"
    effect = "NO_SCHEDULE"
  }

  # Add-ons that a node needs to become Ready come first; permissions outlive the nodes on destroy.
  depends_on = [
    aws_iam_role_policy_attachment.node_worker,
    aws_iam_role_policy_attachment.node_registry,
    aws_route.private_nat,
    aws_eks_addon.vpc_cni,
    aws_eks_addon.kube_proxy,
  ]

  lifecycle {
    # An autoscaler moves this number; Terraform must not move it back.
    ignore_changes = [scaling_config[0].desired_size]
  }
}

resource "aws_autoscaling_group_tag" "batch" {
  # Cluster Autoscaler finds groups by their tags
  for_each = {
    "k8s.io/cluster-autoscaler/enabled"                                         = "true"
    "k8s.io/cluster-autoscaler/${local.cluster_name}"                           = "owned"
    "k8s.io/cluster-autoscaler/node-template/label/eks.amazonaws.com/nodegroup" = "batch"
    "k8s.io/cluster-autoscaler/node-template/label/workload"                    = "batch"
    "k8s.io/cluster-autoscaler/node-template/taint/workload"                    = "batch:NoSchedule"
    "k8s.io/cluster-autoscaler/node-template/resources/ephemeral-storage"       = "60Gi"
  }
  autoscaling_group_name = aws_eks_node_group.batch.resources[0].autoscaling_groups[0].name

  tag {
    key                 = each.key
    value               = each.value
    propagate_at_launch = false
  }
}
