# Logs and alarms of ai-platform, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_cloudwatch_log_group" "containers_application" {
  name              = "/aws/containerinsights/${local.cluster_name}/application"
  retention_in_days = 30
}

resource "aws_cloudwatch_log_group" "containers_dataplane" {
  name              = "/aws/containerinsights/${local.cluster_name}/dataplane"
  retention_in_days = 30
}

resource "aws_cloudwatch_log_group" "containers_host" {
  name              = "/aws/containerinsights/${local.cluster_name}/host"
  retention_in_days = 30
}

resource "aws_cloudwatch_log_group" "containers_performance" {
  name              = "/aws/containerinsights/${local.cluster_name}/performance"
  retention_in_days = 30
}
