"""Rules of namespaces, nodes and the definitions of custom resources."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import Cause
from ..types import Obj
from .causes import duplicate, invalid, not_supported, required
from .definition_schemas import schema_causes
from .internal import printed_struct
from .metadata import immutable, label_map, metadata, metadata_update
from .names import dns_1035_label, dns_label, dns_subdomain

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
    yield from _taints(new)


def _taints(obj: Obj) -> Iterator[Cause]:
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate((obj.get("spec") or {}).get("taints") or ()):
        path = f"spec.taints[{index}]"
        key, effect = taint.get("key", ""), taint.get("effect", "")
        yield from label_map({key: taint.get("value", "")}, f"{path}.key")
        if not effect:
            yield required(f"{path}.effect")
        elif effect not in _EFFECTS:
            yield not_supported(f"{path}.effect", effect, _EFFECTS)
        if (key, effect) in seen:
            yield duplicate(path, printed_struct(taint, "Taint"))
        seen.add((key, effect))


def token_request(obj: Obj) -> Iterator[Cause]:
    seconds = (obj.get("spec") or {}).get("expirationSeconds", _LEAST_TOKEN_SECONDS)
    path = "spec.expirationSeconds"
    if seconds < _LEAST_TOKEN_SECONDS:
        yield invalid(path, seconds, "may not specify a duration less than 10 minutes")
    elif seconds > _MOST_TOKEN_SECONDS:
        yield invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")


def definition(obj: Obj) -> Iterator[Cause]:
    meta, spec = obj.get("metadata") or {}, obj.get("spec") or {}
    names = spec.get("names") or {}
    wanted = f"{names.get('plural', '')}.{spec.get('group', '')}"
    yield from metadata(meta)
    if meta.get("name") != wanted:
        yield invalid("metadata.name", meta.get("name"), 'must be spec.names.plural+"."+spec.group')
    yield from _definition_spec(spec)


def _definition_spec(spec: Obj) -> Iterator[Cause]:
    group, versions = spec.get("group", ""), spec.get("versions") or []
    if not group:
        yield required("spec.group")
    elif "." not in group:
        yield invalid("spec.group", group, "should be a domain with at least one dot")
    for problem in dns_subdomain(group) if group else ():
        yield invalid("spec.group", group, problem)
    if spec.get("scope") not in ("Cluster", "Namespaced"):
        yield not_supported("spec.scope", spec.get("scope", ""), ("Cluster", "Namespaced"))
    if sum(bool(version.get("storage")) for version in versions) != 1:
        yield invalid("spec.versions", versions, "must have exactly one version marked as storage version")
    for index, version in enumerate(versions):
        schema, path = (
            (version.get("schema") or {}).get("openAPIV3Schema"),
            f"spec.versions[{index}].schema.openAPIV3Schema",
        )
        if schema is None:
            yield required(path, "schemas are required")
        else:
            yield from schema_causes(schema, path)
    yield from _definition_names(spec.get("names") or {})


def _definition_names(names: Obj) -> Iterator[Cause]:
    for key in ("plural", "singular", "kind", "listKind"):
        value = names.get(key, "")
        if not value:
            yield required(f"spec.names.{key}")
        else:
            for problem in dns_1035_label(value.lower()):
                yield invalid(f"spec.names.{key}", value, problem)


def definition_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _definition_spec(new["spec"])
    for key in ("group", "scope"):
        yield from immutable(new["spec"].get(key), old["spec"].get(key), f"spec.{key}")
    for key in ("plural", "kind"):
        after, before = ((obj["spec"].get("names") or {}).get(key) for obj in (new, old))
        yield from immutable(after, before, f"spec.names.{key}")
