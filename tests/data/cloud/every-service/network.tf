# --- network -------------------------------------------------------------------------------------------------------

resource "aws_vpc" "this" {
  cidr_block = "10.20.0.0/16"
  tags       = { Name = local.name }
}

resource "aws_subnet" "private" {
  for_each          = { a = 0, b = 1 }
  vpc_id            = aws_vpc.this.id
  availability_zone = "ap-southeast-2${each.key}"
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 4, each.value + 1)
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_security_group" "functions" {
  name_prefix = "functions-"
  description = "Functions"
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "cache" {
  name        = "cache"
  description = "Cache"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "cache" {
  security_group_id            = aws_security_group.cache.id
  referenced_security_group_id = aws_security_group.functions.id
  description                  = "Functions to the cache"
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_vpc_security_group_egress_rule" "functions" {
  security_group_id = aws_security_group.functions.id
  description       = "AWS APIs"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
