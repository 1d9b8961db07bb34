"""What a recommendation would make of a pod: the resources of each container, and how far they are from what it has. Pure.

Upstream ``pkg/admission-controller/resource/pod/recommendation`` and ``pkg/utils/vpa/limit_and_request_scaling.go``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wavetank.kube.types import Obj

from .recommendation import RESOURCES, amounts_of, policy_of, shown

OBSERVED = "vpaObservedContainers"
UPDATES = "vpaUpdates"


@dataclass(frozen=True)
class Changed:
    """A container's new resources, and the words for what changed (``cpu request``)."""

    resources: Obj
    words: tuple[str, ...]


def recommendations_of(vpa: Obj) -> dict[str, Obj]:
    """By container name."""
    found = ((vpa.get("status") or {}).get("recommendation") or {}).get("containerRecommendations") or ()
    return {each["containerName"]: each for each in found}


def changed_resources(container: Obj, vpa: Obj) -> Changed | None:
    """With the target for requests, and limits in proportion; None when nothing is recommended for it."""
    found, policy = recommendations_of(vpa).get(container["name"]), policy_of(vpa, container["name"])
    if found is None or not policy.scales:
        return None
    stated: Obj = container.get("resources") or {}
    target = amounts_of(found.get("target"))
    requests, limits = dict(stated.get("requests") or {}), dict(stated.get("limits") or {})
    old_requests, old_limits = amounts_of(requests), amounts_of(limits)
    words = [f"{name} request" for name in RESOURCES if name in target]
    for name, amount in target.items():
        requests[name] = shown(name, amount)
        if policy.requests_only or name not in old_limits:
            continue
        limits[name] = shown(name, proportional(old_limits[name], old_requests.get(name), amount))
        words.append(f"{name} limit")
    resources = {**stated, "requests": requests} | ({"limits": limits} if limits else {})
    return Changed(resources, tuple(words))


def proportional(limit: int, request: int | None, new_request: int) -> int:
    """The limit that keeps its relation to the request; one without a request follows the new request."""
    if request is None or request == 0 or request == limit:
        return new_request
    return int(limit * new_request / request)


def with_recommendation(pod: Obj, vpa: Obj) -> Obj:
    """The pod as VPA's admission webhook lets it in; the same pod when nothing changes."""
    containers: list[Obj] = []
    told: list[str] = []
    for index, container in enumerate(pod["spec"]["containers"]):
        changed = changed_resources(container, vpa)
        if changed is not None and changed.words:
            containers.append({**container, "resources": changed.resources})
            told.append(f"container {index}: {', '.join(changed.words)}")
        else:
            containers.append(container)
    annotations = dict(pod["metadata"].get("annotations") or {})
    annotations[OBSERVED] = ", ".join(c["name"] for c in containers)
    if told:
        annotations[UPDATES] = f"Pod resources updated by {vpa['metadata']['name']}: {'; '.join(told)}"
    return {
        **pod,
        "metadata": {**pod["metadata"], "annotations": annotations},
        "spec": {**pod["spec"], "containers": containers},
    }


@dataclass(frozen=True)
class Priority:
    """How urgently a pod should change: outside of its bounds, growing, and the relative difference."""

    outside: bool
    grows: bool
    difference: float


def priority_of(pod: Obj, vpa: Obj) -> Priority:
    """Upstream ``pkg/updater/priority/priority_processor.go``; differences are those of the pod's totals."""
    found = recommendations_of(vpa)
    observed = (pod["metadata"].get("annotations") or {}).get(OBSERVED)
    seen = None if observed is None else set(observed.split(", "))
    requested = dict.fromkeys(RESOURCES, 0)
    wanted = dict.fromkeys(RESOURCES, 0)
    outside = grows = False
    for container in pod["spec"]["containers"]:
        name = container["name"]
        if (seen is not None and name not in seen) or name not in found or not policy_of(vpa, name).scales:
            continue
        bounds = {part: amounts_of(found[name].get(part)) for part in ("target", "lowerBound", "upperBound")}
        requests = amounts_of((container.get("resources") or {}).get("requests"))
        for resource, target in bounds["target"].items():
            request = requests.get(resource)
            wanted[resource] += target
            requested[resource] += request or 0
            out, more = _against(request, resource, bounds)
            outside, grows = outside or out, grows or more
    difference = sum(abs(requested[r] - wanted[r]) / max(requested[r], 1) for r in RESOURCES if wanted[r])
    return Priority(outside, grows, difference)


def _against(request: int | None, resource: str, bounds: Mapping[str, Mapping[str, int]]) -> tuple[bool, bool]:
    """(outside of the bounds, growing)."""
    if request is None:
        return True, True
    lower, upper = bounds["lowerBound"].get(resource), bounds["upperBound"].get(resource)
    outside = (lower is not None and request < lower) or (upper is not None and request > upper)
    return outside, bounds["target"][resource] > request
