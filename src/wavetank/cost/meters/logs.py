"""CloudWatch Logs: every gigabyte is paid when it comes in, and again each month that it is kept."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from wavetank.cost.readings import Reading
from wavetank.cost.traffic import growing
from wavetank.plan.model import Plan

DAYS_PER_MONTH = Decimal(365) / 12


def readings(plan: Plan, on: date) -> list[Reading]:
    sources = [
        (
            "control plane logs",
            plan.cost.control_plane_log_gb,
            plan.cluster.logs.retention_days,
            "cost.controlPlaneLogGb",
        ),
        ("container logs", plan.cost.container_log_gb, plan.cluster.logs.retention_days, "cost.containerLogGb"),
    ]
    if plan.network.flow_logs is not None:
        kept_days = plan.network.flow_logs.retention_days
        sources.append(("VPC flow logs", plan.cost.flow_log_gb, kept_days, "cost.flowLogGb"))
    return [reading for source in sources if source[1] for reading in _source(plan, *source)]


def _source(plan: Plan, name: str, gigabytes: Decimal, retention_days: int, path: str) -> list[Reading]:
    kept_months = (Decimal(retention_days) / DAYS_PER_MONTH).quantize(Decimal("0.01"))
    ingested = growing(plan, gigabytes)
    return [
        Reading(
            "logs",
            f"{name}: taken in",
            "cloudwatchLogsIngestGB",
            ingested,
            "GB",
            f"{gigabytes} GB a month assumed",
            path,
        ),
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
