# People and programs that may use the cluster of video-creator, environment staging.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_eks_access_entry" "platform_admins" {
  cluster_name  = aws_eks_cluster.main.name
  principal_arn = "arn:aws:iam::111122223333:role/platform-admin"
}

resource "aws_eks_access_policy_association" "platform_admins_1" {
  cluster_name  = aws_eks_cluster.main.name
  principal_arn = aws_eks_access_entry.platform_admins.principal_arn
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"

  access_scope {
    type = "cluster"
  }
}

resource "aws_eks_access_entry" "developers" {
  cluster_name      = aws_eks_cluster.main.name
  principal_arn     = "arn:aws:iam::111122223333:role/developer"
  kubernetes_groups = ["developers"]
}
