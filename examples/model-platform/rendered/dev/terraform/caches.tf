# Caches of ai-platform, environment dev.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_security_group" "caches" {
  name        = "${local.cluster_name}-caches"
  description = "Caches"
  vpc_id      = aws_vpc.main.id
  tags = {
    Name = "${local.cluster_name}-caches"
  }
}

resource "aws_vpc_security_group_ingress_rule" "caches_cluster_6379" {
  security_group_id            = aws_security_group.caches.id
  description                  = "Nodes and pods of the cluster"
  referenced_security_group_id = aws_eks_cluster.main.vpc_config[0].cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_vpc_security_group_ingress_rule" "caches_functions_6379" {
  security_group_id            = aws_security_group.caches.id
  description                  = "Functions that use caches"
  referenced_security_group_id = aws_security_group.functions.id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_elasticache_subnet_group" "caches" {
  name        = "${lower(local.cluster_name)}-caches"
  description = "Private subnets"
  subnet_ids = [
    aws_subnet.private["private-us-east-1a"].id,
    aws_subnet.private["private-us-east-1b"].id,
    aws_subnet.private["private-us-east-1c"].id,
  ]
}

resource "aws_elasticache_replication_group" "sessions" {
  replication_group_id       = "ai-platform-dev-sessions"
  description                = "sessions of ai-platform"
  engine                     = "valkey"
  engine_version             = "8.0"
  node_type                  = "cache.t4g.small"
  num_cache_clusters         = 1
  automatic_failover_enabled = false
  multi_az_enabled           = false
  port                       = 6379
  subnet_group_name          = aws_elasticache_subnet_group.caches.name
  security_group_ids         = [aws_security_group.caches.id]
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  # the last day's content can be brought back
  snapshot_retention_limit = 1
  apply_immediately        = true
}
