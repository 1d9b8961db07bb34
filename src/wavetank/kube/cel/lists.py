"""Lists and sets: cel-go's extensions (lists version 3, sets), and Kubernetes' ``sum``, ``min``, ``isSorted`` and their like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

from .functions import Table
from .values import NO_OVERLOAD, EvaluationError, same, type_name

_COMPARABLE = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")


def _checked_kinds(items: list[Any]) -> list[Any]:
    kinds = {type_name(item) for item in items}
    if len(kinds) > 1 and not kinds <= {"int", "uint", "double"}:
        raise EvaluationError(NO_OVERLOAD)
    return items


def _sum(items: list[Any]) -> Any:
    if items and isinstance(items[0], timedelta):
        return sum(items, timedelta())
    return sum(_checked_kinds(items))


def _extreme(name: str, choose: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    def chosen(items: list[Any]) -> Any:
        if not items:
            raise EvaluationError(f"{name} called on empty list")
        return choose(_checked_kinds(items))

    return chosen


def _is_sorted(items: list[Any]) -> bool:
    _checked_kinds(items)
    return all(a <= b for a, b in pairwise(items))


def _index_of(items: list[Any], item: Any) -> int:
    return next((index for index, each in enumerate(items) if same(each, item)), -1)


def _last_index_of(items: list[Any], item: Any) -> int:
    return next((index for index in range(len(items) - 1, -1, -1) if same(items[index], item)), -1)


def _contains(items: list[Any], part: list[Any]) -> bool:
    return all(_index_of(items, each) >= 0 for each in part)


def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if _index_of(found, item) < 0:
            found.append(item)
    return found


def _flatten(items: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise EvaluationError("level must be non-negative")
    found: list[Any] = []
    for item in items:
        found += _flatten(item, depth - 1) if isinstance(item, list) and depth else [item]
    return found


def _slice(items: list[Any], start: int, end: int) -> list[Any]:
    if start < 0 or end < 0:
        raise EvaluationError(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        raise EvaluationError(f"cannot slice({start}, {end}), start index must be less than or equal to end index")
    if end > len(items):
        raise EvaluationError(f"cannot slice({start}, {end}), list is length {len(items)}")
    return items[start:end]


def sorted_by(items: list[Any], keys: list[Any]) -> list[Any]:
    """``items`` in the order of their ``keys``."""
    _checked_kinds(keys)
    return [items[index] for index in sorted(range(len(items)), key=lambda index: keys[index])]


TABLE: Table = {
    **{f"list({kind}).sum(): {kind}": _sum for kind in ("int", "uint", "double", "duration")},
    **{f"list({kind}).min(): {kind}": _extreme("min", min) for kind in _COMPARABLE},
    **{f"list({kind}).max(): {kind}": _extreme("max", max) for kind in _COMPARABLE},
    **{f"list({kind}).isSorted(): bool": _is_sorted for kind in _COMPARABLE},
    "list(A).indexOf(A): int": _index_of,
    "list(A).lastIndexOf(A): int": _last_index_of,
    "list(A).slice(int, int): list(A)": _slice,
    "list(list(A)).flatten(): list(A)": _flatten,
    "list(dyn).flatten(): list(dyn)": _flatten,
    "list(dyn).flatten(int): list(dyn)": _flatten,
    **{f"list({kind}).sort(): list({kind})": lambda items: sorted_by(items, items) for kind in _COMPARABLE},
    "lists.range(int): list(int)": lambda count: list(range(count)),
    "list(A).reverse(): list(A)": lambda items: items[::-1],
    "list(A).distinct(): list(A)": _distinct,
    "sets.contains(list(A), list(A)): bool": _contains,
    "sets.equivalent(list(A), list(A)): bool": lambda a, b: _contains(a, b) and _contains(b, a),
    "sets.intersects(list(A), list(A)): bool": lambda a, b: any(_index_of(b, each) >= 0 for each in a),
}
