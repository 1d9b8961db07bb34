"""Merging an applied configuration into a live object by the schema, and checking it against the schema first.

Server-side apply calls this; it follows structured-merge-diff (``typed/merge.go``, ``typed/validate.go``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from .fieldsets import KeyMissingError, Path, child_node, element_of, path_text, shape
from .schema import ANY, Node
from .types import Obj


def merged(live: Any, config: Any, node: Node) -> Any:
    """``live`` with everything that ``config`` states; what it does not mention stays."""
    if shape(node, config) != shape(node, live):
        return config
    match shape(node, config):
        case "leaf":
            return config
        case "map":
            return _merged_map(live, config, node)
        case "list":
            return _merged_list(live, config, node)


def _merged_map(live: Obj, config: Obj, node: Node) -> Obj:
    result = dict(live)
    for key, value in config.items():
        if value is not None:
            inner = child_node(node, key) or ANY
            result[key] = merged(live[key], value, inner) if key in live else value
    return result


def _merged_list(live: list[Any], config: list[Any], node: Node) -> list[Any]:
    """Elements of both keep the order of ``config``; those of ``live`` alone stay where they were among them."""
    before = [(element_of(node, item), item) for item in live]
    old = dict(reversed(before))
    new = {element_of(node, item): item for item in config}
    own = {element: item for element, item in before if element not in new}

    def both(element: str) -> Any:
        if element in own:
            return own[element]
        return merged(old[element], new[element], node.items or ANY) if element in old else new[element]

    return [both(element) for element in _merged_order([e for e, _ in before], list(new))]


def _merged_order(live: list[str], config: list[str]) -> list[str]:
    """``mergingWalker.visitListItems``: a live element that the configuration has elsewhere waits for its turn there."""
    wanted, present = set(config), set(live)
    shared = deque(e for e in config if e in present)
    left, right = deque(live), deque(config)
    result: list[str] = []
    while left or right:
        if left and left[0] not in wanted:
            result.append(left.popleft())
        elif left and (not right or (left[0] != right[0] and shared and shared[0] != left[0])):
            left.popleft()
        else:
            element = right.popleft()
            result.append(element)
            if left and left[0] == element:
                left.popleft()
            if shared and shared[0] == element:
                shared.popleft()
    return result


def problems(config: Any, node: Node) -> list[str]:
    """Why ``config`` does not fit the schema, each as ``.path: reason``; empty when it does."""
    return [f"{path_text(path)}: {why}" if path else why for path, why in _problems(config, node, ())]


def _problems(value: Any, node: Node, path: Path) -> Iterator[tuple[Path, str]]:
    if value is None or node.type == "any":
        return
    wanted = _mismatch(value, node)
    if wanted:
        yield path, wanted
    elif isinstance(value, dict):
        for key, below in value.items():
            inner = child_node(node, key)
            here = (*path, f"f:{key}")
            if inner is None:
                yield here, "field not declared in schema"
            else:
                yield from _problems(below, inner, here)
    elif isinstance(value, list):
        yield from _list_problems(value, node, path)


def _list_problems(value: list[Any], node: Node, path: Path) -> Iterator[tuple[Path, str]]:
    keyed = node.list_type in ("map", "set")
    seen: set[str] = set()
    for index, item in enumerate(value):
        try:
            element = element_of(node, item) if keyed else f"i:{index}"
        except KeyMissingError as error:
            yield path, f"element {index}: {error}"
            continue
        if element in seen:
            yield path, f"duplicate entries for key {path_text((element,))}"
        seen.add(element)
        yield from _problems(item, node.items or ANY, (*path, element))


def _mismatch(value: Any, node: Node) -> str:
    """What was expected instead of ``value``; empty when its type is right."""
    shown = f"got &value.valueUnstructured{{Value:{value!r}}}"
    match node.type:
        case "object":
            return "" if isinstance(value, dict) else f"expected map, {shown}"
        case "array":
            return "" if isinstance(value, list) else f"expected list, {shown}"
        case "integer" | "number":
            fits = isinstance(value, int | float) and not isinstance(value, bool)
            return "" if fits else f"expected numeric (int or float), got {_go_kind(value)}"
        case "boolean":
            return "" if isinstance(value, bool) else f"expected boolean, {shown}"
        case "string" | "time" | "microTime" | "bytes":
            return "" if isinstance(value, str) else f"expected string, {shown}"
        case _:
            fits = isinstance(value, str | int | float) and not isinstance(value, bool)
            return "" if fits else f"expected string or number, {shown}"


def _go_kind(value: Any) -> str:
    names = {bool: "bool", str: "string", dict: "map[string]interface {}", list: "[]interface {}"}
    return names.get(type(value), "interface {}")
