"""Resources that are changed while a pod runs: which containers, and what the pod's status says of it. Pure.

Upstream ``pkg/kubelet/allocation`` (``handlePodResourcesResize``): a resize that does not fit waits as ``PodResizePending``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from wavetank.kube.conditions import with_condition, without_condition
from wavetank.kube.types import Obj

from .admission import Refusal
from .record import ContainerRecord

PENDING = "PodResizePending"


def resized_containers(records: Mapping[str, ContainerRecord], pod: Obj) -> list[tuple[ContainerRecord, Obj]]:
    """The containers whose resources are to be others than those that they have, as stated now."""
    found: list[tuple[ContainerRecord, Obj]] = []
    for container in (*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())):
        record = records.get(container["name"])
        if record is not None and (record.spec.get("resources") or {}) != (container.get("resources") or {}):
            found.append((record, container))
    return found


def needs_restart(record: ContainerRecord, container: Obj) -> bool:
    """Whether ``resizePolicy`` asks for a restart when one of the resources that change does."""
    restarting = {
        p["resourceName"] for p in container.get("resizePolicy") or () if p["restartPolicy"] == "RestartContainer"
    }
    old, new = record.spec.get("resources") or {}, container.get("resources") or {}
    return any(
        (old.get(part) or {}).get(name) != (new.get(part) or {}).get(name)
        for part in ("requests", "limits")
        for name in restarting
    )


def status_after_resize(pod: Obj, refused: Refusal | None, now: datetime) -> Obj:
    """The pod's status with the condition that the resize waits, or without it."""
    status: Obj = pod.get("status") or {}
    conditions = status.get("conditions") or []
    if refused is None:
        return {**status, "conditions": without_condition(conditions, PENDING)}
    waiting = with_condition(conditions, PENDING, "True", now, reason="Deferred", message=refused.message)
    return {**status, "conditions": waiting}
