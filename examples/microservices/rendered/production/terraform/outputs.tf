# Outputs of microservices, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

output "cluster_name" {
  description = "Name of the EKS cluster"
  value       = aws_eks_cluster.main.name
}

output "cluster_endpoint" {
  description = "Kubernetes API"
  value       = aws_eks_cluster.main.endpoint
}

output "kubeconfig_command" {
  description = "Makes kubectl use the cluster"
  value       = "aws eks update-kubeconfig --region ${local.region} --name ${aws_eks_cluster.main.name}"
}

output "vpc_id" {
  description = "VPC of the cluster"
  value       = aws_vpc.main.id
}

output "repository_urls" {
  description = "Where to push images"
  value = {
    frontend                 = aws_ecr_repository.frontend.repository_url
    api-gateway              = aws_ecr_repository.api_gateway.repository_url
    identity-service         = aws_ecr_repository.identity_service.repository_url
    catalog-service          = aws_ecr_repository.catalog_service.repository_url
    recommendation-inference = aws_ecr_repository.recommendation_inference.repository_url
    analytics                = aws_ecr_repository.analytics.repository_url
  }
}

output "pod_role_arns" {
  description = "IAM roles of service accounts"
  value = {
    microservices-production-aws-node                     = aws_iam_role.pod_aws_node.arn
    microservices-production-ebs-csi-controller-sa        = aws_iam_role.pod_ebs_csi_controller_sa.arn
    microservices-production-aws-load-balancer-controller = aws_iam_role.pod_aws_load_balancer_controller.arn
    microservices-production-cluster-autoscaler           = aws_iam_role.pod_cluster_autoscaler.arn
    microservices-production-cert-manager                 = aws_iam_role.pod_cert_manager.arn
    microservices-production-external-dns                 = aws_iam_role.pod_external_dns.arn
    microservices-production-velero-server                = aws_iam_role.pod_velero_server.arn
    microservices-production-production-secrets           = aws_iam_role.pod_external_secrets_reader.arn
  }
}

output "secret_arns" {
  description = "Secrets to put values into"
  value = {
    "microservices/postgres" = aws_secretsmanager_secret.microservices_postgres.arn
  }
}

output "dns_name_servers" {
  description = "Where the parent of the zone must delegate to"
  value       = aws_route53_zone.main.name_servers
}
