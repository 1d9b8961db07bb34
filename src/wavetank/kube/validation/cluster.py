"""Rules of namespaces, nodes and the definitions of custom resources."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import Cause
from ..types import Obj
from .causes import duplicate, forbidden, invalid, not_supported, required
from .internal import printed_struct
from .metadata import label_key, metadata, metadata_update
from .names import dns_label, label_value_problems

_SECURITY = "pod-security.kubernetes.io"
_LEVELS = ("privileged", "baseline", "restricted")
_LEAST_TOKEN_SECONDS = 600
_MOST_TOKEN_SECONDS = 2**32
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def namespace(obj: Obj) -> Iterator[Cause]:
    meta = obj.get("metadata") or {}
    yield from metadata(meta, dns_label)
    yield from _security_levels(meta.get("labels") or {})


def namespace_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _security_levels(new["metadata"].get("labels") or {})


def _security_levels(labels: dict[str, str]) -> Iterator[Cause]:
    """The labels of pod security, which its admission plugin refuses in the form of field errors."""
    for mode in ("enforce", "audit", "warn"):
        level, version = labels.get(f"{_SECURITY}/{mode}"), labels.get(f"{_SECURITY}/{mode}-version")
        if level is not None and level not in _LEVELS:
            path = f"metadata.labels[{_SECURITY}/{mode}]"
            yield invalid(path, level, f"must be one of {', '.join(_LEVELS)}")
        if version is not None and version != "latest" and not re.fullmatch(r"v1\.\d+", version):
            yield invalid(f"metadata.labels[{_SECURITY}/{mode}-version]", version, 'must be "latest" or "v1.x"')


def node(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from _taints(obj)


def node_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    after, before = new.get("spec") or {}, old.get("spec") or {}
    for key, name in (("podCIDRs", "podCIDR"), ("providerID", "providerID")):
        if before.get(key) and before[key] != after.get(key):
            yield forbidden(f"spec.{key}", f'node updates may not change {name} except from "" to valid')
    yield from _taints(new)


def _taints(obj: Obj) -> Iterator[Cause]:
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate((obj.get("spec") or {}).get("taints") or ()):
        # Upstream looks at them from ``metadata``, and says so.
        path = f"metadata.taints[{index}]"
        key, effect = taint.get("key", ""), taint.get("effect", "")
        yield from label_key(key, f"{path}.key")
        problems = label_value_problems(taint.get("value", ""))
        if problems:
            yield invalid(f"{path}.value", taint["value"], ";".join(problems))
        if not effect:
            yield required(f"{path}.effect")
        elif effect not in _EFFECTS:
            yield not_supported(f"{path}.effect", effect, _EFFECTS)
        if (key, effect) in seen:
            detail = "taints must be unique by key and effect pair"
            yield duplicate(path, printed_struct(taint, "Taint"), detail)
        seen.add((key, effect))


def token_request(obj: Obj) -> Iterator[Cause]:
    seconds = (obj.get("spec") or {}).get("expirationSeconds", _LEAST_TOKEN_SECONDS)
    path = "spec.expirationSeconds"
    if seconds < _LEAST_TOKEN_SECONDS:
        yield invalid(path, seconds, "may not specify a duration less than 10 minutes")
    elif seconds > _MOST_TOKEN_SECONDS:
        yield invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")
