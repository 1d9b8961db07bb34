"""observability.tf: log groups of containers with their retention, and CloudWatch alarms with those who hear of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from wavetank.plan.model import Observability, Plan
from wavetank.plan.model.observability import Alarm, LogGroup
from wavetank.render.hcl import Attribute, Block, Item, attributes, expression
from wavetank.render.terraform.parts import explained, identifiers, resource, template
from wavetank.render.trace import Traced

_LOGS, _ALARMS = "observability.logs", "observability.alarms"
#: three of five minutes each: an alarm is for what lasts
_PERIOD_SECONDS, _PERIODS = 300, 3


def items(plan: Plan) -> tuple[Item, ...]:
    seen = plan.observability
    return (*_log_groups(plan, seen), *_alarm_items(seen)) if seen is not None else ()


def _log_groups(plan: Plan, seen: Observability) -> Iterator[Block]:
    for group in seen.logs:
        kind = group.name.rpartition("/")[2]
        yield resource("aws_cloudwatch_log_group", f"containers_{kind}", _log_group(plan, group, kind), _LOGS)


def _log_group(plan: Plan, group: LogGroup, kind: str) -> tuple[Item, ...]:
    return (
        Attribute("name", template(f"/aws/containerinsights/${{local.cluster_name}}/{kind}")),
        Attribute("retention_in_days", explained(plan, group.retention_days, _LOGS)),
    )


def _alarm_items(seen: Observability) -> Iterator[Block]:
    if not seen.alarms:
        return
    yield resource("aws_sns_topic", "alarms", attributes(name=template("${local.cluster_name}-alarms")), _ALARMS)
    for name, email in _subscribers(seen).items():
        body = attributes(
            topic_arn=expression("aws_sns_topic.alarms.arn"), protocol="email", endpoint=Traced(email, _ALARMS)
        )
        yield resource("aws_sns_topic_subscription", name, body, _ALARMS)
    labels = identifiers(alarm.metric for alarm in seen.alarms)
    for alarm in seen.alarms:
        yield resource("aws_cloudwatch_metric_alarm", labels[alarm.metric], _alarm(alarm), _ALARMS)


def _subscribers(seen: Observability) -> dict[str, str]:
    return {f"alarms_{label}": email for email, label in identifiers(seen.alarm_emails).items()}


def _alarm(alarm: Alarm) -> tuple[Item, ...]:
    told = [expression("aws_sns_topic.alarms.arn")]
    return attributes(
        alarm_name=Traced(alarm.name, _ALARMS),
        alarm_description=alarm.description,
        namespace="ContainerInsights",
        metric_name=alarm.metric,
        dimensions={"ClusterName": expression("local.cluster_name")},
        statistic=alarm.statistic,
        comparison_operator=alarm.comparison,
        threshold=Traced(_number(alarm.threshold), _ALARMS),
        period=_PERIOD_SECONDS,
        evaluation_periods=_PERIODS,
        # Silence is worse than a high number: the agent, or the cluster, is gone.
        treat_missing_data="breaching",
        alarm_actions=told,
        ok_actions=told,
    )


def _number(value: Decimal) -> Any:
    return int(value) if value == value.to_integral_value() else expression(format(value.normalize(), "f"))
