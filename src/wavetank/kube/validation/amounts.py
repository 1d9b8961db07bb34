"""Rules of resource names and amounts: requests, limits, quotas (core ``validation.go``, ``helper/helpers.go``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import quantity
from ..errors import Cause
from ..types import Obj
from .causes import invalid, required
from .names import qualified_name_problems

NOT_NEGATIVE = "must be greater than or equal to 0"
_OF_CONTAINERS = frozenset({"cpu", "memory", "ephemeral-storage"})
_OF_QUOTAS = frozenset(
    {"pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps", "persistentvolumeclaims"}
    | {"services.nodeports", "services.loadbalancers", "storage"}
    | {f"{kind}.{name}" for kind in ("requests", "limits") for name in ("cpu", "memory", "ephemeral-storage")}
    | {"requests.storage"}
)
_INTEGER = frozenset(_OF_QUOTAS - {n for n in _OF_QUOTAS if n.startswith(("requests.", "limits."))} - {"storage"})


def not_negative(value: Any, path: str) -> Iterator[Cause]:
    if isinstance(value, int) and value < 0:
        yield invalid(path, value, NOT_NEGATIVE)


def _is_huge_pages(name: str) -> bool:
    return name.startswith("hugepages-")


def is_native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name


def is_extended(name: str) -> bool:
    return not is_native(name) and not name.startswith("requests.")


def _may_be_overcommitted(name: str) -> bool:
    return is_native(name) and not _is_huge_pages(name)


def resource_name(name: str, path: str) -> Iterator[Cause]:
    for problem in qualified_name_problems(name):
        yield invalid(path, name, problem)
    standard = (
        name in _OF_CONTAINERS or name in _OF_QUOTAS or _is_huge_pages(name) or name.startswith("requests.hugepages-")
    )
    if "/" not in name and not standard:
        yield invalid(path, name, "must be a standard resource type or fully qualified")


def container_resource_name(name: str, path: str) -> Iterator[Cause]:
    yield from resource_name(name, path)
    if "/" not in name and name not in _OF_CONTAINERS and not _is_huge_pages(name):
        yield invalid(path, name, "must be a standard resource for containers")


def quota_resource_name(name: str, path: str) -> Iterator[Cause]:
    yield from resource_name(name, path)
    standard = name in _OF_QUOTAS or name in _OF_CONTAINERS or name.removeprefix("requests.").startswith("hugepages-")
    if "/" not in name and not standard:
        yield invalid(path, name, "must be a standard resource for quota")


def amount(name: str, value: Any, path: str) -> Iterator[Cause]:
    if quantity.parse(value) < 0:
        yield invalid(path, value, NOT_NEGATIVE)
    whole = name in _INTEGER or is_extended(name)
    if whole and quantity.milli(value) % 1000:
        yield invalid(path, value, "must be an integer")


def requirements(resources: Obj, path: str) -> Iterator[Cause]:
    """Requests and limits of a container: known names, no negative amounts, no request above its limit."""
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for name, value in limits.items():
        yield from container_resource_name(name, f"{path}.limits[{name}]")
        yield from amount(name, value, f"{path}.limits[{name}]")
    for name, value in requests.items():
        yield from container_resource_name(name, f"{path}.requests[{name}]")
        yield from amount(name, value, f"{path}.requests[{name}]")
        yield from _against_limit(name, value, limits, path)


def _against_limit(name: str, value: Any, limits: Mapping[str, Any], path: str) -> Iterator[Cause]:
    if name in limits:
        if not _may_be_overcommitted(name) and quantity.compare(value, limits[name]) != 0:
            yield invalid(f"{path}.requests", value, f"must be equal to {name} limit of {limits[name]}")
        elif quantity.compare(value, limits[name]) > 0:
            yield invalid(f"{path}.requests", value, f"must be less than or equal to {name} limit of {limits[name]}")
    elif not _may_be_overcommitted(name):
        yield required(f"{path}.limits", "Limit must be set for non overcommitable resources")
