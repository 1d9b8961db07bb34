"""Rules of volumes, claims and storage classes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from .. import quantity
from ..errors import Cause
from ..types import Obj
from .amounts import amount
from .causes import forbidden, invalid, not_supported, required
from .internal import diff, printed_struct
from .metadata import immutable, metadata, metadata_update
from .names import dns_subdomain, qualified_name_problems
from .selectors import label_selector, node_selector
from .volumes import SOURCES

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_CLAIM_FIXED = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n"
)
_VOLUME_SOURCES = (*SOURCES, "local", "flexVolume", "quobyte")


def claim(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from claim_spec(obj.get("spec") or {}, "spec")


def _access_modes(
    modes: list[str], path: str, when_missing: str = "at least 1 access mode is required"
) -> Iterator[Cause]:
    if not modes:
        yield required(path, when_missing)
    for mode in modes:
        if mode not in _ACCESS_MODES:
            yield not_supported(path, mode, _ACCESS_MODES)
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        yield forbidden(path, "may not use ReadWriteOncePod with other access modes")


def claim_spec(spec: Obj, path: str) -> Iterator[Cause]:
    yield from _access_modes(spec.get("accessModes") or [], f"{path}.accessModes")
    yield from label_selector(spec.get("selector"), f"{path}.selector")
    requests = (spec.get("resources") or {}).get("requests") or {}
    if "storage" not in requests:
        yield required(f"{path}.resources[storage]")
    else:
        yield from amount("storage", requests["storage"], f"{path}.resources[storage]")
        yield from _positive(requests["storage"], f"{path}.resources[storage]")
    yield from _class_name(spec, path)
    mode = spec.get("volumeMode")
    if mode not in (None, "Filesystem", "Block"):
        yield not_supported(f"{path}.volumeMode", mode, ("Block", "Filesystem"))
    for key in ("dataSource", "dataSourceRef"):
        yield from _data_source(spec.get(key), f"{path}.{key}")


def _data_source(source: Obj | None, path: str) -> Iterator[Cause]:
    if source is None:
        return
    for key in ("name", "kind"):
        if not source.get(key):
            yield required(f"{path}.{key}")
    if not source.get("apiGroup") and source.get("kind") != "PersistentVolumeClaim":
        yield invalid(
            path, source.get("kind", ""), "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        )


def _positive(value: Any, path: str) -> Iterator[Cause]:
    if quantity.parse(value) <= 0:
        yield invalid(path, value, "must be greater than zero")


def claim_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from claim_spec(new["spec"], "spec")
    after, before = new["spec"], old["spec"]
    bound = (old.get("status") or {}).get("phase") == "Bound"
    if _fixed_claim(after, before, bound) != _fixed_claim(before, before, bound):
        changes = diff(printed_struct(before, _CLAIM), printed_struct(after, _CLAIM))
        yield forbidden("spec", _CLAIM_FIXED + changes)
        return
    wanted, had = (_storage(spec) for spec in (after, before))
    if bound and wanted is not None and had is not None and quantity.compare(wanted, had) < 0:
        yield forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")


_CLAIM = "PersistentVolumeClaimSpec"


def _storage(spec: Obj) -> Any:
    return ((spec.get("resources") or {}).get("requests") or {}).get("storage")


def _fixed_claim(spec: Obj, before: Obj, bound: bool) -> Obj:
    """What must stay. A claim may still be given the volume and the class that it has not."""
    fixed = dict(spec)
    for key in ("volumeName", "storageClassName"):
        if not before.get(key):
            fixed.pop(key, None)
    if bound:
        fixed.pop("resources", None)
        fixed.pop("volumeAttributesClassName", None)
    return fixed


def volume(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from _volume_spec(obj.get("spec") or {})


def _volume_spec(spec: Obj) -> Iterator[Cause]:
    yield from _access_modes(spec.get("accessModes") or [], "spec.accessModes", "")
    capacity = spec.get("capacity") or {}
    if not capacity:
        yield required("spec.capacity")
    if set(capacity) != {"storage"}:
        yield not_supported("spec.capacity", capacity or None, ("storage",))
    for name, value in capacity.items():
        yield from _positive(value, f"spec.capacity[{name}]")
    policy = spec.get("persistentVolumeReclaimPolicy")
    if policy not in ("Delete", "Recycle", "Retain"):
        yield not_supported("spec.persistentVolumeReclaimPolicy", policy, ("Delete", "Recycle", "Retain"))
    stated = [source for source in _VOLUME_SOURCES if spec.get(source) is not None]
    if not stated:
        yield required("spec", "must specify a volume type")
    for source in stated[1:]:
        yield forbidden(f"spec.{source}", "may not specify more than 1 volume type")
    yield from _source_details(spec, stated)
    if "local" in stated and spec.get("nodeAffinity") is None:
        yield required("spec.nodeAffinity", "Local volume requires node affinity")


def _source_details(spec: Obj, stated: list[str]) -> Iterator[Cause]:
    for source in stated[:1]:
        for key in (*SOURCES.get(source, ()), *(("volumeHandle",) if source == "csi" else ())):
            if not spec[source].get(key):
                yield required(f"spec.{source}.{key}")
    root = posixpath.normpath((spec.get("hostPath") or {}).get("path") or ".")
    if root == "/" and spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        why = "may not be 'recycle' for a hostPath mount of '/'"
        yield forbidden("spec.persistentVolumeReclaimPolicy", why)
    yield from _class_name(spec, "spec")
    if spec.get("volumeMode") not in (None, "Filesystem", "Block"):
        yield not_supported("spec.volumeMode", spec["volumeMode"], ("Block", "Filesystem"))
    required_terms = (spec.get("nodeAffinity") or {}).get("required")
    if required_terms is not None:
        yield from node_selector(required_terms, "spec.nodeAffinity.required")
    elif spec.get("nodeAffinity") is not None:
        yield required("spec.nodeAffinity.required", "must specify required node constraints")


def _class_name(spec: Obj, path: str) -> Iterator[Cause]:
    name = spec.get("storageClassName")
    for problem in dns_subdomain(name) if name else ():
        yield invalid(f"{path}.storageClassName", name, problem)


def volume_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _volume_spec(new["spec"])
    before, after = (printed_struct(obj["spec"], "PersistentVolumeSource") for obj in (old, new))
    if before != after:
        why = "spec.persistentvolumesource is immutable after creation\n"
        yield forbidden("spec.persistentvolumesource", why + diff(before, after))
    yield from immutable(new["spec"].get("volumeMode"), old["spec"].get("volumeMode"), "spec.volumeMode")


def storage_class(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    if not obj.get("provisioner"):
        yield required("provisioner")
    for problem in qualified_name_problems(obj["provisioner"].lower()) if obj.get("provisioner") else ():
        yield invalid("provisioner", obj["provisioner"], problem)
    for key in obj.get("parameters") or {}:
        if not key:
            yield invalid("parameters", key, "field can not be empty.")
    policy = obj.get("reclaimPolicy")
    if policy not in ("Delete", "Retain"):
        yield not_supported("reclaimPolicy", policy, ("Delete", "Retain"))
    mode = obj.get("volumeBindingMode")
    if mode not in ("Immediate", "WaitForFirstConsumer"):
        yield not_supported("volumeBindingMode", mode, ("Immediate", "WaitForFirstConsumer"))


def storage_class_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    if (new.get("parameters") or {}) != (old.get("parameters") or {}):
        yield forbidden("parameters", "updates to parameters are forbidden.")
    for key in ("provisioner", "reclaimPolicy", "volumeBindingMode"):
        yield from immutable(new.get(key), old.get(key), key)
