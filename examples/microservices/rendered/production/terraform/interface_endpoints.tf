# AWS services inside the VPC of microservices, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_security_group" "endpoints" {
  name        = "${local.cluster_name}-endpoints"
  description = "AWS services inside the VPC"
  vpc_id      = aws_vpc.main.id
  tags = {
    Name = "${local.cluster_name}-endpoints"
  }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_cluster_443" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "Nodes and pods of the cluster"
  referenced_security_group_id = aws_eks_cluster.main.vpc_config[0].cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_endpoint" "interface" {
  for_each            = toset(["ecr.api", "ecr.dkr", "sts", "logs"])
  vpc_id              = aws_vpc.main.id
  service_name        = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true
  tags = {
    Name = "${local.cluster_name}-${each.key}"
  }
}
