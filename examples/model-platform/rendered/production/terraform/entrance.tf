# Way from functions and APIs into the cluster of ai-platform, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_security_group" "entrance" {
  name        = "${local.cluster_name}-entrance"
  description = "Internal load balancer"
  vpc_id      = aws_vpc.main.id
  tags = {
    Name = "${local.cluster_name}-entrance"
  }
}

resource "aws_vpc_security_group_ingress_rule" "entrance_functions_80" {
  security_group_id            = aws_security_group.entrance.id
  description                  = "To model-fraud-detection-v1-2-0"
  referenced_security_group_id = aws_security_group.functions.id
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
}

resource "aws_vpc_security_group_ingress_rule" "entrance_functions_8001" {
  security_group_id            = aws_security_group.entrance.id
  description                  = "To model-recommendation-engine"
  referenced_security_group_id = aws_security_group.functions.id
  ip_protocol                  = "tcp"
  from_port                    = 8001
  to_port                      = 8001
}

resource "aws_vpc_security_group_egress_rule" "entrance_cluster_8080" {
  security_group_id            = aws_security_group.entrance.id
  description                  = "Nodes and pods of the cluster"
  referenced_security_group_id = aws_eks_cluster.main.vpc_config[0].cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_vpc_security_group_ingress_rule" "cluster_entrance_8080" {
  security_group_id            = aws_eks_cluster.main.vpc_config[0].cluster_security_group_id
  description                  = "Internal load balancer"
  referenced_security_group_id = aws_security_group.entrance.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_lb" "entrance" {
  name                             = "ai-platform-production-entrance"
  internal                         = true
  load_balancer_type               = "network"
  subnets                          = [for subnet in aws_subnet.private : subnet.id]
  security_groups                  = [aws_security_group.entrance.id]
  enable_cross_zone_load_balancing = true
}

resource "aws_lb_target_group" "entrance_model_fraud_detection_v1_2_0" {
  # Filled by the load balancer controller through the TargetGroupBinding of the same name.
  name                 = "ai-platform-production-793520fc"
  port                 = 8080
  protocol             = "TCP"
  target_type          = "ip"
  vpc_id               = aws_vpc.main.id
  deregistration_delay = "30"
  preserve_client_ip   = "false"

  health_check {
    protocol = "HTTP"
    # what makes a pod ready
    path                = "/ready"
    port                = "traffic-port"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_listener" "entrance_model_fraud_detection_v1_2_0" {
  load_balancer_arn = aws_lb.entrance.arn
  # the Service's port
  port                     = 80
  protocol                 = "TCP"
  tcp_idle_timeout_seconds = 350

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.entrance_model_fraud_detection_v1_2_0.arn
  }
}

resource "aws_lb_target_group" "entrance_model_recommendation_engine" {
  # Filled by the load balancer controller through the TargetGroupBinding of the same name.
  name                 = "ai-platform-production-847891b9"
  port                 = 8080
  protocol             = "TCP"
  target_type          = "ip"
  vpc_id               = aws_vpc.main.id
  deregistration_delay = "30"
  preserve_client_ip   = "false"

  health_check {
    protocol = "HTTP"
    # what makes a pod ready
    path                = "/ready"
    port                = "traffic-port"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_listener" "entrance_model_recommendation_engine" {
  load_balancer_arn = aws_lb.entrance.arn
  # the Service's port belongs to another one
  port                     = 8001
  protocol                 = "TCP"
  tcp_idle_timeout_seconds = 350

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.entrance_model_recommendation_engine.arn
  }
}
