# A bucket of the author's own, which uses what is rendered beside it.

data "aws_caller_identity" "me" {}

resource "aws_s3_bucket" "artifacts" {
  bucket = "${local.cluster_name}-artifacts-${data.aws_caller_identity.me.account_id}"
  tags   = { cluster = aws_eks_cluster.main.name }
}
