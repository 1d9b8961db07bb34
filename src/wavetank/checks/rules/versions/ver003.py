"""VER003: an alarm on a metric that nobody publishes, or a log group that nobody writes to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from wavetank.checks.aws import Resource
from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity

NAMESPACE = "ContainerInsights"
#: beginnings of Container Insights' metric names on EKS (CloudWatch user guide)
_SUBJECTS = (
    "pod_",
    "node_",
    "container_",
    "cluster_",
    "namespace_",
    "service_",
    "replicas_",
    "status_",
    "daemonset_",
    "apiserver_",
)
_EXAMPLES = (
    "pod_cpu_utilization",
    "pod_memory_utilization",
    "node_cpu_utilization",
    "node_memory_utilization",
    "cluster_failed_node_count",
)
_CONTROL_PLANE = re.compile(r"/aws/eks/[^/]+/?\Z")


def check(case: Case) -> Iterator[Mistake]:
    for alarm in case.aws.of_type("aws_cloudwatch_metric_alarm"):
        name = alarm.text("metric_name")
        if alarm.text("namespace") == NAMESPACE and name is not None and not name.startswith(_SUBJECTS):
            yield _metric(alarm, name)
    for filtered in case.aws.of_type("aws_cloudwatch_log_metric_filter", "aws_cloudwatch_log_subscription_filter"):
        group = filtered.text("log_group_name")
        if group is not None and _CONTROL_PLANE.match(group):
            yield _group(filtered, group)


def _metric(alarm: Resource, name: str) -> Mistake:
    words = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    near = get_close_matches(words, _EXAMPLES, 1, 0.3)
    return Mistake(
        at=alarm.at("metric_name"),
        message=f"{alarm.name} watches {NAMESPACE} {name}, a metric that is not published: the alarm has no data for ever",
        remedy=f"names are like {near[0] if near else _EXAMPLES[0]}",
        numbers={"metric": name},
    )


def _group(filtered: Resource, group: str) -> Mistake:
    return Mistake(
        at=filtered.at("log_group_name"),
        message=f"{filtered.name} reads {group}; EKS writes the control plane's logs to {group.rstrip('/')}/cluster",
        remedy=f"name {group.rstrip('/')}/cluster",
        numbers={"logGroup": group},
    )


RULE = Rule(
    id="VER003",
    severity=Severity.INFO,
    title="No such metric or log group",
    source="docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-EKS.html",
    check=check,
)
