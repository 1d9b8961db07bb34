"""The part of the Common Expression Language that rules in schemas of custom resources use.

``structural`` compiles a rule once and evaluates it on JSON values. Operators, ``has``, comprehension macros, strings,
lists and maps are here; extension libraries (URLs, CIDRs, quantities, regular expression captures) are not: a rule that
needs one cannot be compiled, and the caller must let the object pass rather than refuse what a real server may accept.

Upstream: ``cel-spec`` and apiextensions-apiserver ``pkg/apiserver/schema/cel``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

Variables: TypeAlias = Mapping[str, Any]
Expression: TypeAlias = Callable[[Variables], Any]

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.\d+(?:[eE][+-]?\d+)?|\d+u?)
    |(?P<string>[rR]?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}]))""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "`": "`", "?": "?"}
_NAMES = {"true": True, "false": False, "null": None}
_MACROS = ("all", "exists", "exists_one", "filter", "map")
_LEVELS: tuple[tuple[str, ...], ...] = (("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))


class NotSupportedError(ValueError):
    """The expression is wrong, or uses something that is not here."""


class EvaluationError(Exception):
    """The expression has no value for these variables; the text is CEL's."""


@lru_cache(maxsize=4096)
def compiled(text: str) -> Expression:
    """The expression as a function of its variables; NotSupportedError when it cannot be read."""
    parser = _Parser(_tokens(text))
    expression = parser.ternary()
    parser.expect("")
    return expression


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise NotSupportedError(f"unexpected character at {position}")
        found.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        position = match.end()
    return [*found, ("end", "")]


class _Parser:
    """Recursive descent; every method returns the function that evaluates what it has read."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._at = tokens, 0

    @property
    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at]

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _name(self) -> str:
        if self._next[0] != "name":
            raise NotSupportedError(f"expected a name, found {self._next[1]!r}")
        return self._take()

    def _accept(self, sign: str) -> bool:
        kind, text = self._next
        if text != sign or kind == "string":
            return False
        self._at += 1
        return True

    def expect(self, sign: str) -> None:
        if not self._accept(sign):
            raise NotSupportedError(f"expected {sign!r}, found {self._next[1]!r}")

    def ternary(self) -> Expression:
        condition = self._either()
        if not self._accept("?"):
            return condition
        yes = self.ternary()
        self.expect(":")
        no = self.ternary()
        return lambda v: yes(v) if condition(v) else no(v)

    def _either(self) -> Expression:
        parts = [self._both()]
        while self._accept("||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda v: _decides(parts, v, True)

    def _both(self) -> Expression:
        parts = [self._binary(0)]
        while self._accept("&&"):
            parts.append(self._binary(0))
        return parts[0] if len(parts) == 1 else lambda v: _decides(parts, v, False)

    def _binary(self, level: int) -> Expression:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self._next[0] != "string" and self._next[1] in _LEVELS[level]:
            left = _applied(self._take(), left, self._binary(level + 1))
        return left

    def _unary(self) -> Expression:
        if self._accept("!"):
            inner = self._unary()
            return lambda v: not inner(v)
        if self._accept("-"):
            number = self._unary()
            return lambda v: -number(v)
        return self._postfix(self._primary())

    def _postfix(self, target: Expression) -> Expression:
        while True:
            if self._accept("."):
                target = self._member(target, self._name())
            elif self._accept("["):
                target = _indexed(target, self.ternary())
                self.expect("]")
            else:
                return target

    def _member(self, target: Expression, name: str) -> Expression:
        if not self._accept("("):
            return _field(target, _unescaped(name))
        if name in _MACROS:
            return self._macro(name, target)
        arguments = self._arguments(")")
        if name not in _METHODS or len(arguments) != _METHODS[name][0]:
            raise NotSupportedError(f"no method {name}")
        method = _METHODS[name][1]
        return lambda v: _called(method, [target(v), *(a(v) for a in arguments)])

    def _macro(self, name: str, target: Expression) -> Expression:
        variable = self._name()
        self.expect(",")
        body = self.ternary()
        then = self.ternary() if name == "map" and self._accept(",") else None
        self.expect(")")
        return lambda v: _comprehended(name, target(v), variable, body, then, v)

    def _arguments(self, closing: str) -> list[Expression]:
        found: list[Expression] = []
        while not self._accept(closing):
            found.append(self.ternary())
            if not self._accept(","):
                self.expect(closing)
                break
        return found

    def _primary(self) -> Expression:
        kind, text = self._next
        if self._accept("("):
            inner = self.ternary()
            self.expect(")")
            return inner
        if self._accept("["):
            items = self._arguments("]")
            return lambda v: [item(v) for item in items]
        if self._accept("{"):
            return self._map()
        self._at += 1
        if kind == "number":
            value: Any = float(text) if "." in text else int(text.rstrip("u"))
            return lambda v: value
        if kind == "string":
            string = _string(text)
            return lambda v: string
        if kind == "name":
            return self._named(text)
        raise NotSupportedError(f"unexpected {text!r}")

    def _map(self) -> Expression:
        entries: list[tuple[Expression, Expression]] = []
        while not self._accept("}"):
            key = self.ternary()
            self.expect(":")
            entries.append((key, self.ternary()))
            if not self._accept(","):
                self.expect("}")
                break
        return lambda v: {key(v): value(v) for key, value in entries}

    def _named(self, name: str) -> Expression:
        if name in _NAMES:
            constant = _NAMES[name]
            return lambda v: constant
        if not self._accept("("):
            return _variable(name)
        arguments = self._arguments(")")
        if name == "has" and len(arguments) == 1:
            return _present(arguments[0])
        if name not in _FUNCTIONS or len(arguments) != 1:
            raise NotSupportedError(f"no function {name}")
        function = _FUNCTIONS[name]
        return lambda v: _called(function, [arguments[0](v)])


def _decides(parts: list[Expression], variables: Variables, decisive: bool) -> bool:
    """``||`` and ``&&``: an error counts only if no other side decides."""
    error: EvaluationError | None = None
    for part in parts:
        try:
            if bool(part(variables)) is decisive:
                return decisive
        except EvaluationError as wrong:
            error = error or wrong
    if error:
        raise error
    return not decisive


def _variable(name: str) -> Expression:
    def read(variables: Variables) -> Any:
        if name not in variables:
            raise EvaluationError(f"no such attribute: {name}")
        return variables[name]

    return read


def _unescaped(name: str) -> str:
    for written, meant in (("__dot__", "."), ("__dash__", "-"), ("__slash__", "/"), ("__underscores__", "__")):
        name = name.replace(written, meant)
    return name[2:-2] if re.fullmatch("__[a-z]+__", name) else name


def _field(target: Expression, name: str) -> Expression:
    def read(variables: Variables) -> Any:
        value = target(variables)
        if not isinstance(value, Mapping) or name not in value:
            raise EvaluationError(f"no such key: {name}")
        return value[name]

    return read


def _indexed(target: Expression, index: Expression) -> Expression:
    def read(variables: Variables) -> Any:
        value, key = target(variables), index(variables)
        try:
            return value[key]
        except (KeyError, IndexError, TypeError):
            raise EvaluationError(f"no such key: {key}") from None

    return read


def _present(target: Expression) -> Expression:
    """``has(a.b)``: the member is there and not null; what it hangs on must be there itself."""

    def read(variables: Variables) -> bool:
        try:
            return target(variables) is not None
        except EvaluationError:
            return False

    return read


def _bound(body: Expression, scope: Variables) -> Expression:
    return lambda _: body(scope)


def _comprehended(
    name: str, items: Any, variable: str, body: Expression, then: Expression | None, variables: Variables
) -> Any:
    scopes = [{**variables, variable: item} for item in items]
    match name:
        case "all" | "exists":
            return _decides([_bound(body, scope) for scope in scopes], variables, name == "exists")
        case "exists_one":
            return sum(bool(body(scope)) for scope in scopes) == 1
        case "filter":
            return [scope[variable] for scope in scopes if body(scope)]
        case _:
            return [then(s) for s in scopes if body(s)] if then else [body(scope) for scope in scopes]


def _applied(sign: str, left: Expression, right: Expression) -> Expression:
    operator = _OPERATORS[sign]
    return lambda v: _called(operator, [left(v), right(v)])


def _called(function: Callable[..., Any], arguments: list[Any]) -> Any:
    try:
        return function(*arguments)
    except (TypeError, ValueError, AttributeError, ZeroDivisionError, re.error):
        raise EvaluationError("no such overload") from None


def _divided(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        quotient = abs(a) // abs(b)
        return quotient if (a < 0) == (b < 0) else -quotient
    return a / b


def _same(a: Any, b: Any) -> bool:
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": _same,
    "!=": lambda a, b: not _same(a, b),
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "in": lambda a, b: a in b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divided,
    "%": lambda a, b: a - b * _divided(a, b),
}

_METHODS: Mapping[str, tuple[int, Callable[..., Any]]] = {
    "size": (0, len),
    "startsWith": (1, str.startswith),
    "endsWith": (1, str.endswith),
    "contains": (1, lambda text, part: part in text),
    "matches": (1, lambda text, pattern: re.search(pattern, text) is not None),
    "find": (1, lambda text, pattern: found[0] if (found := re.search(pattern, text)) else ""),
    "findAll": (1, lambda text, pattern: [found[0] for found in re.finditer(pattern, text)]),
    "lowerAscii": (0, str.lower),
    "upperAscii": (0, str.upper),
    "trim": (0, str.strip),
    "split": (1, str.split),
    "join": (1, lambda parts, between: between.join(parts)),
    "indexOf": (1, lambda value, part: value.find(part)),
    "sum": (0, sum),
    "min": (0, min),
    "max": (0, max),
    "isSorted": (0, lambda values: list(values) == sorted(values)),
}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "size": len,
    "string": _text,
    "int": int,
    "double": float,
    "bool": bool,
    "dyn": lambda value: value,
}


def _string(text: str) -> str:
    if text[0] in "rR":
        return text[2:-1]
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text[1:-1])
