"""CAP011: pods that want a GPU node but no GPU, or ask for one in a way that the API refuses."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.machines import GPU, machines_of, required_node_terms
from wavetank.checks.manifests import items
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Container, Workload

_GPU_LABELS = ("nvidia.com/gpu.present", "nvidia.com/gpu", "k8s.amazonaws.com/accelerator", "nvidia.com/gpu.product")


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        if workload.is_per_node:
            continue
        devices = [c for c in workload.containers if _devices(c)]
        sign = _wants_gpu_nodes(case, workload)
        if sign and not devices and not workload.spec.get("resourceClaims"):
            yield _without_device(workload, sign)
        for container in workload.containers:
            yield from _unequal(workload, container)


def _devices(container: Container) -> bool:
    names = {*container.requests, *container.limits}
    return any(name.startswith(("nvidia.com/", "aws.amazon.com/neuron")) for name in names)


def _wants_gpu_nodes(case: Case, workload: Workload) -> str:
    """The field that shows it: "tolerations", "nodeSelector" or "affinity"; empty when nothing does."""
    if any(str(t.get("key", "")) == GPU for t in workload.tolerations):
        return "tolerations"
    if any(key in _GPU_LABELS for key in workload.node_selector):
        return "nodeSelector"
    expressions = [e for term in required_node_terms(workload) for e in items(term.get("matchExpressions"))]
    if any(e.get("key") in _GPU_LABELS and e.get("operator") in ("In", "Exists") for e in expressions):
        return "affinity"
    groups = machines_of(case)
    if workload.node_selector and any(m.has_gpus for m in groups):
        chosen = [m for m in groups if m.group.labels is not None and m.is_selected_by(workload)]
        if chosen and all(m.has_gpus for m in chosen):
            return "nodeSelector"
    return ""


def _without_device(workload: Workload, sign: str) -> Mistake:
    return Mistake(
        at=workload.at_pod(sign),
        message=(
            f"{workload.name} goes to GPU nodes by its {sign}, but asks for no {GPU}: the device plugin attaches no GPU, and "
            f"as many pods as CPU and memory allow share the node without one"
        ),
        remedy=f'add limits: {{{GPU}: "1"}} to the container that computes on it',
        numbers={"gpusRequested": 0, "by": sign},
    )


def _unequal(workload: Workload, container: Container) -> Iterator[Mistake]:
    for name in sorted({*container.requests, *container.limits}):
        if "/" not in name:
            continue
        request, limit = container.requests.get(name), container.limits.get(name)
        if limit is None or (request is not None and str(request) != str(limit)):
            yield Mistake(
                at=container.at("resources"),
                message=(
                    f"container {container.name} of {workload.name} requests {request} {name} with "
                    f"{'no limit' if limit is None else f'limit {limit}'}: devices cannot be overcommitted, and the API "
                    "server refuses the pod"
                ),
                remedy=f"state {name} under limits only, or the same number in both",
                numbers={"request": str(request), "limit": str(limit)},
            )


RULE = Rule(
    id="CAP011",
    severity=Severity.ERROR,
    title="A pod on a GPU node asks for no GPU",
    source="Kubernetes device plugins; pkg/apis/core/validation: extended resources have request equal to limit",
    check=check,
)
