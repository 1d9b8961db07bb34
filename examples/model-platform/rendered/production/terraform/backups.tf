# AWS Backup of ai-platform, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_backup_vault" "main" {
  name = local.cluster_name
}

resource "aws_iam_role" "backup" {
  name = "ai-platform-production-backup"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "backup.amazonaws.com"
        }
        Action = "sts:AssumeRole"
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "backup_1" {
  role       = aws_iam_role.backup.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
}

resource "aws_iam_role_policy_attachment" "backup_2" {
  role       = aws_iam_role.backup.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores"
}

resource "aws_backup_plan" "daily" {
  name = "${local.cluster_name}-daily"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name
    schedule          = "cron(0 2 * * ? *)"
    # AWS begins within the hour
    start_window      = 60
    completion_window = 1500

    lifecycle {
      delete_after = 14
    }
  }
}

resource "aws_backup_selection" "daily" {
  iam_role_arn = aws_iam_role.backup.arn
  name         = "daily"
  plan_id      = aws_backup_plan.daily.id

  selection_tag {
    type  = "STRINGEQUALS"
    key   = "kubernetes.io/cluster/ai-platform-production"
    value = "owned"
  }
}
