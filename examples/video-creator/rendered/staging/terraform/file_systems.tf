# Shared file systems of video-creator, environment staging.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_security_group" "file_systems" {
  name        = "${local.cluster_name}-file-systems"
  description = "EFS file systems"
  vpc_id      = aws_vpc.main.id
  tags = {
    Name = "${local.cluster_name}-file-systems"
  }
}

resource "aws_vpc_security_group_ingress_rule" "file_systems_cluster_2049" {
  security_group_id            = aws_security_group.file_systems.id
  description                  = "Nodes and pods of the cluster"
  referenced_security_group_id = aws_eks_cluster.main.vpc_config[0].cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}

resource "aws_efs_file_system" "media" {
  creation_token   = "${local.cluster_name}-media"
  performance_mode = "generalPurpose"
  throughput_mode  = "elastic"
  encrypted        = true
  tags = {
    Name = "${local.cluster_name}-media"
  }

  lifecycle_policy {
    # what nobody has read for a month costs a tenth in Infrequent Access, and comes back with its first read
    transition_to_ia = "AFTER_30_DAYS"
  }

  lifecycle_policy {
    transition_to_archive = "AFTER_90_DAYS"
  }

  lifecycle_policy {
    transition_to_primary_storage_class = "AFTER_1_ACCESS"
  }
}

resource "aws_efs_mount_target" "media" {
  for_each        = toset(["private-us-east-1a", "private-us-east-1b", "private-us-east-1c"])
  file_system_id  = aws_efs_file_system.media.id
  subnet_id       = aws_subnet.private[each.key].id
  security_groups = [aws_security_group.file_systems.id]
}

resource "aws_efs_backup_policy" "media" {
  file_system_id = aws_efs_file_system.media.id

  backup_policy {
    status = "DISABLED"
  }
}
