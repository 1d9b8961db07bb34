# Machines of chatbot, environment dev.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_iam_role" "node" {
  name = "chatbot-dev-node"
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

resource "aws_launch_template" "general_ap_south_1a" {
  name                   = "${local.cluster_name}-general-ap-south-1a"
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
      volume_size           = var.node_groups["general-ap-south-1a"].disk_gib
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  tag_specifications {
    resource_type = "instance"
    tags = {
      Name = "${local.cluster_name}-general-ap-south-1a"
    }
  }
}

resource "aws_eks_node_group" "general_ap_south_1a" {
  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "general-ap-south-1a"
  node_role_arn   = aws_iam_role.node.arn
  version         = aws_eks_cluster.main.version
  subnet_ids      = [aws_subnet.private["private-ap-south-1a"].id]
  instance_types  = var.node_groups["general-ap-south-1a"].instance_types
  capacity_type   = var.node_groups["general-ap-south-1a"].capacity_type
  ami_type        = "AL2023_x86_64_STANDARD"
  labels = {
    node-group = "general"
    workload   = "general"
  }

  launch_template {
    id      = aws_launch_template.general_ap_south_1a.id
    version = aws_launch_template.general_ap_south_1a.latest_version
  }

  scaling_config {
    min_size     = var.node_groups["general-ap-south-1a"].min_size
    desired_size = var.node_groups["general-ap-south-1a"].desired_size
    max_size     = var.node_groups["general-ap-south-1a"].max_size
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

resource "aws_autoscaling_group_tag" "general_ap_south_1a" {
  # Cluster Autoscaler finds groups by their tags
  for_each = {
    "k8s.io/cluster-autoscaler/enabled"               = "true"
    "k8s.io/cluster-autoscaler/${local.cluster_name}" = "owned"
  }
  autoscaling_group_name = aws_eks_node_group.general_ap_south_1a.resources[0].autoscaling_groups[0].name

  tag {
    key                 = each.key
    value               = each.value
    propagate_at_launch = false
  }
}

resource "aws_launch_template" "general_ap_south_1b" {
  name                   = "${local.cluster_name}-general-ap-south-1b"
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
      volume_size           = var.node_groups["general-ap-south-1b"].disk_gib
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  tag_specifications {
    resource_type = "instance"
    tags = {
      Name = "${local.cluster_name}-general-ap-south-1b"
    }
  }
}

resource "aws_eks_node_group" "general_ap_south_1b" {
  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "general-ap-south-1b"
  node_role_arn   = aws_iam_role.node.arn
  version         = aws_eks_cluster.main.version
  subnet_ids      = [aws_subnet.private["private-ap-south-1b"].id]
  instance_types  = var.node_groups["general-ap-south-1b"].instance_types
  capacity_type   = var.node_groups["general-ap-south-1b"].capacity_type
  ami_type        = "AL2023_x86_64_STANDARD"
  labels = {
    node-group = "general"
    workload   = "general"
  }

  launch_template {
    id      = aws_launch_template.general_ap_south_1b.id
    version = aws_launch_template.general_ap_south_1b.latest_version
  }

  scaling_config {
    min_size     = var.node_groups["general-ap-south-1b"].min_size
    desired_size = var.node_groups["general-ap-south-1b"].desired_size
    max_size     = var.node_groups["general-ap-south-1b"].max_size
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

resource "aws_autoscaling_group_tag" "general_ap_south_1b" {
  # Cluster Autoscaler finds groups by their tags
  for_each = {
    "k8s.io/cluster-autoscaler/enabled"               = "true"
    "k8s.io/cluster-autoscaler/${local.cluster_name}" = "owned"
  }
  autoscaling_group_name = aws_eks_node_group.general_ap_south_1b.resources[0].autoscaling_groups[0].name

  tag {
    key                 = each.key
    value               = each.value
    propagate_at_launch = false
  }
}
