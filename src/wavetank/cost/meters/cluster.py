"""The EKS control plane: one fee an hour, six times that once standard support has ended."""

from __future__ import annotations

from datetime import date

from wavetank.catalog import eks_version
from wavetank.cost.readings import Reading, hourly
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    version = eks_version(plan.cluster.version)
    support = "standard" if version is None else version.support(on)
    beyond = {"extended": " (extended support)", "unsupported": " (support has ended: AWS upgrades it)"}
    meter = "eksExtendedClusterHour" if support in beyond else "eksClusterHour"
    name = f"EKS control plane {plan.cluster.version}{beyond.get(support, '')}"
    return [hourly("cluster", name, meter, 1, "cluster", "cluster.version")]
