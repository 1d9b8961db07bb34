"""CAP015: the largest pods that the VPA may make, times the most pods that the HPA may make, do not fit."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.base.units import MIB
from wavetank.checks.case import Case
from wavetank.checks.fitting import knows_all_nodes
from wavetank.checks.machines import Machines, machines_of
from wavetank.checks.manifests import Manifest, items, mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Workload, readable
from wavetank.kube.resources import amounts


def check(case: Case) -> Iterator[Mistake]:
    if not knows_all_nodes(case):
        return
    for scaler in case.manifests.of_kind("VerticalPodAutoscaler"):
        target = mapping(scaler.spec.get("targetRef"))
        workload = case.workload(str(target.get("kind")), scaler.namespace, str(target.get("name")))
        mode = mapping(scaler.spec.get("updatePolicy")).get("updateMode")
        if workload is not None and mode != "Off":
            yield from _envelope(case, scaler, workload)


def _envelope(case: Case, scaler: Manifest, workload: Workload) -> Iterator[Mistake]:
    mine = [m for m in machines_of(case) if m.admits(workload)]
    if not mine or any(m.room is None or m.group.max_size is None for m in mine):
        return
    for at, policy in enumerate(items(mapping(scaler.spec.get("resourcePolicy")).get("containerPolicies"))):
        most = amounts(readable(policy.get("maxAllowed")))
        for resource in ("cpu", "memory"):
            needed, there = most.get(resource, 0) * workload.max_replicas, _capacity(mine, resource)
            if needed > there:
                yield _mistake(scaler, at, workload, resource, most[resource], there)
                return


def _capacity(groups: list[Machines], resource: str) -> int:
    rooms = [(m.room, m.group.max_size or 0) for m in groups]
    return sum((r.cpu_milli if resource == "cpu" else r.memory_bytes) * n for r, n in rooms if r is not None)


def _mistake(scaler: Manifest, at: int, workload: Workload, resource: str, most: int, there: int) -> Mistake:
    count = workload.max_replicas
    return Mistake(
        at=scaler.at("spec", "resourcePolicy", "containerPolicies", at, "maxAllowed", resource),
        message=(
            f"the VPA may give each pod of {workload.name} {_shown(resource, most)} {resource}, and it may have {count} pods: "
            f"{_shown(resource, most * count)}, but its nodes at their most have {_shown(resource, there)}"
        ),
        remedy=f"lower maxAllowed to {_shown(resource, there // count)}, lower maxReplicas, or raise maxSize of the nodes",
        numbers={"maxAllowed": _shown(resource, most), "maxReplicas": count, "capacity": _shown(resource, there)},
        about=(workload.title,),
    )


def _shown(resource: str, amount: int) -> str:
    return f"{amount}m" if resource == "cpu" else f"{amount // MIB}Mi"


RULE = Rule(
    id="CAP015",
    severity=Severity.WARN,
    title="VPA's largest pods times the HPA's most pods do not fit",
    source="Kubernetes autoscaler, vertical-pod-autoscaler resourcePolicy; HorizontalPodAutoscaler maxReplicas",
    check=check,
)
