"""Where the pods of a workload go: to which nodes, away from each other, spread over zones."""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import WorkloadKind
from wavetank.plan.node_groups import FAMILY_LABEL
from wavetank.plan.reasons import Default
from wavetank.spec.placement_shapes import Taint
from wavetank.spec.platform import PlatformFile
from wavetank.spec.shapes import shape
from wavetank.spec.workloads import Workload

_DOCS = "kubernetes.io/docs/concepts/scheduling-eviction"

APART = Default(
    "workloads.antiAffinity",
    "the loss of a node takes one pod where there are nodes enough, and nobody waits where there are not",
    f"{_DOCS}/assign-pod-node",
)
OVER_ZONES = Default(
    "workloads.topologySpreadConstraints",
    "the loss of a zone takes about half of the pods",
    f"{_DOCS}/topology-spread-constraints",
)
ON_EVERY_NODE = Default(
    "workloads.kind", "a DaemonSet has one pod on each node, and the pods of a Job need no distance"
)
ANYWHERE = Default("workloads.nodeSelector", "any node that has room", f"{_DOCS}/assign-pod-node")
TOLERATES_NOTHING = Default("workloads.tolerations", "nothing was asked for", f"{_DOCS}/taint-and-toleration")

#: kinds whose pods stand for each other
SPREAD_KINDS: tuple[WorkloadKind, ...] = ("Deployment", "StatefulSet", "Rollout")
EKS_LABEL = "eks.amazonaws.com/nodegroup"
KARPENTER_LABEL = "karpenter.sh/nodepool"
GPU = "nvidia.com/gpu"


# --- nodes ------------------------------------------------------------------------------------------------------------


def node_selector(stated: Workload, written: PlatformFile, ledger: Ledger) -> dict[str, str]:
    """The labels that the author wrote, and those of the node group he named."""
    path = f"workloads[{stated.name}].nodeSelector"
    own = ledger.chosen(path, stated.node_selector, {}, ANYWHERE)
    if stated.node_group is None:
        return own
    origins = (f"workloads[{stated.name}].pod.nodeGroup",)
    derived = _labels_of(stated.node_group, written)
    if stated.node_selector is None:
        ledger.derived(path, derived, origins, "the nodes of its node group")
    for key, value in derived.items():
        ledger.derived(f"{path}[{key}]", value, origins, "the nodes of its node group")
    return derived | own


def _labels_of(name: str, written: PlatformFile) -> dict[str, str]:
    """What tells the nodes of a group apart: its own labels, or that of EKS; groups per zone share a label of ours."""
    group = next((each for each in written.node_groups if each.name == name), None)
    if group is None:
        return {KARPENTER_LABEL: name}
    if group.per_zone:
        return dict(group.labels or {}) | {FAMILY_LABEL: name}
    return dict(group.labels) if group.labels else {EKS_LABEL: name}


def tolerations(stated: Workload, written: PlatformFile, ledger: Ledger) -> tuple[Obj, ...]:
    """What the author wrote, and what the taints of his node group and of GPU nodes ask for."""
    path = f"workloads[{stated.name}].tolerations"
    own: list[Obj] = []
    if stated.tolerations is None:
        ledger.because(path, (), TOLERATES_NOTHING)
    else:
        own += ledger.shape(path, tuple(shape(each) for each in stated.tolerations))
    for taint in _taints_of(stated.node_group, written):
        wanted = _toleration(taint)
        if wanted not in own:
            origins = (f"workloads[{stated.name}].pod.nodeGroup",)
            own.append(ledger.derived(f"{path}[{len(own)}]", wanted, origins, "the taints of its node group"))
    if stated.gpus and not any(each.get("key") == GPU for each in own):
        wanted = {"key": GPU, "operator": "Exists", "effect": "NoSchedule"}
        origins = (f"workloads[{stated.name}].pod.gpus",)
        own.append(ledger.derived(f"{path}[{len(own)}]", wanted, origins, "GPU nodes keep other pods away"))
    return tuple(own)


def _taints_of(name: str | None, written: PlatformFile) -> tuple[Taint, ...]:
    named = {each.name: each.taints for each in written.karpenter.node_pools} if written.karpenter else {}
    named |= {each.name: each.taints for each in written.node_groups}
    return tuple(named.get(name or "") or ())


def _toleration(taint: Taint) -> Obj:
    if taint.value is None:
        return {"key": taint.key, "operator": "Exists", "effect": taint.effect}
    return {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}


# --- among each other -------------------------------------------------------------------------------------------------


def affinity(stated: Workload, kind: WorkloadKind, selector: dict[str, str], ledger: Ledger) -> Obj | None:
    """What the author wrote in Kubernetes' shape, or anti-affinity between the workload's own pods."""
    path = f"workloads[{stated.name}].affinity"
    if stated.affinity is not None:
        return ledger.shape(path, shape(stated.affinity))
    if stated.anti_affinity is None and kind not in SPREAD_KINDS:
        return ledger.because(path, None, ON_EVERY_NODE)
    wish = ledger.chosen(path, stated.anti_affinity, "preferred", APART, f"workloads[{stated.name}].antiAffinity")
    term: Obj = {"labelSelector": {"matchLabels": selector}, "topologyKey": "kubernetes.io/hostname"}
    if wish == "none":
        return None
    if wish == "required":
        return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


def topology_spread(stated: Workload, kind: WorkloadKind, selector: dict[str, str], ledger: Ledger) -> tuple[Obj, ...]:
    """What the author wrote, with the workload's own pods where no selector was given; or zones as far as possible."""
    path = f"workloads[{stated.name}].topologySpreadConstraints"
    own: Obj = {"labelSelector": {"matchLabels": selector}}
    if stated.topology_spread_constraints is None and kind not in SPREAD_KINDS:
        return ledger.because(path, (), ON_EVERY_NODE)
    if stated.topology_spread_constraints is None:
        zones = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
        return ledger.because(path, (zones | own,), OVER_ZONES)
    written = ledger.shape(path, tuple(shape(each) for each in stated.topology_spread_constraints))
    for index, constraint in enumerate(written):
        if "labelSelector" not in constraint:
            origins = (f"workloads[{stated.name}].selectorLabels",)
            ledger.derived(f"{path}[{index}].labelSelector", own, origins, "the workload's own pods")
    return tuple(own | constraint for constraint in written)
