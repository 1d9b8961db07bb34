"""Sets of fields of an object, as ``managedFields`` records them: their paths, their JSON form, what differs.

Server-side apply is built on this; it follows structured-merge-diff (``fieldpath``, ``typed``). A path is a tuple of
elements in the form of FieldsV1: ``f:spec`` (a field), ``k:{"name":"a"}`` (an element of a keyed list), ``v:"x"`` (an
element of a set). Nothing here knows of managers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypeAlias

from .schema import ANY, Node
from .types import Obj

Path: TypeAlias = tuple[str, ...]
FieldSet: TypeAlias = frozenset[Path]
Shape: TypeAlias = Literal["leaf", "map", "list"]

EMPTY: FieldSet = frozenset()
MISSING = object()
_SELF = "."
_ELEMENT_ORDER = {"f": 0, "k": 1, "v": 2, "i": 3}
#: Fields of a list element's key that may be left out because the API fills them in.
_KEY_DEFAULTS: Mapping[str, Any] = {"protocol": "TCP"}
#: Structs (and one list) that Go's types always hold, even in an empty object, because they are no pointers.
_ALWAYS_PRESENT = frozenset(
    {
        "metadata",
        "spec",
        "status",
        "template",
        "strategy",
        "updateStrategy",
        "jobTemplate",
        "podSelector",
        "scaleTargetRef",
        "roleRef",
        "involvedObject",
        "regarding",
        "source",
        "nodeInfo",
        "daemonEndpoints",
        "loadBalancer",
        "resources",
        "containers",
    }
)


class KeyMissingError(ValueError):
    """An element of a keyed list lacks a part of its key."""


# Structure ---------------------------------------------------------------------------------------------------------


def child_node(node: Node, key: str) -> Node | None:
    """The structure of one field or map entry; None when the schema does not know it."""
    known = node.fields.get(key) or node.additional
    if known is not None:
        return known
    return ANY if node.type == "any" or node.preserve_unknown else None


def shape(node: Node, value: Any) -> Shape:
    """How ``value`` is merged: as a whole, by its keys, or by its elements."""
    if isinstance(value, dict):
        if node.type == "object" or node.fields:
            return "leaf" if node.map_type == "atomic" else "map"
        return "map" if _is_deduced(node) else "leaf"
    if isinstance(value, list) and node.type == "array":
        return "list" if node.list_type in ("map", "set") else "leaf"
    return "leaf"


def _is_deduced(node: Node) -> bool:
    """Free-form JSON of a custom resource merges by its keys; that of a built-in kind is one value."""
    return node.type == "any" and (node.custom or not node.go_type)


def element_of(node: Node, item: Any) -> str:
    """The path element of one item of a keyed list or set; raises KeyMissingError."""
    if node.list_type == "set":
        return "v:" + _json(item)
    defaults = _key_defaults(node)
    key: dict[str, Any] = {}
    for name in sorted(node.list_map_keys):
        if isinstance(item, dict) and name in item:
            key[name] = item[name]
        elif name in defaults:
            key[name] = defaults[name]
    if not key:
        name = node.list_map_keys[0]
        raise KeyMissingError(
            f'associative list with keys has an element that omits key field "{name}" (and doesn\'t have default value)'
        )
    return "k:" + _json(key)


def _key_defaults(node: Node) -> Mapping[str, Any]:
    if not node.custom:
        return _KEY_DEFAULTS
    properties: Mapping[str, Any] = (node.items.schema.get("properties") or {}) if node.items else {}
    return {name: p["default"] for name, p in properties.items() if isinstance(p, Mapping) and "default" in p}


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# The JSON form -----------------------------------------------------------------------------------------------------


class UnreadableFieldsError(Exception):
    """What somebody wrote as fieldsV1 is no set of fields."""


def from_fields_v1(tree: Mapping[str, Any]) -> FieldSet:
    """Raises UnreadableFieldsError."""
    return frozenset(_paths_of(tree, ()))


def _paths_of(tree: Mapping[str, Any], prefix: Path) -> Iterator[Path]:
    if not isinstance(tree, Mapping):
        raise UnreadableFieldsError(f"{tree!r} is no map of fields")
    for element, below in tree.items():
        if element == _SELF:
            yield prefix
        elif element[:1] not in _ELEMENT_ORDER or element[1:2] != ":":
            raise UnreadableFieldsError(f"{element!r} is no path element")
        elif not below:
            yield (*prefix, element)
        else:
            yield from _paths_of(below, (*prefix, element))


def to_fields_v1(paths: FieldSet) -> Obj:
    """Nested maps; a path that has others below it is marked by a ``.``."""
    tree: Obj = {}
    for path in sorted(paths, key=_path_order):
        below = tree
        for element in path:
            below = below.setdefault(element, {})
        below[_SELF] = {}
    return {element: _without_lone_marks(below) for element, below in tree.items()}


def _without_lone_marks(tree: Obj) -> Obj:
    if tree.keys() == {_SELF}:
        return {}
    return {k: _without_lone_marks(v) if k != _SELF else {} for k, v in tree.items()}


def _path_order(path: Path) -> tuple[tuple[int, str], ...]:
    return tuple((_ELEMENT_ORDER[e[0]], e) for e in path)


def path_text(path: Path) -> str:
    """``.spec.containers[name="a"].image``, as conflicts name it."""
    return "".join(map(_element_text, path))


def _element_text(element: str) -> str:
    kind, rest = element[0], element[2:]
    match kind:
        case "f":
            return f".{rest}"
        case "k":
            return "[" + ",".join(f"{k}={_json(v)}" for k, v in json.loads(rest).items()) + "]"
        case "v":
            return f"[={rest}]"
        case _:
            return f"[{rest}]"


def ordered(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=_path_order)


# The fields of an object -------------------------------------------------------------------------------------------


def fields_of(obj: Any, node: Node) -> FieldSet:
    """Every field that ``obj`` states: leaves, entries of maps, elements of keyed lists (``ToFieldSet``)."""
    return frozenset(_stated(obj, node, ()))


def _stated(value: Any, node: Node, path: Path) -> Iterator[Path]:
    match shape(node, value):
        case "leaf":
            yield path
        case "map":
            for key, below in value.items():
                inner = child_node(node, key)
                if inner is None:
                    continue
                here = (*path, f"f:{key}")
                yield from _stated(below, inner, here)
                if key not in node.fields or below in (None, {}):
                    yield here
        case "list":
            for element, item in _items(value, node):
                here = (*path, element)
                yield here
                if isinstance(item, dict):
                    yield from _stated(item, node.items or ANY, here)


def _items(values: Sequence[Any], node: Node) -> Iterator[tuple[str, Any]]:
    return ((element_of(node, item), item) for item in values)


@dataclass
class Difference:
    """What became of the fields between two versions of an object."""

    added: set[Path] = field(default_factory=set)
    modified: set[Path] = field(default_factory=set)
    removed: set[Path] = field(default_factory=set)

    @property
    def changed(self) -> FieldSet:
        return frozenset(self.added | self.modified)

    def without(self, prefixes: Iterable[Path]) -> Difference:
        """The difference outside the fields that ``prefixes`` lead to."""
        left_out = tuple(prefixes)
        return Difference(*(set(outside(part, left_out)) for part in (self.added, self.modified, self.removed)))


def outside(paths: Iterable[Path], prefixes: Sequence[Path]) -> FieldSet:
    """Those of ``paths`` that are neither one of ``prefixes`` nor below one."""
    return frozenset(p for p in paths if not any(p[: len(prefix)] == prefix for prefix in prefixes))


def difference(old: Any, new: Any, node: Node) -> Difference:
    """Field by field, what is added, modified and removed (``TypedValue.Compare``)."""
    found = Difference()
    _compare(old, new, node, (), found)
    return found


def _compare(old: Any, new: Any, node: Node, path: Path, found: Difference) -> None:
    if old is new:
        return
    old_shape = shape(node, old) if old is not MISSING else None
    new_shape = shape(node, new) if new is not MISSING else None
    empty = (old is MISSING or not old) and (new is MISSING or not new)
    if "leaf" in (old_shape, new_shape) or (old_shape and new_shape and old_shape != new_shape) or empty:
        _compare_leaf(old, new, path, found)
        return
    if "map" in (old_shape, new_shape):
        _compare_maps({} if old is MISSING else old, {} if new is MISSING else new, node, path, found, old is MISSING)
    else:
        _compare_lists([] if old is MISSING else old, [] if new is MISSING else new, node, path, found)
    if old is MISSING:
        found.added.add(path)
    elif new is MISSING:
        found.removed.add(path)


def _compare_leaf(old: Any, new: Any, path: Path, found: Difference) -> None:
    if old is MISSING:
        found.added.add(path)
    elif new is MISSING:
        found.removed.add(path)
    elif old != new:
        found.modified.add(path)


def _compare_maps(old: Obj, new: Obj, node: Node, path: Path, found: Difference, parent_is_new: bool) -> None:
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key, MISSING), new.get(key, MISSING)
        inner = child_node(node, key)
        if before is after or inner is None:
            continue
        if before is MISSING and key in _ALWAYS_PRESENT and not parent_is_new and not inner.custom:
            before = [] if isinstance(after, list) else {}
        _compare(before, after, inner, (*path, f"f:{key}"), found)


def _compare_lists(old: list[Any], new: list[Any], node: Node, path: Path, found: Difference) -> None:
    before, after = dict(_items(old, node)), dict(_items(new, node))
    for element in dict.fromkeys((*before, *after)):
        items = before.get(element, MISSING), after.get(element, MISSING)
        _compare(*items, node.items or ANY, (*path, element), found)


# Removal -----------------------------------------------------------------------------------------------------------


def without_fields(obj: Obj, removed: FieldSet, node: Node) -> Obj:
    """``obj`` without the fields, map entries and list elements in ``removed`` (``RemoveItems``)."""
    kept = _kept(obj, _trie(removed), node)
    return kept if isinstance(kept, dict) else {}


@dataclass
class _Trie:
    member: bool = False
    below: dict[str, _Trie] = field(default_factory=dict)


def _trie(paths: FieldSet) -> _Trie:
    root = _Trie()
    for path in paths:
        at = root
        for element in path:
            at = at.below.setdefault(element, _Trie())
        at.member = True
    return root


def _kept(value: Any, removed: _Trie, node: Node) -> Any:
    """None when nothing is left of a map or list."""
    if not removed.below:
        return value
    match shape(node, value):
        case "leaf":
            return value
        case "map":
            entries = ((k, v, removed.below.get(f"f:{k}"), child_node(node, k)) for k, v in value.items())
            left = {k: _kept(v, t, n or ANY) if t else v for k, v, t, n in entries if not (t and t.member)}
            return {k: v for k, v in left.items() if v is not None} or None
        case "list":
            items = ((item, removed.below.get(element)) for element, item in _items(value, node))
            return [_kept(i, t, node.items or ANY) if t else i for i, t in items if not (t and t.member)] or None


def with_named_parents(paths: FieldSet, node: Node) -> FieldSet:
    """``paths`` and the struct fields on the way to them (``EnsureNamedFieldsAreMembers``)."""
    found = set(paths)
    for path in paths:
        at: Node | None = node
        for depth, element in enumerate(path[:-1], start=1):
            if at is None:
                break
            if element[0] == "f" and element[2:] in at.fields:
                found.add(path[:depth])
            at = child_node(at, element[2:]) if element[0] == "f" else at.items
    return frozenset(found)


@cache
def field_path(dotted: str) -> Path:
    """``metadata.name`` as a path."""
    return tuple(f"f:{part}" for part in dotted.split("."))
