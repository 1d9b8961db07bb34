# Outputs of ai-platform, environment production.
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
    model-server     = aws_ecr_repository.model_server.repository_url
    gpu-model-server = aws_ecr_repository.gpu_model_server.repository_url
    batch            = aws_ecr_repository.batch.repository_url
    model-operator   = aws_ecr_repository.model_operator.repository_url
  }
}

output "pod_role_arns" {
  description = "IAM roles of service accounts"
  value = {
    ai-platform-production-aws-node                     = aws_iam_role.pod_aws_node.arn
    ai-platform-production-ebs-csi-controller-sa        = aws_iam_role.pod_ebs_csi_controller_sa.arn
    ai-platform-production-aws-load-balancer-controller = aws_iam_role.pod_aws_load_balancer_controller.arn
    ai-platform-production-cluster-autoscaler           = aws_iam_role.pod_cluster_autoscaler.arn
    ai-platform-production-model-operator               = aws_iam_role.pod_model_operator.arn
    ai-platform-production-model-fraud-detection-v1-2-0 = aws_iam_role.pod_model_fraud_detection_v1_2_0.arn
    ai-platform-production-model-recommendation-engine  = aws_iam_role.pod_model_recommendation_engine.arn
    ai-platform-production-batch-scoring                = aws_iam_role.pod_batch_scoring.arn
    ai-platform-production-retraining                   = aws_iam_role.pod_retraining.arn
  }
}

output "api_urls" {
  description = "Where HTTP APIs answer"
  value = {
    ai-api = aws_apigatewayv2_stage.ai_api.invoke_url
  }
}

output "function_names" {
  description = "Names of functions"
  value = {
    gateway = aws_lambda_function.gateway.function_name
  }
}

output "table_names" {
  description = "Names of tables"
  value = {
    model-registry = aws_dynamodb_table.model_registry.name
  }
}

output "bucket_names" {
  description = "Names of buckets"
  value = {
    models = aws_s3_bucket.bucket_models.id
  }
}

output "queue_urls" {
  description = "Where messages go"
  value = {
    model-events = aws_sqs_queue.queue_model_events.url
  }
}

output "cache_hosts" {
  description = "Where caches answer, on port 6379 with TLS"
  value = {
    sessions = aws_elasticache_replication_group.sessions.primary_endpoint_address
  }
}
