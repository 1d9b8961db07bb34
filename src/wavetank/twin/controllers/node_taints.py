"""The taints that say what is wrong with a node. Pure functions.

Upstream: ``pkg/controller/nodelifecycle/node_lifecycle_controller.go`` (``nodeConditionToTaintKeyStatusMap``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wavetank.kube.conditions import condition
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj

_PREFIX = "node.kubernetes.io/"
NOT_READY, UNREACHABLE = f"{_PREFIX}not-ready", f"{_PREFIX}unreachable"
UNSCHEDULABLE = f"{_PREFIX}unschedulable"
_OF_CONDITIONS = (
    ("Ready", "False", NOT_READY),
    ("Ready", "Unknown", UNREACHABLE),
    ("MemoryPressure", "True", f"{_PREFIX}memory-pressure"),
    ("DiskPressure", "True", f"{_PREFIX}disk-pressure"),
    ("NetworkUnavailable", "True", f"{_PREFIX}network-unavailable"),
    ("PIDPressure", "True", f"{_PREFIX}pid-pressure"),
)
_MANAGED = frozenset({UNSCHEDULABLE, *(key for _, _, key in _OF_CONDITIONS)})


def taints_of(node: Obj) -> Sequence[Obj]:
    return (node.get("spec") or {}).get("taints") or ()


def schedule_keys(node: Obj) -> list[str]:
    """The keys of the NoSchedule taints that the node's conditions and its ``unschedulable`` call for."""
    keys = [key for kind, status, key in _OF_CONDITIONS if (condition(node, kind) or {}).get("status") == status]
    return [*keys, UNSCHEDULABLE] if (node.get("spec") or {}).get("unschedulable") else keys


def with_schedule_taints(node: Obj, now: datetime) -> Obj:
    """The node with exactly those of the managed NoSchedule taints; the same node when nothing changes."""
    wanted = schedule_keys(node)
    managed = [t["key"] for t in taints_of(node) if t["effect"] == "NoSchedule" and t["key"] in _MANAGED]
    gone = [(key, "NoSchedule") for key in managed if key not in wanted]
    return swapped(node, [(key, "NoSchedule") for key in wanted if key not in managed], gone, now)


def with_execute_taint(node: Obj, key: str | None, now: datetime) -> Obj:
    """The node with the NoExecute taint ``key`` and without its opposite; with neither for None."""
    present = {t["key"] for t in taints_of(node) if t["effect"] == "NoExecute"}
    gone = [(k, "NoExecute") for k in (NOT_READY, UNREACHABLE) if k != key and k in present]
    return swapped(node, [(key, "NoExecute")] if key is not None and key not in present else [], gone, now)


def swapped(node: Obj, add: Sequence[tuple[str, str]], remove: Sequence[tuple[str, str]], now: datetime) -> Obj:
    """The node with taints added and removed, by (key, effect) (``SwapNodeControllerTaint``)."""
    if not add and not remove:
        return node
    kept = [t for t in taints_of(node) if (t["key"], t["effect"]) not in remove]
    added = [{"key": key, "effect": effect, "timeAdded": rfc3339(now)} for key, effect in add]
    spec = {k: v for k, v in (node.get("spec") or {}).items() if k != "taints"}
    taints = [*kept, *added]
    return {**node, "spec": {**spec, "taints": taints} if taints else spec}
