"""Pods as workload controllers see them: which are active, how one is made of a template, which go first.

Pure functions. Upstream: ``pkg/controller/controller_utils.go``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cmp_to_key

from wavetank.kube import conditions
from wavetank.kube.pod_phase import is_terminal, is_terminating, phase
from wavetank.kube.times import parse
from wavetank.kube.types import Obj

from .ownership import owner_reference

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASE_RANK = {"Pending": 0, "Unknown": 1, "Running": 2}
_SMALLEST_AGE = 1e-9


def is_active(pod: Obj) -> bool:
    """Neither finished nor on its way out (``IsPodActive``)."""
    return not is_terminal(pod) and not is_terminating(pod)


def pod_of_template(template: Obj, owner: Obj, *, name: str = "") -> Obj:
    """A pod as the owner's controller submits it; without ``name`` the API generates one."""
    source = template.get("metadata") or {}
    prefix = f"{owner['metadata']['name']}-"
    metadata: Obj = {"name": name} if name else {"generateName": prefix}
    metadata["namespace"] = owner["metadata"]["namespace"]
    for field in ("labels", "annotations", "finalizers"):
        if source.get(field):
            metadata[field] = source[field]
    metadata["ownerReferences"] = [owner_reference(owner)]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def deletion_order(
    pods: Sequence[Obj], now: datetime, related_on_node: Mapping[str, int] | None = None, *, coarse: bool = True
) -> list[Obj]:
    """``pods`` with those that a scale-down removes first in front (``ActivePodsWithRanks``).

    ``related_on_node`` counts active pods of the same owner by node. ``coarse`` compares ages by the logarithm to base 2
    and asks for the cost of a deletion, as ReplicaSets do; Jobs compare ages as they are and know no cost (``ActivePods``).
    """
    related = related_on_node or {}

    def compare(a: Obj, b: Obj) -> int:
        for criterion in _PLAIN if coarse else _PLAIN[:-1]:
            if (x := criterion(a)) != (y := criterion(b)):
                return -1 if x < y else 1
        crowd_a, crowd_b = (related.get(p["spec"].get("nodeName", ""), 0) for p in (a, b))
        if crowd_a != crowd_b:
            return -1 if crowd_a > crowd_b else 1
        return _by_ages(a, b, now, coarse)

    return sorted(pods, key=cmp_to_key(compare))


def _unassigned_first(pod: Obj) -> float:
    return 1 if pod["spec"].get("nodeName") else 0


def _by_phase(pod: Obj) -> float:
    return _PHASE_RANK.get(phase(pod), 2)


def _unready_first(pod: Obj) -> float:
    return 1 if conditions.is_pod_ready(pod) else 0


def _by_cost(pod: Obj) -> float:
    text = (pod["metadata"].get("annotations") or {}).get(DELETION_COST, "0")
    return int(text) if text.removeprefix("-").isdigit() else 0


#: The last is the cost.
_PLAIN: tuple[Callable[[Obj], float], ...] = (_unassigned_first, _by_phase, _unready_first, _by_cost)


def _by_ages(a: Obj, b: Obj, now: datetime, coarse: bool) -> int:
    if conditions.is_pod_ready(a) and conditions.is_pod_ready(b):
        ready = _younger_first(_ready_since(a), _ready_since(b), a, b, now, coarse)
        if ready:
            return ready
    restarts_a, restarts_b = _restarts(a), _restarts(b)
    if restarts_a != restarts_b:
        return -1 if restarts_a > restarts_b else 1
    created_a, created_b = (p["metadata"].get("creationTimestamp", "") for p in (a, b))
    return _younger_first(created_a, created_b, a, b, now, coarse)


def _ready_since(pod: Obj) -> str:
    return str((conditions.condition(pod, "Ready") or {}).get("lastTransitionTime") or "")


def _younger_first(since_a: str, since_b: str, a: Obj, b: Obj, now: datetime, coarse: bool) -> int:
    if since_a == since_b:
        return 0
    if not since_a or not since_b:
        return -1 if not since_a else 1
    if not coarse:
        return -1 if since_a > since_b else 1
    rank_a, rank_b = _age_rank(since_a, now), _age_rank(since_b, now)
    if rank_a != rank_b:
        return -1 if rank_a < rank_b else 1
    return -1 if a["metadata"].get("uid", "") < b["metadata"].get("uid", "") else 1


def _age_rank(since: str, now: datetime) -> int:
    age_nanoseconds = (now - parse(since)).total_seconds() / _SMALLEST_AGE
    return int(math.log2(age_nanoseconds)) if age_nanoseconds >= 1 else -1


def _restarts(pod: Obj) -> tuple[int, int]:
    status = pod.get("status") or {}
    regular = max((s.get("restartCount", 0) for s in status.get("containerStatuses") or ()), default=0)
    sidecars = {c["name"] for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"}
    init = status.get("initContainerStatuses") or ()
    return regular, max((s.get("restartCount", 0) for s in init if s["name"] in sidecars), default=0)
