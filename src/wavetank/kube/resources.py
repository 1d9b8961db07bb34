"""What a pod asks for and may use: requests, limits and quality of service.

Scheduler, quota, HPA, node allocation and tables call this on every pod, so answers are plain integers: ``cpu`` in
milli-cores, everything else in whole units (bytes, devices). Arithmetic is that of
``k8s.io/component-helpers/resource/helpers.go``.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from . import quantity
from .types import Obj

#: Resource name -> milli-cores for ``cpu``, whole units for everything else.
Amounts: TypeAlias = dict[str, int]
QosClass: TypeAlias = Literal["Guaranteed", "Burstable", "BestEffort"]

#: What the scheduler's scores assume of a container that asks for nothing (``util/pod_resources.go``).
ASSUMED: Mapping[str, int] = {"cpu": 100, "memory": 200 * 1024 * 1024}
_POD_LEVEL = ("cpu", "memory")


def amounts(resource_list: Mapping[str, quantity.QuantityLike] | None) -> Amounts:
    """A ResourceList as integers."""
    if not resource_list:
        return {}
    return {name: in_units(name, q) for name, q in resource_list.items()}


def in_units(name: str, q: quantity.QuantityLike) -> int:
    """One amount of the resource ``name``, rounded up."""
    return quantity.milli(q) if name == "cpu" else quantity.value(q)


def formatted(name: str, units: int) -> str:
    """The inverse of :func:`in_units`, in canonical form."""
    if name == "cpu":
        return quantity.format_milli(units)
    binary = name in ("memory", "ephemeral-storage", "storage") or name.startswith("hugepages-")
    return quantity.format_bytes(units) if binary else quantity.format_units(units)


def pod_requests(pod: Obj, *, assumed: Mapping[str, int] | None = None) -> Amounts:
    """What the scheduler reserves for ``pod``.

    ``assumed`` fills in requests of containers that have none (pass :data:`ASSUMED` for the scheduler's scores).
    A container that is being resized counts with the largest of what it wants, was given and has.
    """
    spec = pod.get("spec") or {}
    statuses = _statuses(pod)
    total = _combined(spec, "requests", statuses, assumed or {})
    total.update(_pod_level(spec, "requests"))
    return _plus(total, amounts(spec.get("overhead")))


def pod_limits(pod: Obj) -> Amounts:
    """The most ``pod`` may use; resources that some container leaves open are those of the others only."""
    spec = pod.get("spec") or {}
    total = _combined(spec, "limits", {}, {})
    total.update(_pod_level(spec, "limits"))
    overhead = amounts(spec.get("overhead"))
    return _plus(total, {name: n for name, n in overhead.items() if total.get(name)})


def container_amounts(container: Mapping[str, Any], which: Literal["requests", "limits"]) -> Amounts:
    """Requests or limits as the container states them."""
    return amounts((container.get("resources") or {}).get(which))


def is_sidecar(init_container: Mapping[str, Any]) -> bool:
    """An init container that keeps running beside the others."""
    return bool(init_container.get("restartPolicy") == "Always")


def qos_class(pod: Obj) -> QosClass:
    """``ComputePodQOS`` of ``pkg/apis/core/v1/helper/qos``: only cpu and memory count, zero amounts do not."""
    spec = pod.get("spec") or {}
    if spec.get("resources"):
        stated = [spec["resources"]]
    else:
        containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
        stated = [c.get("resources") or {} for c in containers]
    try:
        return _known_qos_class(marshal.dumps(stated, 2))
    except ValueError:
        # Not plain JSON, such as a mapping of a YAML reader.
        return _qos_class(stated)


@lru_cache(maxsize=1024)
def _known_qos_class(stated: bytes) -> QosClass:
    """The pods of a workload state the same."""
    return _qos_class(marshal.loads(stated))


def _qos_class(stated: Sequence[Obj]) -> QosClass:
    requests = [_positive(r.get("requests")) for r in stated]
    limits = [_positive(r.get("limits")) for r in stated]
    if not any(requests) and not any(limits):
        return "BestEffort"
    complete = all(limit.keys() == {"cpu", "memory"} for limit in limits)
    return "Guaranteed" if complete and _total(requests) == _total(limits) else "Burstable"


def _positive(resource_list: Mapping[str, quantity.QuantityLike] | None) -> Amounts:
    return {k: n for k, n in amounts(resource_list).items() if k in _POD_LEVEL and n > 0}


def _total(parts: Iterable[Amounts]) -> Amounts:
    total: Amounts = {}
    for part in parts:
        total = _plus(total, part)
    return total


def _plus(a: Amounts, b: Mapping[str, int]) -> Amounts:
    if not b:
        return a
    return {**a, **{name: a.get(name, 0) + n for name, n in b.items()}}


def _largest(a: Amounts, b: Mapping[str, int]) -> Amounts:
    return {**a, **{name: max(a.get(name, n), n) for name, n in b.items()}}


def _combined(
    spec: Obj, which: Literal["requests", "limits"], statuses: Mapping[str, Obj], assumed: Mapping[str, int]
) -> Amounts:
    """Containers and sidecars together, or the hungriest moment of initialization if that is more."""

    def wanted(container: Obj) -> Amounts:
        stated = _while_resizing(container_amounts(container, which), statuses.get(container.get("name", "")))
        return {**assumed, **stated} if assumed else stated

    total = _total(wanted(c) for c in spec.get("containers") or ())
    sidecars: Amounts = {}
    starting: Amounts = {}
    for container in spec.get("initContainers") or ():
        own = wanted(container)
        if is_sidecar(container):
            total, sidecars = _plus(total, own), _plus(sidecars, own)
            starting = _largest(starting, sidecars)
        else:
            starting = _largest(starting, _plus(own, sidecars))
    return _largest(total, starting)


def _pod_level(spec: Obj, which: str) -> Amounts:
    stated = amounts((spec.get("resources") or {}).get(which))
    return {name: n for name, n in stated.items() if name in _POD_LEVEL or name.startswith("hugepages-")}


def _statuses(pod: Obj) -> dict[str, Obj]:
    status = pod.get("status") or {}
    every = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    return {s["name"]: s for s in every if s.get("resources") or s.get("allocatedResources")}


def _while_resizing(stated: Amounts, status: Obj | None) -> Amounts:
    if status is None:
        return stated
    actual = amounts((status.get("resources") or {}).get("requests"))
    return _largest(_largest(stated, actual), amounts(status.get("allocatedResources")))
