# Outputs of video-creator, environment staging.
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
    video-api      = aws_ecr_repository.video_api.repository_url
    video-worker   = aws_ecr_repository.video_worker.repository_url
    video-frontend = aws_ecr_repository.video_frontend.repository_url
    video-admin    = aws_ecr_repository.video_admin.repository_url
  }
}

output "pod_role_arns" {
  description = "IAM roles of service accounts"
  value = {
    video-creator-staging-aws-node                     = aws_iam_role.pod_aws_node.arn
    video-creator-staging-ebs-csi-controller-sa        = aws_iam_role.pod_ebs_csi_controller_sa.arn
    video-creator-staging-efs-csi-controller-sa        = aws_iam_role.pod_efs_csi_controller_sa.arn
    video-creator-staging-cloudwatch-agent             = aws_iam_role.pod_cloudwatch_agent.arn
    video-creator-staging-aws-load-balancer-controller = aws_iam_role.pod_aws_load_balancer_controller.arn
    video-creator-staging-cluster-autoscaler           = aws_iam_role.pod_cluster_autoscaler.arn
    video-creator-staging-keda-operator                = aws_iam_role.pod_keda_operator.arn
    video-creator-staging-external-dns                 = aws_iam_role.pod_external_dns.arn
    video-creator-staging-api                          = aws_iam_role.pod_api.arn
    video-creator-staging-worker                       = aws_iam_role.pod_worker.arn
    video-creator-staging-scheduler                    = aws_iam_role.pod_scheduler.arn
    video-creator-staging-production-secrets           = aws_iam_role.pod_external_secrets_reader.arn
  }
}

output "secret_arns" {
  description = "Secrets to put values into"
  value = {
    "video-creator/database" = aws_secretsmanager_secret.video_creator_database.arn
    "video-creator/api-keys" = aws_secretsmanager_secret.video_creator_api_keys.arn
  }
}

output "file_system_id_media" {
  description = "The file system media, for storage classes"
  value       = aws_efs_file_system.media.id
}

output "dns_name_servers" {
  description = "Where the parent of the zone must delegate to"
  value       = aws_route53_zone.main.name_servers
}

output "bucket_names" {
  description = "Names of buckets"
  value = {
    finished-videos = aws_s3_bucket.bucket_finished_videos.id
  }
}

output "queue_urls" {
  description = "Where messages go"
  value = {
    render-jobs = aws_sqs_queue.queue_render_jobs.url
  }
}
