"""CloudWatch Logs: every gigabyte is paid when it comes in, and again each month that it is kept."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from wavetank.cost.readings import DAYS_PER_MONTH, Reading
from wavetank.cost.traffic import growing
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    control_plane_days = plan.cluster.logs.retention_days
    sources = [
        ("control plane logs", plan.cost.control_plane_log_gb, control_plane_days, "cost.controlPlaneLogGb"),
        ("container logs", plan.cost.container_log_gb, _container_days(plan), "cost.containerLogGb"),
    ]
    if plan.network.flow_logs is not None:
        kept_days = plan.network.flow_logs.retention_days
        sources.append(("VPC flow logs", plan.cost.flow_log_gb, kept_days, "cost.flowLogGb"))
    return [reading for source in sources if source[1] for reading in _source(plan, *source)]


def _container_days(plan: Plan) -> int:
    """As long as the log group of applications is kept; where none is declared, as long as the cluster's."""
    groups = plan.observability.logs if plan.observability else ()
    days = [group.retention_days for group in groups if group.name.endswith("/application")]
    return days[0] if days else plan.cluster.logs.retention_days


def _source(plan: Plan, name: str, gigabytes: Decimal, retention_days: int, path: str) -> list[Reading]:
    kept_months = (Decimal(retention_days) / DAYS_PER_MONTH).quantize(Decimal("0.01"))
    ingested = growing(plan, gigabytes)
    how = f"{gigabytes} GB a month assumed"
    return [
        Reading("logs", f"{name}: taken in", "cloudwatchLogsIngestGB", ingested, "GB", how, path),
        Reading(
            component="logs",
            name=f"{name}: kept",
            meter="cloudwatchLogsStoreGBMonth",
            quantity=ingested.times(kept_months),
            unit="GB-months",
            how=f"{retention_days} days kept = {kept_months} months, compression not counted",
            path=path,
        ),
    ]
