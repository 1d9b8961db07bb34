# --- backup, budgets, alarms, registry ----------------------------------------------------------------------------------

resource "aws_iam_role" "backup" {
  name               = "drill-backup"
  assume_role_policy = local.assume["backup"]
}

resource "aws_iam_role_policy_attachment" "backup" {
  for_each   = toset(["AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores"])
  role       = aws_iam_role.backup.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/${each.value}"
}

resource "aws_backup_vault" "main" {
  name        = "drill"
  kms_key_arn = aws_kms_key.data.arn
}

resource "aws_backup_vault" "standby" {
  provider = aws.standby
  name     = "drill-standby"
}

resource "aws_backup_plan" "daily" {
  name = "drill-daily"
  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name
    schedule          = "cron(0 3 * * ? *)"
    start_window      = 60
    completion_window = 180
    lifecycle {
      cold_storage_after = 30
      delete_after       = 120 * var.generation
    }
    copy_action {
      destination_vault_arn = aws_backup_vault.standby.arn
      lifecycle {
        delete_after = 30
      }
    }
    recovery_point_tags = { Kind = "daily" }
  }
}

resource "aws_backup_selection" "daily" {
  name         = "drill-daily"
  plan_id      = aws_backup_plan.daily.id
  iam_role_arn = aws_iam_role.backup.arn
  resources    = [aws_dynamodb_table.models.arn]
  selection_tag {
    type  = "STRINGEQUALS"
    key   = "backup"
    value = "daily"
  }
}

resource "aws_backup_vault_lock_configuration" "main" {
  backup_vault_name  = aws_backup_vault.main.name
  min_retention_days = 7
  max_retention_days = 400
}

resource "aws_budgets_budget" "monthly" {
  name         = "drill-monthly"
  budget_type  = "COST"
  limit_amount = tostring(1000 * var.generation)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
  cost_filter {
    name   = "TagKeyValue"
    values = ["user:Project$drill"]
  }
  notification {
    comparison_operator        = "GREATER_THAN"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    notification_type          = "ACTUAL"
    subscriber_email_addresses = ["finance@example.com"]
  }
  notification {
    comparison_operator        = "GREATER_THAN"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    notification_type          = "FORECASTED"
    subscriber_email_addresses = ["finance@example.com", "platform@example.com"]
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "drill-errors"
  alarm_description   = "Functions fail"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.gateway.function_name }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  threshold           = 5 * var.generation
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "rate" {
  alarm_name          = "drill-error-rate"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  threshold           = 1
  metric_query {
    id          = "rate"
    expression  = "100 * errors / requests"
    label       = "Error rate"
    return_data = true
  }
  metric_query {
    id = "errors"
    metric {
      metric_name = "5xx"
      namespace   = "AWS/ApiGateway"
      period      = 60
      stat        = "Sum"
      dimensions  = { ApiId = aws_apigatewayv2_api.public.id }
    }
  }
  metric_query {
    id = "requests"
    metric {
      metric_name = "Count"
      namespace   = "AWS/ApiGateway"
      period      = 60
      stat        = "Sum"
      dimensions  = { ApiId = aws_apigatewayv2_api.public.id }
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "service" {
  alarm_name        = "drill-service"
  alarm_description = "The service suffers"
  alarm_rule        = "ALARM(${aws_cloudwatch_metric_alarm.errors.alarm_name}) OR ALARM(${aws_cloudwatch_metric_alarm.rate.alarm_name})"
  alarm_actions     = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = "drill"
  dashboard_body = jsonencode({
    widgets = [{
      type       = "metric"
      x          = 0
      y          = 0
      width      = 12
      height     = 6
      properties = { region = "ap-southeast-2", metrics = [["AWS/Lambda", "Errors"]], title = "Errors" }
    }]
  })
}

resource "aws_cloudwatch_log_group" "application" {
  name              = "/drill/application"
  retention_in_days = 30
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "drill-errors"
  log_group_name = aws_cloudwatch_log_group.application.name
  pattern        = "ERROR"
  metric_transformation {
    name      = "Errors"
    namespace = "Drill"
    value     = "1"
  }
}

resource "aws_ecr_replication_configuration" "standby" {
  replication_configuration {
    rule {
      destination {
        region      = "ap-southeast-1"
        registry_id = data.aws_caller_identity.current.account_id
      }
    }
  }
}

resource "aws_ecr_registry_scanning_configuration" "all" {
  scan_type = "BASIC"
  rule {
    scan_frequency = "SCAN_ON_PUSH"
    repository_filter {
      filter      = "*"
      filter_type = "WILDCARD"
    }
  }
}

resource "aws_secretsmanager_secret" "replicated" {
  name                    = "drill/replicated"
  recovery_window_in_days = 0
  kms_key_id              = aws_kms_key.data.arn
  replica {
    region = "ap-southeast-1"
  }
}

resource "aws_ssm_parameter" "setting" {
  name  = "/drill/setting"
  type  = "String"
  value = "one"
}

