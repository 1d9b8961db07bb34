"""CAP009: pods that no node group takes, and node groups that no pod can use."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.fitting import knows_all_nodes
from wavetank.checks.machines import Machines, machines_of
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Workload
from wavetank.kube.taints import REPELLING, tolerates, untolerated
from wavetank.kube.types import Obj

#: what CoreDNS, metrics-server and most of kube-system tolerate
SYSTEM_TOLERATIONS: list[Obj] = [{"key": "CriticalAddonsOnly", "operator": "Exists"}]


def check(case: Case) -> Iterator[Mistake]:
    groups = machines_of(case)
    if not knows_all_nodes(case) or any(m.group.taints is None for m in groups):
        return
    if all(untolerated(m.taints, SYSTEM_TOLERATIONS, REPELLING) for m in groups):
        yield _nowhere_for_the_system(groups)
    for workload in case.workloads:
        if not workload.is_per_node and all(m.admits(workload) is False for m in groups):
            yield _homeless(workload, groups)
    if case.given.whole or case.given.kubernetes:
        yield from (_useless(m) for m in groups if _is_useless(case, m))


def _is_useless(case: Case, machines: Machines) -> bool:
    """Its taint is tolerated by no workload, whatever else its selector says; components of charts may."""
    repelling = [t for t in machines.taints if t.get("effect") in REPELLING]
    if not repelling or not untolerated(repelling, SYSTEM_TOLERATIONS, REPELLING) or not case.workloads:
        return False
    pods = [w for w in case.workloads if not w.is_per_node]
    if not case.given.whole and not any(w.tolerations for w in pods):
        return False  # what runs there may be elsewhere
    return not any(_answers(w, t) for w in pods for t in repelling)


def _answers(workload: Workload, taint: Obj) -> bool:
    return any(tolerates(toleration, taint) for toleration in workload.tolerations)


def _taints(machines: Machines) -> str:
    return ", ".join(f"{t.get('key')}={t.get('value', '')}:{t.get('effect')}" for t in machines.taints)


def _nowhere_for_the_system(groups: list[Machines]) -> Mistake:
    named = "; ".join(f"{m.group.name}: {_taints(m)}" for m in groups)
    return Mistake(
        at=groups[0].group.at("taints"),
        message=(
            f"all {len(groups)} node groups are tainted ({named}): CoreDNS and everything else in kube-system "
            "tolerates none of it "
            "and stays Pending, so no pod can resolve a name"
        ),
        remedy="leave one group without taint, or taint it CriticalAddonsOnly and give the system's charts the toleration",
        numbers={"groups": len(groups), "untainted": 0},
    )


def _homeless(workload: Workload, groups: list[Machines]) -> Mistake:
    reasons = "; ".join(f"{m.group.name}: {_why_not(workload, m)}" for m in groups)
    return Mistake(
        at=workload.at_pod("nodeSelector" if workload.node_selector else "tolerations"),
        message=f"no node group takes the pods of {workload.name} ({reasons}): they stay Pending for ever",
        remedy="give the pods the toleration and the selector of the group they belong to, or correct the group's labels",
        numbers={"groups": len(groups), "pods": workload.min_replicas},
    )


def _why_not(workload: Workload, machines: Machines) -> str:
    taint = untolerated(machines.taints, workload.tolerations, REPELLING)
    if taint is not None:
        return f"taint {taint.get('key')}={taint.get('value', '')}:{taint.get('effect')} is not tolerated"
    wanted = ", ".join(f"{key}={value}" for key, value in workload.node_selector.items())
    return f"has not the labels {wanted}" if wanted else "its labels do not match the node affinity"


def _useless(machines: Machines) -> Mistake:
    group = machines.group
    return Mistake(
        at=group.at("taints"),
        message=(
            f"node group {group.name} is tainted {_taints(machines)}, and no workload tolerates that: its "
            f"{group.min_size or 0} to {group.max_size or '?'} nodes cost money and run nothing"
        ),
        remedy="give the workloads that belong there the toleration, or remove the taint or the group",
        numbers={"minSize": group.min_size or 0, "tolerating": 0},
    )


RULE = Rule(
    id="CAP009",
    severity=Severity.ERROR,
    title="Taints leave pods without nodes, or nodes without pods",
    source="Kubernetes scheduler, TaintToleration and NodeAffinity",
    check=check,
)
