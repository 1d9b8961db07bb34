# Outputs of ml-inference, environment production.
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
    ml-inference-api = aws_ecr_repository.ml_inference_api.repository_url
  }
}

output "pod_role_arns" {
  description = "IAM roles of service accounts"
  value = {
    ml-inference-production-aws-node                     = aws_iam_role.pod_aws_node.arn
    ml-inference-production-cloudwatch-agent             = aws_iam_role.pod_cloudwatch_agent.arn
    ml-inference-production-aws-load-balancer-controller = aws_iam_role.pod_aws_load_balancer_controller.arn
    ml-inference-production-cluster-autoscaler           = aws_iam_role.pod_cluster_autoscaler.arn
    ml-inference-production-ml-inference-api             = aws_iam_role.pod_ml_inference_api.arn
  }
}

output "secret_arns" {
  description = "Secrets to put values into"
  value = {
    "ml-inference/api" = aws_secretsmanager_secret.ml_inference_api.arn
  }
}
