"""Expressions as functions of their variables: each node becomes a closure once, and is called often.

Upstream: cel-go ``interpreter``. Errors of values are ``EvaluationError``; ``&&``, ``||`` and the quantifiers forget an
error if another side decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from . import functions
from .checker import called_name, qualified_name
from .lists import sorted_by
from .syntax import Bind, Call, Fold, Ident, ListOf, Literal, MapOf, Node, Select
from .types import TYPE_NAMES
from .values import NO_OVERLOAD, NONE, EvaluationError, Optional, TypeName

Variables: TypeAlias = Mapping[str, Any]
Expression: TypeAlias = Callable[[Variables], Any]


def expression(node: Node) -> Expression:
    """What computes the node's value."""
    match node:
        case Literal():
            value = node.value
            return lambda _: value
        case Ident():
            return _ident(node.name)
        case Select():
            return _select(node)
        case Call():
            return _call(node)
        case ListOf():
            return _list(node)
        case MapOf():
            return _map(node)
        case Fold():
            return _fold(node)
        case Bind():
            bound, body, name = expression(node.value), expression(node.body), node.name
            return lambda v: body({**v, name: bound(v)})


def _ident(name: str) -> Expression:
    def read(variables: Variables) -> Any:
        if name in variables:
            return variables[name]
        if name in TYPE_NAMES:
            return TypeName(name)
        raise EvaluationError(f"no such attribute(s): {name}")

    return read


_ESCAPED = (("__dot__", "."), ("__dash__", "-"), ("__slash__", "/"), ("__underscores__", "__"))


def unescaped(name: str) -> str:
    """The field that a name in an expression means: ``__namespace__`` is ``namespace``."""
    for written, meant in _ESCAPED:
        name = name.replace(written, meant)
    return name[2:-2] if re.fullmatch("__[a-z]+__", name) else name


def _select(node: Select) -> Expression:
    type_named = qualified_name(node)
    if type_named in TYPE_NAMES:
        return lambda _: TypeName(type_named)
    target, name, other = expression(node.target), node.name, unescaped(node.name)

    def found(value: Any) -> Any:
        if isinstance(value, Mapping):
            for key in (name, other):
                if key in value:
                    return value[key]
            raise EvaluationError(f"no such key: {name}")
        raise EvaluationError(NO_OVERLOAD)

    if node.test:
        return lambda v: _has(target(v), name, other)
    if node.optional:
        return lambda v: _maybe(found, target(v))
    return lambda v: _selected(found, target(v))


def _selected(found: Callable[[Any], Any], value: Any) -> Any:
    return _maybe(found, value) if isinstance(value, Optional) else found(value)


def _maybe(found: Callable[[Any], Any], value: Any) -> Optional:
    if isinstance(value, Optional):
        if not value.present:
            return NONE
        value = value.value
    try:
        return Optional(True, found(value))
    except EvaluationError as error:
        if str(error) == NO_OVERLOAD:
            raise
        return NONE


def _has(value: Any, name: str, other: str) -> bool:
    if isinstance(value, Optional):
        value = value.value if value.present else {}
    if not isinstance(value, Mapping):
        raise EvaluationError(NO_OVERLOAD)
    return name in value or other in value


def _call(node: Call) -> Expression:
    name, is_method = called_name(node)
    receiver = [node.target] if is_method and node.target is not None else []
    parts = [expression(each) for each in (*receiver, *node.arguments)]
    if name == "_?_:_":
        condition, yes, no = parts
        return lambda v: yes(v) if _truth(condition(v)) else no(v)
    if name in ("_&&_", "_||_"):
        return lambda v: decided(parts, v, name == "_||_")
    found = functions.candidates(name, is_method, len(parts))
    if len(parts) == 2:
        left, right = parts
        return lambda v: functions.call(found, (left(v), right(v)))
    return lambda v: functions.call(found, [part(v) for part in parts])


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise EvaluationError(NO_OVERLOAD)
    return value


def decided(parts: Sequence[Expression], variables: Variables, decisive: bool) -> bool:
    """``||`` and ``&&``: an error counts only if no other side decides."""
    error: EvaluationError | None = None
    for part in parts:
        try:
            if _truth(part(variables)) is decisive:
                return decisive
        except EvaluationError as wrong:
            error = error or wrong
    if error:
        raise error
    return not decisive


def _list(node: ListOf) -> Expression:
    items = [(expression(item), index in node.optional) for index, item in enumerate(node.items)]

    def made(variables: Variables) -> list[Any]:
        found: list[Any] = []
        for item, optional in items:
            value = item(variables)
            if not optional:
                found.append(value)
            elif value.present:
                found.append(value.value)
        return found

    return made


def _map(node: MapOf) -> Expression:
    entries = [(expression(k), expression(v), index in node.optional) for index, (k, v) in enumerate(node.entries)]

    def made(variables: Variables) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value, optional in entries:
            name, item = key(variables), value(variables)
            if name in found:
                raise EvaluationError(f"Failed with repeated key: {name}")
            if not optional:
                found[name] = item
            elif item.present:
                found[name] = item.value
        return found

    return made


def _fold(node: Fold) -> Expression:
    ranged, parts, names, macro = expression(node.range), list(map(expression, node.parts)), node.variables, node.macro
    if macro in ("optMap", "optFlatMap"):
        return lambda v: _opt(ranged(v), names[0], parts[0], v, flat=macro == "optFlatMap")
    return lambda v: _folded(macro, ranged(v), names, parts, v)


def _opt(value: Any, name: str, body: Expression, variables: Variables, *, flat: bool) -> Any:
    if not isinstance(value, Optional):
        raise EvaluationError(NO_OVERLOAD)
    if not value.present:
        return NONE
    made = body({**variables, name: value.value})
    return made if flat else Optional(True, made)


def _scopes(items: Any, names: Sequence[str], variables: Variables) -> list[dict[str, Any]]:
    if not isinstance(items, (list, Mapping)):
        raise EvaluationError(NO_OVERLOAD)
    if len(names) == 1:
        return [{**variables, names[0]: item} for item in items]
    pairs = items.items() if isinstance(items, Mapping) else enumerate(items)
    return [{**variables, names[0]: key, names[1]: value} for key, value in pairs]


def _folded(macro: str, items: Any, names: Sequence[str], parts: Sequence[Expression], variables: Variables) -> Any:
    scopes, body = _scopes(items, names, variables), parts[-1]
    if macro in ("all", "exists"):
        return decided([_bound(body, scope) for scope in scopes], variables, macro == "exists")
    if macro in ("exists_one", "existsOne"):
        return sum(_truth(body(scope)) for scope in scopes) == 1
    if macro == "filter":
        return [scope[names[0]] for scope in scopes if _truth(body(scope))]
    if macro == "sortBy":
        return sorted_by(items, [body(scope) for scope in scopes])
    if len(parts) == 2:
        scopes = [scope for scope in scopes if _truth(parts[0](scope))]
    if macro == "transformMap":
        return {scope[names[0]]: body(scope) for scope in scopes}
    if macro == "transformMapEntry":
        return {key: value for scope in scopes for key, value in body(scope).items()}
    return [body(scope) for scope in scopes]


def _bound(body: Expression, scope: Variables) -> Expression:
    return lambda _: body(scope)
