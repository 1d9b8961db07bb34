"""Functions of CEL by their signatures: the table that the checker reads and the evaluation calls.

The libraries (``standard``, ``strings``, ``lists``, ``kubernetes``) are tables from a signature such as
``string.charAt(int): string`` to what computes it.
A signature is a method where a type stands before the dot, else a function, perhaps in a name space
(``sets.contains``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeAlias

from .syntax import UInt
from .types import Type, read_type, split_parameters
from .values import NO_OVERLOAD, EvaluationError, Optional, TypeName, type_name

Table: TypeAlias = Mapping[str, Callable[..., Any]]
_SIGNATURE = re.compile(r"(?:(?P<before>.+)\.)?(?P<name>[^().]+)\((?P<parameters>.*)\): (?P<result>.+)")
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "bytes": bytes,
    "list": list,
    "map": dict,
    "double": float,
    "duration": timedelta,
    "timestamp": datetime,
    "optional_type": Optional,
    "type": TypeName,
    "bool": bool,
    "uint": UInt,
}


@dataclass(frozen=True)
class Overload:
    name: str
    is_method: bool
    #: The receiver first, if there is one.
    parameters: tuple[Type, ...]
    result: Type
    function: Callable[..., Any]

    def fits(self, values: Sequence[Any]) -> bool:
        """Whether the function may be called with these values."""
        return all(map(_is_a, values, self.parameters))


def _is_a(value: Any, wanted: Type) -> bool:
    if wanted.name == "dyn" or wanted.is_variable:
        return True
    if wanted.name == "int":
        return isinstance(value, int) and not isinstance(value, (bool, UInt))
    if wanted.name == "null":
        return value is None
    kind = _KINDS.get(wanted.name)
    return isinstance(value, kind) if kind is not None else type_name(value) == wanted.name


def read_table(table: Table) -> Iterator[Overload]:
    for signature, function in table.items():
        match = _SIGNATURE.fullmatch(signature)
        assert match is not None, f"{signature} is no signature"
        receiver = read_type(match["before"]) if match["before"] else None
        name = match["name"] if receiver is not None or not match["before"] else f"{match['before']}.{match['name']}"
        parameters = [read_type(p) for p in split_parameters(match["parameters"])]
        result = read_type(match["result"])
        assert result is not None, f"{signature} has an unknown result"
        assert all(parameters), f"{signature} names an unknown type"
        everything = ([receiver] if receiver is not None else []) + [p for p in parameters if p is not None]
        yield Overload(name, receiver is not None, tuple(everything), result, function)


@cache
def overloads() -> Mapping[tuple[str, bool], tuple[Overload, ...]]:
    """Every overload, by name and by whether it is a method."""
    from . import kubernetes, lists, standard, strings

    found: dict[tuple[str, bool], list[Overload]] = {}
    for table in (standard.TABLE, strings.TABLE, lists.TABLE, kubernetes.TABLE):
        for overload in read_table(table):
            found.setdefault((overload.name, overload.is_method), []).append(overload)
    return {key: tuple(each) for key, each in found.items()}


@cache
def names() -> frozenset[str]:
    return frozenset(name for name, _ in overloads())


@cache
def candidates(name: str, is_method: bool, count: int) -> tuple[Overload, ...]:
    """The overloads that take ``count`` values (the receiver included)."""
    return tuple(o for o in overloads().get((name, is_method), ()) if len(o.parameters) == count)


def call(found: Sequence[Overload], values: Sequence[Any]) -> Any:
    """The value of the first overload that takes these values."""
    for overload in found:
        if overload.fits(values):
            try:
                return overload.function(*values)
            except (TypeError, ValueError, AttributeError, re.error, OverflowError):
                break
    raise EvaluationError(NO_OVERLOAD)
