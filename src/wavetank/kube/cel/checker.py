"""The types of an expression, or what is wrong with it in cel-go's words.

``check`` is asked when somebody writes a rule. Upstream: cel-go ``checker/checker.go`` and ``checker/errors.go``; problems are
printed as ``common/error.go`` prints them, with the line and a caret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from .. import patterns
from . import functions
from .syntax import Bind, Call, Fold, Ident, ListOf, Literal, MapOf, Node, Problem, Select, SyntaxProblemError, parsed
from .types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    INT,
    NULL,
    STRING,
    TYPE,
    TYPE_NAMES,
    UINT,
    WRONG,
    Bindings,
    Type,
    list_of,
    map_of,
    optional_of,
)
from .values import read_duration, read_timestamp, type_name

_LITERALS: Mapping[str, Type] = {
    "null_type": NULL,
    "bool": BOOL,
    "uint": UINT,
    "int": INT,
    "double": DOUBLE,
    "string": STRING,
    "bytes": BYTES,
}


class CompileError(ValueError):
    """The expression is none, or its types do not fit; the text is what cel-go prints."""


def check(text: str, variables: Mapping[str, Type]) -> tuple[Node, Type]:
    """The tree of an expression and the type of its value, or CompileError."""
    try:
        node = parsed(text)
    except SyntaxProblemError as wrong:
        raise CompileError(_printed([wrong.problem], text)) from None
    checker = _Checker()
    found = checker.type_of(node, variables)
    if checker.problems:
        raise CompileError(_printed(checker.problems, text))
    return node, checker.bindings.resolved(found)


def _printed(problems: Sequence[Problem], text: str) -> str:
    return "\n".join(_one_printed(p, text) for p in sorted(set(problems), key=lambda p: (p.at, p.text)))


def _one_printed(problem: Problem, text: str) -> str:
    before = text[: problem.at]
    line, column = before.count("\n"), problem.at - (before.rfind("\n") + 1)
    lines = text.split("\n")
    return f"ERROR: <input>:{line + 1}:{column + 1}: {problem.text}\n | {lines[line]}\n | {'.' * column}^"


class _Checker:
    """One walk over one tree."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.bindings = Bindings()
        self._numbers = count()

    def _wrong(self, at: int, text: str) -> Type:
        self.problems.append(Problem(at, text))
        return WRONG

    def _fresh(self) -> Type:
        return Type(f"${next(self._numbers)}")

    def type_of(self, node: Node, scope: Mapping[str, Type]) -> Type:
        match node:
            case Literal():
                return _LITERALS[type_name(node.value)]
            case Ident():
                return self._ident(node, scope)
            case Select():
                return self._select(node, scope)
            case Call():
                return self._call(node, scope)
            case ListOf():
                return list_of(self._joined(node.items, node.optional, scope))
            case MapOf():
                keys = self._joined([key for key, _ in node.entries], frozenset(), scope)
                return map_of(keys, self._joined([value for _, value in node.entries], node.optional, scope))
            case Fold():
                return self._fold(node, scope)
            case Bind():
                return self.type_of(node.body, {**scope, node.name: self.type_of(node.value, scope)})

    def _ident(self, node: Ident, scope: Mapping[str, Type]) -> Type:
        if node.name in scope:
            return scope[node.name]
        if node.name in TYPE_NAMES:
            return TYPE
        return self._wrong(node.at, f"undeclared reference to '{node.name}' (in container '')")

    def _select(self, node: Select, scope: Mapping[str, Type]) -> Type:
        if qualified_name(node) in TYPE_NAMES:
            return TYPE
        target = self.bindings.resolved(self.type_of(node.target, scope))
        is_optional = target.name == "optional_type"
        inner = target.parameters[0] if target.name in ("optional_type", "wrapper") else target
        found = self._field(node, inner)
        if node.test:
            return BOOL
        if (is_optional or node.optional) and found is not WRONG:
            return found if found.name == "optional_type" else optional_of(found)
        return found

    def _field(self, node: Select, target: Type) -> Type:
        if target.fields is not None:
            if node.name in target.fields:
                return target.fields[node.name]
            return self._wrong(node.at, f"undefined field '{node.name}'")
        if target.name == "map":
            return target.parameters[1]
        if target in (DYN, WRONG):
            return target
        if target.is_variable:
            self.bindings.takes(target, DYN)
            return DYN
        return self._wrong(node.at, f"type '{target}' does not support field selection")

    def _call(self, node: Call, scope: Mapping[str, Type]) -> Type:
        name, is_method = called_name(node)
        receiver = [node.target] if is_method and node.target is not None else []
        given = [self.type_of(each, scope) for each in (*receiver, *node.arguments)]
        if name == "_?_:_":
            return self._choice(node, given)
        if name in ("_&&_", "_||_"):
            return self._overload(node, name, False, given, [((BOOL, BOOL), BOOL)])
        if (name, is_method) not in functions.overloads() and name not in functions.names():
            return self._wrong(node.at, f"undeclared reference to '{name}' (in container '')")
        shapes = [(o.parameters, o.result) for o in functions.candidates(name, is_method, len(given))]
        self._literals(node, name)
        return self._overload(node, name, is_method, given, shapes)

    def _choice(self, node: Call, given: Sequence[Type]) -> Type:
        value = Type("A")
        return self._overload(node, "_?_:_", False, given, [((BOOL, value, value), value)])

    def _overload(
        self,
        node: Call,
        name: str,
        is_method: bool,
        given: Sequence[Type],
        shapes: Sequence[tuple[tuple[Type, ...], Type]],
    ) -> Type:
        if WRONG in given:
            return WRONG
        result: Type | None = None
        for parameters, declared in shapes:
            fresh = {v: self._fresh() for v in "AB"}
            attempt = self.bindings.copy()
            if all(attempt.takes(_with(p, fresh), g) for p, g in zip(parameters, given, strict=True)):
                made = attempt.resolved(_with(declared, fresh))
                self.bindings = attempt if result is None else self.bindings
                result = made if result is None or result == made else DYN
        if result is not None:
            return result
        shown = [str(self.bindings.resolved(t)) for t in given]
        applied = f"{shown[0]}.({', '.join(shown[1:])})" if is_method else f"({', '.join(shown)})"
        return self._wrong(node.at, f"found no matching overload for '{name}' applied to '{applied}'")

    def _literals(self, node: Call, name: str) -> None:
        """What is plainly wrong in a literal is said at once (cel-go's ``ASTValidator``)."""
        last = node.arguments[-1] if node.arguments else None
        if not isinstance(last, Literal) or not isinstance(last.value, str):
            return
        if name == "matches":
            try:
                patterns.compiled(last.value)
            except re.error:
                self._wrong(last.at, "invalid matches argument")
        elif name == "duration" and read_duration(last.value) is None:
            self._wrong(last.at, "invalid duration argument")
        elif name == "timestamp" and read_timestamp(last.value) is None:
            self._wrong(last.at, "invalid timestamp argument")

    def _joined(self, nodes: Sequence[Node], optional: frozenset[int], scope: Mapping[str, Type]) -> Type:
        """The one type that all members of a literal have."""
        common: Type | None = None
        for index, node in enumerate(nodes):
            given = self.type_of(node, scope)
            if index in optional and given.name == "optional_type":
                given = given.parameters[0]
            if common is None:
                common = given
            elif not self.bindings.takes(common, given):
                return self._wrong(
                    node.at,
                    f"expected type '{self.bindings.resolved(common)}' but found '{self.bindings.resolved(given)}'",
                )
        return self._fresh() if common is None else common

    def _fold(self, node: Fold, scope: Mapping[str, Type]) -> Type:
        ranged = self.bindings.resolved(self.type_of(node.range, scope))
        if node.macro in ("optMap", "optFlatMap"):
            return self._opt(node, ranged, scope)
        names = self._members(node, ranged)
        inner = {**scope, **dict(zip(node.variables, names, strict=True))}
        parts = [self.type_of(part, inner) for part in node.parts]
        if node.macro in ("all", "exists", "exists_one", "existsOne", "filter") or len(parts) == 2:
            self._must_be_bool(node, parts[0])
        return self._folded(node, ranged, names, parts)

    def _folded(self, node: Fold, ranged: Type, names: Sequence[Type], parts: Sequence[Type]) -> Type:
        match node.macro:
            case "all" | "exists" | "exists_one" | "existsOne":
                return BOOL
            case "filter":
                return list_of(names[0])
            case "sortBy":
                return ranged
            case "transformMap":
                return map_of(names[0], parts[-1])
            case "transformMapEntry":
                return parts[-1]
            case _:
                return list_of(parts[-1])

    def _members(self, node: Fold, ranged: Type) -> list[Type]:
        two = len(node.variables) == 2
        if ranged.name == "wrapper":
            ranged = ranged.parameters[0]
        if ranged.name == "list":
            return [INT, ranged.parameters[0]] if two else [ranged.parameters[0]]
        if ranged.name == "map":
            return list(ranged.parameters) if two else [ranged.parameters[0]]
        if ranged not in (DYN, WRONG) and not ranged.is_variable:
            why = f"expression of type '{ranged}' cannot be range of a comprehension (must be list, map, or dynamic)"
            self._wrong(node.range.at, why)
            return [WRONG] * len(node.variables)
        return [DYN] * len(node.variables)

    def _must_be_bool(self, node: Fold, given: Type) -> None:
        if not self.bindings.takes(BOOL, given):
            operator = {"all": "_&&_", "exists": "_||_"}.get(node.macro, "_?_:_")
            shown = self.bindings.resolved(given)
            applied = {"_&&_": f"(bool, {shown})", "_||_": f"(bool, {shown})"}.get(
                operator, f"({shown}, list(dyn), list(dyn))"
            )
            self._wrong(node.at, f"found no matching overload for '{operator}' applied to '{applied}'")

    def _opt(self, node: Fold, ranged: Type, scope: Mapping[str, Type]) -> Type:
        inner = ranged.parameters[0] if ranged.name == "optional_type" else DYN
        made = self.type_of(node.parts[0], {**scope, node.variables[0]: inner})
        return optional_of(made) if node.macro == "optMap" else made


def _with(t: Type, names: Mapping[str, Type]) -> Type:
    """``t`` with the variables of a declaration replaced by fresh ones."""
    if t.name in names:
        return names[t.name]
    return Type(t.name, tuple(_with(p, names) for p in t.parameters), t.fields) if t.parameters else t


def qualified_name(node: Node) -> str:
    """``a.b.c`` of plain selections; empty for anything else."""
    if isinstance(node, Ident):
        return node.name
    if isinstance(node, Select) and not node.test and not node.optional:
        before = qualified_name(node.target)
        return f"{before}.{node.name}" if before else ""
    return ""


def called_name(node: Call) -> tuple[str, bool]:
    """The function's name, with its name space, and whether it is called as a method."""
    if node.target is None:
        return node.function, False
    before = qualified_name(node.target)
    full = f"{before}.{node.function}"
    if before and full in functions.names():
        return full, False
    return node.function, True


def unknown_functions(node: Node) -> list[str]:
    """Functions of an expression that there are none of, whatever they are applied to."""
    return [name for each in walked(node) if isinstance(each, Call) for name in _unknown(each)]


def _unknown(node: Call) -> list[str]:
    name, is_method = called_name(node)
    if name in ("_?_:_", "_&&_", "_||_"):
        return []
    return [] if functions.candidates(name, is_method, len(node.arguments) + is_method) else [name]


def walked(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    match node:
        case Literal() | Ident():
            below: Sequence[Node] = ()
        case Select():
            below = (node.target,)
        case Call():
            below = (*((node.target,) if node.target is not None else ()), *node.arguments)
        case ListOf():
            below = node.items
        case MapOf():
            below = [part for entry in node.entries for part in entry]
        case Fold():
            below = (node.range, *node.parts)
        case Bind():
            below = (node.value, node.body)
    for each in below:
        yield from walked(each)
