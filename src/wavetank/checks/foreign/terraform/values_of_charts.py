"""The values that a ``helm_release`` gives its chart: ``values`` documents and ``set`` blocks together."""

from __future__ import annotations

from typing import Any

import yaml

from wavetank.checks.aws import Encoded, Resource
from wavetank.checks.manifests import items
from wavetank.kube.types import Obj

from .reading import text


def release_values(release: Resource) -> Obj | None:
    """What the chart is given; None when a part of it cannot be read. Unknown leaves stay UNKNOWN."""
    documents = release.body.get("values", [])
    if not isinstance(documents, list):
        return None
    found: Obj = {}
    for document in documents:
        value = _document(document)
        if value is None:
            return None
        found = _merged(found, value)
    for block in items(release.body.get("set")):
        name = text(block.get("name"))
        if name is None:
            return None
        _put(found, name.replace("\\.", "\0").split("."), block.get("value"))
    return found


def _document(document: Any) -> Obj | None:
    if isinstance(document, Encoded):
        return document.value if isinstance(document.value, dict) else None
    if not isinstance(document, str):
        return None
    try:
        value = yaml.safe_load(document)
    except yaml.YAMLError:
        return None
    return value if isinstance(value, dict) else {} if value is None else None


def _merged(below: Obj, above: Obj) -> Obj:
    both = {key: _merged(below[key], value) for key, value in above.items() if _are_maps(below.get(key), value)}
    return {**below, **above, **both}


def _are_maps(a: Any, b: Any) -> bool:
    return isinstance(a, dict) and isinstance(b, dict)


def _put(values: Obj, path: list[str], value: Any) -> None:
    *parents, last = (step.replace("\0", ".") for step in path)
    for step in parents:
        inner = values.get(step)
        values[step] = dict(inner) if isinstance(inner, dict) else {}
        values = values[step]
    values[last] = value
