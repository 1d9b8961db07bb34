"""Custom resources against their structural schema: defaults, and validation in apiextensions' words.

The API server calls ``defaulted`` on what it stores and what it reads, and ``violations`` on what it is asked to store.
Pruning is ``decoding``'s. Rules in CEL are evaluated unless the schema is broken in a way that keeps them from it;
``violations`` says so then, as a real server does.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .errors import Cause
from .schema import Node
from .structural_rules import Place, has_rules, rule_causes
from .structural_values import ABSENT, child, value_causes
from .validation.causes import duplicate, invalid, printed, required

#: What is said instead of asking the rules.
SKIPPED = (
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)
#: After these, no rule can rely on the object's shape (``hasBlockingErr``).
_BLOCKING = frozenset(f"FieldValue{kind}" for kind in ("NotSupported", "Required", "TooLong", "TooMany", "TypeInvalid"))


def defaulted(value: Any, node: Node) -> Any:
    """``value`` with the schema's defaults (``structural/defaulting``); a null gives way to a default unless nullable."""
    if isinstance(value, dict):
        return _defaulted_object(value, node)
    if isinstance(value, list) and node.items is not None:
        items = node.items
        return [defaulted(item, items) for item in value]
    return value


def _defaulted_object(value: Mapping[str, Any], node: Node) -> dict[str, Any]:
    result = dict(value)
    for key, field in node.fields.items():
        absent = key not in result or (result[key] is None and not field.schema.get("nullable"))
        if absent and "default" in field.schema:
            result[key] = copy.deepcopy(field.schema["default"])
        if key in result:
            result[key] = defaulted(result[key], field)
    if node.additional is not None:
        additional = node.additional
        result |= {k: defaulted(v, additional) for k, v in value.items() if k not in node.fields}
    return result


def violations(
    obj: Any,
    node: Node,
    old: Any = None,
    *,
    also: Callable[[], list[Cause]] = list,
    warn: Callable[[str], None] = lambda _: None,
) -> list[Cause]:
    """Everything in ``obj`` that the schema refuses, then what its rules do.

    ``old`` is the object before an update: what has not changed is not held against the writer, but ``warn`` is told of rules
    that it breaks. ``also`` finds what is wrong beside the schema, such as with the scale.
    """
    before = ABSENT if old is None else old
    found = [*value_causes(obj, node.schema, "", before), *_embedded(obj, node, "")]
    repeated = list(_duplicates(obj, node, ""))
    if repeated and (old is None or not any(True for _ in _duplicates(old, node, ""))):
        found += repeated
    found += also()
    if not has_rules(node.schema):
        return found
    if any(cause.reason in _BLOCKING for cause in found):
        return [*found, Cause("FieldValueInvalid", SKIPPED, "<nil>")]
    return [*found, *rule_causes(Place(obj, node.schema, "", before), warn)]


def _embedded(value: Any, node: Node, path: str) -> Iterator[Cause]:
    """Objects inside of objects have a type (``schemaobjectmeta.Validate``)."""
    if isinstance(value, Mapping):
        if node.schema.get("x-kubernetes-embedded-resource"):
            yield from _type_of_embedded(value, path)
        for key, item in value.items():
            below = node.fields.get(key, node.additional)
            if below is not None and below.custom:
                yield from _embedded(item, below, child(path, key))
    elif isinstance(value, list) and node.items is not None:
        for index, item in enumerate(value):
            yield from _embedded(item, node.items, f"{path}[{index}]")


def _type_of_embedded(value: Mapping[str, Any], path: str) -> Iterator[Cause]:
    version, kind = value.get("apiVersion"), value.get("kind")
    if not version:
        yield required(f"{path}.apiVersion", "must not be empty")
    elif str(version).count("/") > 1:
        yield invalid(f"{path}.apiVersion", version, f"unexpected GroupVersion string: {version}")
    if not kind:
        yield required(f"{path}.kind", "must not be empty")
    elif re.search("[/%]", str(kind)):
        yield invalid(f"{path}.kind", kind, "may not contain '/'" if "/" in str(kind) else "may not contain '%'")


def _duplicates(value: Any, node: Node, path: str) -> Iterator[Cause]:
    """Repeated entries of lists of type ``set`` and ``map`` (``structural-listtype``)."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            below = node.fields.get(key, node.additional)
            if below is not None and below.custom:
                yield from _duplicates(item, below, child(path, key))
    elif isinstance(value, list) and node.items is not None:
        seen: set[str] = set()
        for index, item in enumerate(value):
            identity = _identity(item, node)
            if identity is not None:
                if printed(identity) in seen:
                    yield duplicate(f"{path}[{index}]", identity)
                seen.add(printed(identity))
            yield from _duplicates(item, node.items, f"{path}[{index}]")


def _identity(item: Any, node: Node) -> Any:
    if node.list_type == "set":
        return item
    if node.list_type == "map" and isinstance(item, Mapping):
        return {key: item[key] for key in sorted(node.list_map_keys) if key in item}
    return None
