"""CloudWatch: composite alarms, which moto's own alarms can hold but nothing makes."""

from __future__ import annotations

from typing import Any

from wavetank.cloud.fixes.patch import Addition

_RESPONSES = "moto.cloudwatch.responses:CloudWatchResponse"


def put_composite_alarm(self: Any) -> Any:
    """PutMetricAlarm of moto's takes the rule as well."""
    return self.put_metric_alarm()


ADDITIONS = (Addition(_RESPONSES, "put_composite_alarm", put_composite_alarm),)
