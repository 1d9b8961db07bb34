"""GIT005: machines that are paid and that no workload of the environment may use."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wavetank.catalog import HOURS_PER_MONTH, ec2_price_usd_hour
from wavetank.checks.case import Case
from wavetank.checks.machines import Machines, machines_of
from wavetank.checks.model import Mistake, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    if not case.given.nodes or not case.given.kubernetes:
        return
    workloads = [w for w in case.workloads if not w.is_per_node]
    for machines in machines_of(case):
        least = machines.group.min_size or machines.group.desired_size
        dedicated = bool(machines.group.taints)
        if least and dedicated and workloads and all(machines.admits(w) is False for w in workloads):
            yield _mistake(case, machines, least)


def _mistake(case: Case, machines: Machines, least: int) -> Mistake:
    group = machines.group
    usd = monthly_usd(case, machines, least)
    cost = f", {usd:.2f} USD a month" if usd is not None else ""
    return Mistake(
        at=group.at("min_size"),
        message=f"node group {group.name} runs {least} nodes{cost}, and its taints admit no workload of this environment",
        remedy="set minSize and desiredSize to 0 here, or leave the group out ({name: …, remove: true} in the environment)",
        numbers={"nodes": least, "usdMonth": f"{usd:.2f}" if usd is not None else "unknown"},
    )


def monthly_usd(case: Case, machines: Machines, nodes: int) -> Decimal | None:
    """What the group's least nodes cost on demand."""
    kind = (machines.group.instance_types or ("",))[0]
    known = ec2_price_usd_hour(case.aws.region or "us-east-1", kind)
    return None if known is None else known.usd * HOURS_PER_MONTH * nodes


RULE = Rule(
    id="GIT005",
    severity=Severity.WARN,
    title="A node group that nobody uses",
    source="EKS managed node groups: minSize nodes run whether anything is scheduled or not",
    check=check,
)
