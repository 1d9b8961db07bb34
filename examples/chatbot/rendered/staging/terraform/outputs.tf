# Outputs of chatbot, environment staging.
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
    chatbot-backend  = aws_ecr_repository.chatbot_backend.repository_url
    chatbot-frontend = aws_ecr_repository.chatbot_frontend.repository_url
    chatbot-ml       = aws_ecr_repository.chatbot_ml.repository_url
    chatbot-worker   = aws_ecr_repository.chatbot_worker.repository_url
  }
}

output "pod_role_arns" {
  description = "IAM roles of service accounts"
  value = {
    chatbot-staging-aws-node                     = aws_iam_role.pod_aws_node.arn
    chatbot-staging-ebs-csi-controller-sa        = aws_iam_role.pod_ebs_csi_controller_sa.arn
    chatbot-staging-cloudwatch-agent             = aws_iam_role.pod_cloudwatch_agent.arn
    chatbot-staging-aws-load-balancer-controller = aws_iam_role.pod_aws_load_balancer_controller.arn
    chatbot-staging-cluster-autoscaler           = aws_iam_role.pod_cluster_autoscaler.arn
    chatbot-staging-backend                      = aws_iam_role.pod_backend.arn
    chatbot-staging-chatbot-secrets              = aws_iam_role.pod_external_secrets_reader.arn
  }
}

output "secret_arns" {
  description = "Secrets to put values into"
  value = {
    "chatbot/backend" = aws_secretsmanager_secret.chatbot_backend.arn
  }
}

output "dns_name_servers" {
  description = "Where the parent of the zone must delegate to"
  value       = aws_route53_zone.main.name_servers
}

output "certificate_arns" {
  description = "Certificates, once they are proved"
  value = {
    chatbot = aws_acm_certificate_validation.chatbot.certificate_arn
  }
}

output "bucket_names" {
  description = "Names of buckets"
  value = {
    uploads = aws_s3_bucket.bucket_uploads.id
  }
}
