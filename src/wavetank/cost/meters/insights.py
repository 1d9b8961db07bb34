"""CloudWatch Container Insights: metrics of nodes and pods, billed by the metric or the observation.

The catalogue has no price for them, so the line stands in the bill without an amount rather than not at all.
"""

from __future__ import annotations

from datetime import date

from wavetank.cost.readings import Range, Reading
from wavetank.plan.model import Plan

ADD_ON = "amazon-cloudwatch-observability"


def readings(plan: Plan, on: date) -> list[Reading]:
    if not any(add_on.name == ADD_ON for add_on in plan.add_ons):
        return []
    return [
        Reading(
            component="logs",
            name="Container Insights metrics",
            meter="containerInsightsClusterMonth",
            quantity=Range.fixed(1),
            unit="cluster-months",
            how="billed by metrics and observations of every node and pod",
            path=f"addOns[{ADD_ON}]",
        )
    ]
