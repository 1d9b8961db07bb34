"""Taints of nodes and the tolerations of pods that answer them.

The scheduler, the DaemonSet and taint eviction controllers and the capacity arithmetic of plans call this. It knows neither
nodes nor pods: lists of taints and tolerations only. Upstream: ``k8s.io/component-helpers/scheduling/corev1``.
"""

from __future__ import annotations

from collections.abc import Sequence

from .types import Obj

#: Effects that keep a pod off a node; ``PreferNoSchedule`` only makes another node better.
REPELLING = ("NoSchedule", "NoExecute")


def tolerates(toleration: Obj, taint: Obj) -> bool:
    """``Toleration.ToleratesTaint``."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return True
    return bool(toleration.get("key")) and toleration.get("value", "") == taint.get("value", "")


def is_tolerated(taint: Obj, tolerations: Sequence[Obj]) -> bool:
    return any(tolerates(toleration, taint) for toleration in tolerations)


def untolerated(taints: Sequence[Obj], tolerations: Sequence[Obj], effects: Sequence[str]) -> Obj | None:
    """The first taint with one of these effects that nothing tolerates."""
    return next((t for t in taints if t["effect"] in effects and not is_tolerated(t, tolerations)), None)
