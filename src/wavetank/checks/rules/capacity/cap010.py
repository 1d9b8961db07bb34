"""CAP010: a node group is meant for some pods, but nothing keeps the others off."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.fitting import knows_all_nodes
from wavetank.checks.machines import Machines, machines_of, required_node_terms
from wavetank.checks.manifests import items
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Workload

#: labels of the cloud and of Kubernetes say what a machine is, not whom it is for
_NOT_PURPOSES = (
    "kubernetes.io/",
    "k8s.aws/",
    "eks.amazonaws.com/nodegroup",
    "eks.amazonaws.com/capacityType",
    "karpenter.sh/",
)


def check(case: Case) -> Iterator[Mistake]:
    groups = machines_of(case)
    if not knows_all_nodes(case) or len(groups) < 2:
        return
    for machines in groups:
        if machines.taints or machines.group.taints is None or machines.group.labels is None:
            continue
        mine = [w for w in case.workloads if _is_meant_for(w, machines) and _leaves_others(w, groups)]
        others = [w for w in case.workloads if not w.is_per_node and not _chooses(w) and machines.admits(w)]
        if mine and others:
            yield _mistake(machines, mine, others)


def _purposes(machines: Machines) -> dict[str, str]:
    labels = machines.group.labels or {}
    return {key: value for key, value in labels.items() if not any(part in key for part in _NOT_PURPOSES)}


def _is_meant_for(workload: Workload, machines: Machines) -> bool:
    purposes = _purposes(machines)
    chosen = {key: value for key, value in workload.node_selector.items() if purposes.get(key) == value}
    in_affinity = {
        e.get("key")
        for term in required_node_terms(workload)
        for e in items(term.get("matchExpressions"))
        if e.get("operator") == "In" and purposes.get(str(e.get("key"))) in (e.get("values") or [])
    }
    return bool(chosen or in_affinity) and machines.admits(workload) is True


def _leaves_others(workload: Workload, groups: list[Machines]) -> bool:
    """Its selector tells the groups apart: not every group has it."""
    return any(machines.is_selected_by(workload) is False for machines in groups)


def _chooses(workload: Workload) -> bool:
    return bool(workload.node_selector or required_node_terms(workload))


def _mistake(machines: Machines, mine: list[Workload], others: list[Workload]) -> Mistake:
    group = machines.group
    label = ", ".join(f"{key}={value}" for key, value in _purposes(machines).items())
    return Mistake(
        at=group.at("labels"),
        message=(
            f"node group {group.name} ({label}) is meant for {', '.join(w.name for w in mine)}, but has no taint: "
            f"{', '.join(w.name for w in others)} may fill its nodes as well, and then its own pods find no room"
        ),
        remedy="taint the group with the same key and value (NoSchedule), and give its pods the toleration beside the selector",
        numbers={"meantFor": len(mine), "others": len(others)},
        about=tuple(w.title for w in mine),
    )


RULE = Rule(
    id="CAP010",
    severity=Severity.WARN,
    title="A dedicated node group has a label but no taint",
    source="Kubernetes documentation, Taints and Tolerations: dedicated nodes",
    check=check,
)
