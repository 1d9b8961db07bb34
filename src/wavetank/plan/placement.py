"""Where the pods of a workload go: away from each other, spread over zones."""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.reasons import Default
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


def affinity(stated: Workload, selector: dict[str, str], ledger: Ledger) -> Obj | None:
    """What the author wrote in Kubernetes' shape, or anti-affinity between the workload's own pods."""
    path = f"workloads[{stated.name}].affinity"
    if stated.affinity is not None:
        return ledger.shape(path, shape(stated.affinity))
    wish = ledger.chosen(path, stated.anti_affinity, "preferred", APART, f"workloads[{stated.name}].antiAffinity")
    term: Obj = {"labelSelector": {"matchLabels": selector}, "topologyKey": "kubernetes.io/hostname"}
    if wish == "none":
        return None
    if wish == "required":
        return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


def topology_spread(stated: Workload, selector: dict[str, str], ledger: Ledger) -> tuple[Obj, ...]:
    """What the author wrote, with the workload's own pods where no selector was given; or zones as far as possible."""
    path = f"workloads[{stated.name}].topologySpreadConstraints"
    own: Obj = {"labelSelector": {"matchLabels": selector}}
    if stated.topology_spread_constraints is None:
        zones = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
        return ledger.because(path, (zones | own,), OVER_ZONES)
    written = ledger.shape(path, tuple(shape(each) for each in stated.topology_spread_constraints))
    for index, constraint in enumerate(written):
        if "labelSelector" not in constraint:
            origins = (f"workloads[{stated.name}].selectorLabels",)
            ledger.derived(f"{path}[{index}].labelSelector", own, origins, "the workload's own pods")
    return tuple(own | constraint for constraint in written)
