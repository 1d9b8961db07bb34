"""CST010: burstable machines for work that keeps them above their baseline: the surplus is charged by the vCPU-hour."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wavetank.catalog import HOURS_PER_MONTH, burstable_baseline_percent, instance_type, price
from wavetank.checks.aws import NodeGroup
from wavetank.checks.case import Case
from wavetank.checks.from_plan import place
from wavetank.checks.machines import machines_of
from wavetank.checks.manifests import mapping, whole
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.cost.least import region_of
from wavetank.checks.workloads import Workload

METER = "t3UnlimitedVcpuHour"


def check(case: Case) -> Iterator[Mistake]:
    if case.bill is not None and case.plan is not None:
        for line in case.bill.lines:
            if line.reading.meter == METER and line.amount is not None and line.amount.expected > 0:
                yield Mistake(
                    at=place(case.plan, line.reading.path),
                    message=(
                        f"{line.reading.name}: the expected requests keep these machines above their baseline, which costs "
                        f"${line.amount.expected} a month on top ({line.reading.how})"
                    ),
                    remedy="take machines without credits (m, c), whose whole CPU is in the price",
                    numbers={"usdMonth": str(line.amount.expected)},
                )
        return
    if case.given.nodes:
        yield from _by_target(case)


def _by_target(case: Case) -> Iterator[Mistake]:
    """Foreign files: a model server whose autoscaler holds CPU above the baseline."""
    for machines in machines_of(case):
        kind = (machines.group.instance_types or ("",))[0]
        baseline = burstable_baseline_percent(kind)
        for workload in case.workloads:
            target = cpu_target_percent(workload)
            busy = baseline is not None and target is not None and target > baseline
            if busy and workload.runs == "model-server" and machines.admits(workload) is not False:
                assert baseline is not None, "busy is measured against it"
                yield _above(case, machines.group, workload, kind, target or 0, baseline)
                break


def cpu_target_percent(workload: Workload) -> int | None:
    """The CPU utilization that the workload's autoscaler keeps."""
    for metric in workload.autoscaler.metrics if workload.autoscaler else ():
        resource = mapping(metric.get("resource"))
        if resource.get("name") == "cpu":
            return whole(mapping(resource.get("target")).get("averageUtilization"))
    return None


def _above(
    case: Case, group: NodeGroup, workload: Workload, kind: str, target: int, baseline: Decimal | int
) -> Mistake:
    known = price(region_of(case), METER)
    vcpus = Decimal(instance_type(kind).vcpu)
    usd = vcpus * (target - Decimal(baseline)) / 100 * HOURS_PER_MONTH * known.usd if known else None
    cost = f", up to ${usd:.2f} a month for each node" if usd is not None else ""
    return Mistake(
        at=group.at("instance_types"),
        message=(
            f"{workload.title} keeps CPU at {target} % on {kind}, whose baseline is {baseline} %: what is above is charged as "
            f"surplus credits{cost}"
        ),
        remedy="take machines without credits (m, c), whose whole CPU is in the price",
        numbers={
            "targetPercent": target,
            "baselinePercent": str(baseline),
            "usdMonth": f"{usd:.2f}" if usd is not None else "unknown",
        },
    )


RULE = Rule(
    id="CST010",
    severity=Severity.WARN,
    title="Steady work on burstable machines",
    source="docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances-unlimited-mode.html",
    check=check,
)
