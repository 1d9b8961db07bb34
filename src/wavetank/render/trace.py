"""The thread from a rendered line back to the plan: values that know their path, lines that know their path.

Renderers wrap what they write in ``Traced``; the two emitters (``hcl``, ``yaml``) turn values into ``Line``s and hand the path
of the innermost ``Traced`` down to every line it covers. Nothing here knows a file format.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from wavetank.plan.reasons import camel_case, field_path, key_path


@dataclass(frozen=True)
class Line:
    """One line of a rendered file, without its line break; ``path`` names the plan value behind it, "" none."""

    text: str
    path: str = ""

    def indented(self, columns: int) -> Line:
        """The same line further right; an empty line stays empty."""
        return Line(" " * columns + self.text, self.path) if self.text else self


@dataclass(frozen=True)
class Traced:
    """A value together with the path of the plan value it comes from; ``note`` becomes a comment above it."""

    value: Any
    path: str
    note: str = ""


#: what most values are. Asking an abstract type costs ten times as much as asking for one of these, and a bundle asks a
#: million times.
_SCALARS = frozenset({str, int, bool, float, type(None)})
_LISTS = frozenset({list, tuple})


def is_map(value: Any) -> bool:
    kind = type(value)
    return kind is dict or (kind not in _SCALARS and kind not in _LISTS and isinstance(value, Mapping))


def is_list(value: Any) -> bool:
    kind = type(value)
    return kind in _LISTS or (kind is not dict and kind not in _SCALARS and isinstance(value, Sequence))


def untraced(value: Any) -> tuple[Any, str, str]:
    """The bare value, and the path and note it was wrapped with; of nested wrappers the innermost path counts."""
    path = note = ""
    while isinstance(value, Traced):
        path, note, value = value.path or path, note or value.note, value.value
    return value, path, note


def bare(value: Any) -> Any:
    """The JSON value without any wrapper at any depth."""
    value = untraced(value)[0]
    if isinstance(value, str):
        return value
    if is_map(value):
        return {key: bare(item) for key, item in value.items()}
    if is_list(value):
        return [bare(item) for item in value]
    return value


# --- wrapping whole trees ---------------------------------------------------------------------------------------------


def tree(value: Any, path: str) -> Traced:
    """A value in Kubernetes' own shape with a path on every leaf: ``resources.requests.memory``, ``env[LOG_LEVEL]``."""
    if isinstance(value, str):
        return Traced(value, path)
    if is_map(value):
        return Traced({key: tree(item, field_path(path, key)) for key, item in value.items()}, path)
    if is_list(value):
        return Traced([tree(item, key_path(path, element_key(item, at))) for at, item in enumerate(value)], path)
    return Traced(value, path)


def entries(mapping: Mapping[str, Any], path: str) -> Traced:
    """A map with free keys (labels, ConfigMap data, quota) with a path on every entry: ``labels[app]``."""
    return Traced({key: tree(item, key_path(path, key)) for key, item in mapping.items()}, path)


def element_key(element: Any, index: int) -> str | int:
    """How a path names an element of a list: by its name when it has one, else by its index."""
    name = _name(element)
    return name if isinstance(name, str) and name and "[" not in name and "]" not in name else index


def _name(element: Any) -> Any:
    return element.get("name") if is_map(element) else getattr(element, "name", None)


# --- reading the plan by path -----------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 16)
def steps(path: str) -> tuple[str, ...]:
    """The steps of a path without their punctuation: ``nodeGroups[a.b].maxSize`` is nodeGroups, a.b, maxSize."""
    found: list[str] = []
    rest = path
    while rest:
        if rest.startswith("["):
            end = rest.index("]")
            found.append(rest[1:end])
            rest = rest[end + 1 :]
        else:
            rest = rest.removeprefix(".")
            end = min((at for at in (rest.find("."), rest.find("[")) if at >= 0), default=len(rest))
            found.append(rest[:end])
            rest = rest[end:]
    return tuple(found)


def value_at(root: Any, path: str) -> Any:
    """The value of the plan (or of any part of it) that a path names.

    Raises LookupError when there is none: for a path of ours that is a mistake of ours.
    """
    value = root
    for step in steps(path):
        value = _child(value, step, path)
    return value


def _child(value: Any, step: str, path: str) -> Any:
    if is_map(value):
        if step in value:
            return value[step]
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        field = _fields(type(value)).get(step)
        if field is not None:
            return getattr(value, field)
    elif is_list(value):
        for element in value:
            if step and _name(element) == step:
                return element
        if step.isdecimal() and int(step) < len(value):
            return value[int(step)]
    raise LookupError(f"the plan has nothing at {path} (step {step!r} of a {type(value).__name__})")


@cache
def _fields(kind: type) -> Mapping[str, str]:
    """The fields of a dataclass by their names in the spec."""
    return {camel_case(field.name): field.name for field in dataclasses.fields(kind)}


def shown(value: Any) -> Any:
    """A plan value as JSON for a reader: small things whole, of a structured thing its plain fields only."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ((camel_case(field.name), getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: shown(item) for name, item in fields if _plain(item)}
    if isinstance(value, Mapping):
        return {str(key): shown(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [shown(item) for item in value]
    return str(value) if isinstance(value, Decimal) else value


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | Decimal)
