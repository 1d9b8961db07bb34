"""Expressions → values: JSON where they can be computed, ``Reference`` to what other resources are, else ``UNKNOWN``.

The scope says what names mean; nothing here knows files or resources. Whatever goes wrong in computing (Terraform itself will
tell) is UNKNOWN, never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, assert_never

from wavetank.checks.aws import HOLE, UNKNOWN, Encoded, Reference, Unknown

from .functions import FUNCTIONS, text_of
from .syntax import (
    SPLAT_ITEM,
    Attribute,
    Call,
    Conditional,
    Expression,
    For,
    Index,
    Literal,
    Name,
    Object,
    Operation,
    Splat,
    Template,
    Tuple,
)

#: elements of a range or a product: more is a mistake of the file or an attack
MAX_ELEMENTS = 10_000


class Lookup(Protocol):
    """A value whose attributes are computed only when they are asked for: a resource, a module, ``var``."""

    def attribute(self, name: str) -> Any: ...


@dataclass(frozen=True)
class Scope:
    """What names mean: ``roots`` gives the value of a first word (``var``, ``aws_vpc``…), ``names`` those of loops."""

    roots: Callable[[str], Any]
    names: Mapping[str, Any] = field(default_factory=dict)

    def with_names(self, **names: Any) -> Scope:
        return Scope(self.roots, {**self.names, **names})


def value_of(expression: Expression, scope: Scope) -> Any:
    """The value; UNKNOWN when Terraform alone can know it."""
    match expression:
        case Literal(value=value):
            return value
        case Name(word=word):
            return scope.names[word] if word in scope.names else scope.roots(word)
        case Template():
            return _text(expression, scope)
        case Attribute(of=of, name=name):
            return attribute_of(value_of(of, scope), name)
        case Index(of=of, key=key):
            return _item(value_of(of, scope), value_of(key, scope))
        case Splat():
            return _splat(expression, scope)
        case Call():
            return _call(expression, scope)
        case Tuple(items=items):
            return [value_of(item, scope) for item in items]
        case Object():
            return _object(expression, scope)
        case For():
            return _for(expression, scope)
        case Conditional():
            return _conditional(expression, scope)
        case Operation():
            return _operation(expression, scope)
    assert_never(expression)


def is_known(value: Any) -> bool:
    """Whether nothing in the value is unknown or a reference."""
    if isinstance(value, dict):
        return all(is_known(item) for item in value.values())
    if isinstance(value, list):
        return all(is_known(item) for item in value)
    return value is None or isinstance(value, str | int | float)


def attribute_of(value: Any, name: str) -> Any:
    """``value.name``"""
    if isinstance(value, dict):
        return value.get(name, UNKNOWN)
    if isinstance(value, Reference):
        return Reference(value.address, f"{value.attribute}.{name}" if value.attribute else name)
    if hasattr(value, "attribute"):
        return value.attribute(name)
    return UNKNOWN


def _item(value: Any, key: Any) -> Any:
    try:
        if isinstance(value, list):
            return value[int(key)]
        if isinstance(value, dict):
            return value[text_of(key)]
    except (IndexError, KeyError, TypeError, ValueError):
        return UNKNOWN
    if isinstance(value, Reference) and isinstance(key, int | str):
        return Reference(value.address, f"{value.attribute}[{key}]")
    return UNKNOWN


def _splat(splat: Splat, scope: Scope) -> Any:
    values = value_of(splat.of, scope)
    if values is None:
        return []
    if isinstance(values, Unknown | Reference):
        return UNKNOWN
    elements = values if isinstance(values, list) else [values]
    return [value_of(splat.each, scope.with_names(**{SPLAT_ITEM.word: each})) for each in elements]


def _text(template: Template, scope: Scope) -> Any:
    parts = [part if part is None or isinstance(part, str) else value_of(part, scope) for part in template.parts]
    known = [text_of(part) if isinstance(part, str | int | float) else HOLE for part in parts]
    if HOLE in known:
        return Unknown("".join(known))
    return "".join(known)


def _call(call: Call, scope: Scope) -> Any:
    if call.function in ("try", "can"):
        return _try(call, scope)
    arguments = [value_of(argument, scope) for argument in call.arguments]
    if call.expands:
        last = arguments.pop()
        if not isinstance(last, list):
            return UNKNOWN
        arguments += last
    if call.function in (*_LAZY, *_LAZY_TOO):
        known = all(isinstance(each, dict | list | str | int | float) or each is None for each in arguments)
    else:
        known = all(is_known(each) for each in arguments)
    function = FUNCTIONS.get(call.function)
    if not known and call.function in ("jsonencode", "yamlencode"):
        return Encoded(arguments[0])
    return _computed(function, arguments) if function and known else UNKNOWN


#: functions that only move values around: unknown ones may be among them
_LAZY = ("coalescelist", "concat", "element", "flatten", "keys", "length", "lookup", "merge", "nonsensitive", "one")
_LAZY_TOO = ("reverse", "sensitive", "slice", "tolist", "tomap", "values", "zipmap")


def _computed(function: Callable[..., Any], arguments: list[Any]) -> Any:
    try:
        value = function(*arguments)
    except Exception:  # noqa: BLE001 - a call that Terraform would refuse, too; whatever it raises, there is no value
        return UNKNOWN
    if isinstance(value, list) and len(value) > MAX_ELEMENTS:
        return UNKNOWN
    return value


def _try(call: Call, scope: Scope) -> Any:
    for argument in call.arguments:
        value = value_of(argument, scope)
        if not isinstance(value, Unknown):
            return True if call.function == "can" else value
    return UNKNOWN


def _object(expression: Object, scope: Scope) -> Any:
    found: dict[str, Any] = {}
    for key, value, _ in expression.entries:
        name = value_of(key, scope)
        if isinstance(name, Unknown) and name.text:
            name = name.text
        if not isinstance(name, str | int | float):
            return UNKNOWN
        found[text_of(name)] = value_of(value, scope)
    return found


def _for(loop: For, scope: Scope) -> Any:
    over = value_of(loop.over, scope)
    if not isinstance(over, list | dict):
        return UNKNOWN
    rows = list(_rows(loop, over, scope))
    if any(isinstance(row, Unknown) for row in rows):
        return UNKNOWN
    if loop.key is None:
        return [value for _, value in rows]
    if any(not isinstance(key, str | int | float) for key, _ in rows):
        return UNKNOWN
    if loop.groups:
        grouped: dict[str, list[Any]] = {}
        for key, value in rows:
            grouped.setdefault(text_of(key), []).append(value)
        return grouped
    return {text_of(key): value for key, value in rows}


def _rows(loop: For, over: list[Any] | dict[str, Any], scope: Scope) -> Iterator[Any]:
    """(key, value) of each element that the condition admits; UNKNOWN when it cannot be told."""
    pairs = enumerate(over) if isinstance(over, list) else over.items()
    for key, value in pairs:
        inner = scope.with_names(**{loop.value_name: value, **({loop.key_name: key} if loop.key_name else {})})
        admitted = True if loop.condition is None else value_of(loop.condition, inner)
        if not isinstance(admitted, bool):
            yield UNKNOWN
        elif admitted:
            yield (None if loop.key is None else value_of(loop.key, inner)), value_of(loop.value, inner)


def _conditional(expression: Conditional, scope: Scope) -> Any:
    condition = value_of(expression.condition, scope)
    if isinstance(condition, bool):
        return value_of(expression.then if condition else expression.otherwise, scope)
    then, otherwise = value_of(expression.then, scope), value_of(expression.otherwise, scope)
    return then if is_known(then) and then == otherwise else UNKNOWN


def _operation(expression: Operation, scope: Scope) -> Any:
    values = [value_of(operand, scope) for operand in expression.operands]
    if expression.operator in ("&&", "||"):
        # One side may decide alone.
        decides = expression.operator == "||"
        if decides in [value for value in values if isinstance(value, bool)]:
            return decides
    if not all(is_known(value) for value in values):
        return UNKNOWN
    operation = (_UNARY if len(values) == 1 else _BINARY)[expression.operator]
    return _computed(operation, values)


_UNARY: Mapping[str, Callable[..., Any]] = {"-": lambda a: -a, "!": lambda a: not a}
_BINARY: Mapping[str, Callable[..., Any]] = {
    "||": lambda a, b: a or b,
    "&&": lambda a, b: a and b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b if a % b else a // b,
    "%": lambda a, b: a % b,
}
