# VPC, subnets and routes of microservices, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

locals {
  public_subnets = {
    public-us-east-1a = {
      cidr = "10.0.1.0/24"
      zone = "us-east-1a"
    }
    public-us-east-1b = {
      cidr = "10.0.2.0/24"
      zone = "us-east-1b"
    }
    public-us-east-1c = {
      cidr = "10.0.3.0/24"
      zone = "us-east-1c"
    }
  }
  private_subnets = {
    private-us-east-1a = {
      cidr        = "10.0.32.0/19"
      zone        = "us-east-1a"
      nat_gateway = "nat-us-east-1a"
    }
    private-us-east-1b = {
      cidr        = "10.0.64.0/19"
      zone        = "us-east-1b"
      nat_gateway = "nat-us-east-1b"
    }
    private-us-east-1c = {
      cidr        = "10.0.96.0/19"
      zone        = "us-east-1c"
      nat_gateway = "nat-us-east-1c"
    }
  }
  nat_gateways = {
    nat-us-east-1a = "public-us-east-1a"
    nat-us-east-1b = "public-us-east-1b"
    nat-us-east-1c = "public-us-east-1c"
  }
}

resource "aws_vpc" "main" {
  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags = {
    Name = local.cluster_name
  }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
  tags = {
    Name = local.cluster_name
  }
}

resource "aws_subnet" "public" {
  # Load balancers and NAT gateways stand here; nodes do not.
  for_each          = local.public_subnets
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value.cidr
  availability_zone = each.value.zone
  tags = {
    Name                     = "${local.cluster_name}-${each.key}"
    "kubernetes.io/role/elb" = "1"
  }
}

resource "aws_subnet" "private" {
  # Nodes and pods live here.
  for_each          = local.private_subnets
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value.cidr
  availability_zone = each.value.zone
  tags = {
    Name                              = "${local.cluster_name}-${each.key}"
    "kubernetes.io/role/internal-elb" = "1"
  }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  tags = {
    Name = "${local.cluster_name}-public"
  }
}

resource "aws_route" "public_internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "public" {
  for_each       = aws_subnet.public
  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

resource "aws_eip" "nat" {
  for_each = local.nat_gateways
  domain   = "vpc"
  tags = {
    Name = "${local.cluster_name}-${each.key}"
  }
}

resource "aws_nat_gateway" "main" {
  for_each      = local.nat_gateways
  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.value].id
  tags = {
    Name = "${local.cluster_name}-${each.key}"
  }
  # The gateway's own traffic leaves through the internet gateway.
  depends_on = [aws_internet_gateway.main]
}

resource "aws_route_table" "private" {
  for_each = local.private_subnets
  vpc_id   = aws_vpc.main.id
  tags = {
    Name = "${local.cluster_name}-${each.key}"
  }
}

resource "aws_route_table_association" "private" {
  for_each       = aws_subnet.private
  subnet_id      = each.value.id
  route_table_id = aws_route_table.private[each.key].id
}

resource "aws_route" "private_nat" {
  for_each               = { for name, subnet in local.private_subnets : name => subnet if can(subnet.nat_gateway) }
  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[each.value.nat_gateway].id
}

resource "aws_vpc_endpoint" "gateway" {
  # Gateway endpoints are free, and what goes through them does not pay for NAT.
  for_each          = toset(["s3"])
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for table in aws_route_table.private : table.id]
  tags = {
    Name = "${local.cluster_name}-${each.key}"
  }
}
