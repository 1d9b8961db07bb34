# Machines of ml-inference, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_iam_role" "node" {
  name = "ml-inference-production-node"
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

resource "aws_launch_template" "general" {
  name                   = "${local.cluster_name}-general"
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
      volume_size           = var.node_groups["general"].disk_gib
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  tag_specifications {
    resource_type = "instance"
    tags = {
      Name = "${local.cluster_name}-general"
    }
  }
}

resource "aws_eks_node_group" "general" {
  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "general"
  node_role_arn   = aws_iam_role.node.arn
  version         = aws_eks_cluster.main.version
  subnet_ids      = [aws_subnet.private["private-ap-southeast-2a"].id, aws_subnet.private["private-ap-southeast-2b"].id]
  instance_types  = var.node_groups["general"].instance_types
  capacity_type   = var.node_groups["general"].capacity_type
  ami_type        = "AL2023_x86_64_STANDARD"

  launch_template {
    id      = aws_launch_template.general.id
    version = aws_launch_template.general.latest_version
  }

  scaling_config {
    min_size     = var.node_groups["general"].min_size
    desired_size = var.node_groups["general"].desired_size
    max_size     = var.node_groups["general"].max_size
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

resource "aws_autoscaling_group_tag" "general" {
  # Cluster Autoscaler finds groups by their tags
  for_each = {
    "k8s.io/cluster-autoscaler/enabled"               = "true"
    "k8s.io/cluster-autoscaler/${local.cluster_name}" = "owned"
  }
  autoscaling_group_name = aws_eks_node_group.general.resources[0].autoscaling_groups[0].name

  tag {
    key                 = each.key
    value               = each.value
    propagate_at_launch = false
  }
}
