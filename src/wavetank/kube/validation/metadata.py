"""Rules of ``metadata`` that hold for every kind (apimachinery ``api/validation/objectmeta.go``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import Cause
from ..types import Obj
from .causes import forbidden, invalid, required, too_long
from .names import Names, dns_subdomain, label_value_problems, qualified_name_problems

MAX_ANNOTATION_BYTES = 256 * 1024
_STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
IMMUTABLE = "field is immutable"


def metadata(meta: Obj, names: Names = dns_subdomain, path: str = "metadata") -> Iterator[Cause]:
    generate, name = meta.get("generateName"), meta.get("name")
    if generate:
        for problem in names(generate[:-1] + "a" if generate.endswith("-") else generate):
            yield invalid(f"{path}.generateName", generate, problem)
    if not name and not generate:
        yield required(f"{path}.name", "name or generateName is required")
    elif name:
        for problem in names(name):
            yield invalid(f"{path}.name", name, problem)
    # Every event comes by here, and has none of these.
    if meta.get("labels"):
        yield from label_map(meta["labels"], f"{path}.labels")
    if meta.get("annotations"):
        yield from annotation_map(meta["annotations"], f"{path}.annotations")
    if meta.get("ownerReferences"):
        yield from _owners(meta["ownerReferences"], f"{path}.ownerReferences")
    for finalizer in meta.get("finalizers") or ():
        for problem in qualified_name_problems(finalizer):
            yield invalid(f"{path}.finalizers", finalizer, problem)


def known_finalizers(meta: Obj, path: str = "metadata") -> Iterator[Cause]:
    """Built-in kinds know the short names of finalizers (core ``ValidateObjectMeta``); custom ones may invent theirs."""
    for index, finalizer in enumerate(meta.get("finalizers") or ()):
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            why = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid(f"{path}.finalizers[{index}]", finalizer, why)


def label_map(values: Mapping[str, Any], path: str) -> Iterator[Cause]:
    for key, value in sorted(values.items()):
        for problem in qualified_name_problems(key):
            yield invalid(path, key, problem)
        for problem in label_value_problems(value):
            yield invalid(path, value, problem)


def label_key(key: str, path: str) -> Iterator[Cause]:
    for problem in qualified_name_problems(key):
        yield invalid(path, key, problem)


def annotation_map(values: Mapping[str, str], path: str) -> Iterator[Cause]:
    for key in sorted(values):
        # Upper case is allowed in annotation keys, for what was written before labels had rules.
        for problem in qualified_name_problems(key.lower()):
            yield invalid(path, key, problem)
    if sum(len(k.encode()) + len(v.encode()) for k, v in values.items()) > MAX_ANNOTATION_BYTES:
        yield too_long(path, MAX_ANNOTATION_BYTES)


def _owners(references: list[Obj], path: str) -> Iterator[Cause]:
    controller = ""
    for index, owner in enumerate(references):
        for key in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(key):
                yield invalid(f"{path}[{index}].{key}", "", "must not be empty")
        if owner.get("controller"):
            if controller:
                found = f'Found "true" in references for {controller} and {owner.get("name")}'
                yield invalid(path, references, f"Only one reference can have Controller set to true. {found}")
            controller = str(owner.get("name"))


def metadata_update(new: Obj, old: Obj, path: str = "metadata") -> Iterator[Cause]:
    """What an update may not change, whatever the kind."""
    if old.get("deletionTimestamp"):
        added = sorted(set(new.get("finalizers") or ()) - set(old.get("finalizers") or ()))
        if added:
            listed = ", ".join(f'"{name}"' for name in added)
            why = "no new finalizers can be added if the object is being deleted, found new finalizers []string"
            yield forbidden(f"{path}.finalizers", f"{why}{{{listed}}}")
    for key in ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp"):
        if key in new and new[key] != old.get(key) and (new[key] or old.get(key)):
            yield invalid(f"{path}.{key}", new[key], IMMUTABLE)
    yield from label_map(new.get("labels") or {}, f"{path}.labels")
    yield from annotation_map(new.get("annotations") or {}, f"{path}.annotations")
    yield from _owners(new.get("ownerReferences") or [], f"{path}.ownerReferences")


def immutable(new: Any, old: Any, path: str) -> Iterator[Cause]:
    if new != old:
        yield invalid(path, new, IMMUTABLE)
