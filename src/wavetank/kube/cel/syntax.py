"""The Common Expression Language as a tree: tokens, precedence, macros.

``checker`` and ``evaluation`` walk what ``parsed`` returns. Every node knows the offset that complaints about it name: that
of the operator, of the opening bracket of a call, of the dot of a selection. Upstream: cel-spec's grammar, cel-go ``parser``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

_TOKEN = re.compile(
    r"""(?:\s|//[^\n]*)*(?:
      (?P<number>0x[0-9a-fA-F]+u?|(?:\d+\.\d+|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+[uU]?)
    | (?P<string>(?:[rR]?[bB]?|[bB][rR])(?:
        \"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    | (?P<quoted>`[A-Za-z0-9_.\-/ ]+`)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}]))""",
    re.VERBOSE | re.DOTALL,
)
_REST = re.compile(r"(?:\s|//[^\n]*)*")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|.)", re.DOTALL)
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_EXPECTED = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
)
_LEVELS: tuple[tuple[str, ...], ...] = (("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))
#: Macros on a range: how many variables they may bind, and how many expressions follow.
FOLDS = {
    "all": ((1, 1), (2, 1)),
    "exists": ((1, 1), (2, 1)),
    "exists_one": ((1, 1), (2, 1)),
    "existsOne": ((1, 1), (2, 1)),
    "filter": ((1, 1),),
    "map": ((1, 1), (1, 2)),
    "transformList": ((2, 1), (2, 2)),
    "transformMap": ((2, 1), (2, 2)),
    "transformMapEntry": ((2, 1), (2, 2)),
    "sortBy": ((1, 1),),
    "optMap": ((1, 1),),
    "optFlatMap": ((1, 1),),
}
RESERVED = frozenset(
    ["as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"]
) | {"namespace", "return", "var", "void", "while"}


@dataclass(frozen=True)
class Problem:
    """Something wrong with an expression, and where (an offset in characters)."""

    at: int
    text: str


class SyntaxProblemError(ValueError):
    """The text is no expression."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


class UInt(int):
    """An unsigned integer (``7u``), which CEL keeps apart from a signed one."""


@dataclass(frozen=True)
class Literal:
    value: Any
    at: int


@dataclass(frozen=True)
class Ident:
    name: str
    at: int


@dataclass(frozen=True)
class Select:
    target: Node
    name: str
    at: int
    optional: bool = False
    #: ``has(a.b)``.
    test: bool = False


@dataclass(frozen=True)
class Call:
    """A function or operator (``_+_``) of ``target``, if it is a method, and ``arguments``."""

    function: str
    target: Node | None
    arguments: tuple[Node, ...]
    at: int


@dataclass(frozen=True)
class ListOf:
    items: tuple[Node, ...]
    optional: frozenset[int]
    at: int


@dataclass(frozen=True)
class MapOf:
    entries: tuple[tuple[Node, Node], ...]
    optional: frozenset[int]
    at: int


@dataclass(frozen=True)
class Fold:
    """A macro that binds ``variables`` to what is in ``range`` and evaluates ``parts`` for each."""

    macro: str
    range: Node
    variables: tuple[str, ...]
    parts: tuple[Node, ...]
    at: int


@dataclass(frozen=True)
class Bind:
    """``cel.bind(name, value, body)``."""

    name: str
    value: Node
    body: Node
    at: int


Node: TypeAlias = Literal | Ident | Select | Call | ListOf | MapOf | Fold | Bind
_Token = tuple[str, str, int]


def parsed(text: str) -> Node:
    """The tree of an expression, or SyntaxProblemError."""
    parser = _Parser(_tokens(text))
    node = parser.expression()
    kind, sign, at = parser.next
    if kind != "end":
        raise SyntaxProblemError(Problem(at, f"Syntax error: mismatched input '{sign}' expecting <EOF>"))
    return node


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position = 0
    while not _REST.fullmatch(text, position):
        match = _TOKEN.match(text, position)
        if match is None:
            at = position + len(text[position:]) - len(text[position:].lstrip())
            shown = text[at : at + 1]
            raise SyntaxProblemError(Problem(at, f"Syntax error: token recognition error at: '{shown}'"))
        kind = str(match.lastgroup)
        found.append((kind, match.group(kind), match.start(kind)))
        position = match.end()
    return [*found, ("end", "<EOF>", len(text))]


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._index = tokens, 0

    @property
    def next(self) -> _Token:
        return self._tokens[self._index]

    def _take(self) -> _Token:
        self._index += 1
        return self._tokens[self._index - 1]

    def _accept(self, sign: str) -> int | None:
        """The offset of the sign, if it comes next."""
        kind, text, at = self.next
        if text != sign or kind not in ("sign", "name"):
            return None
        self._index += 1
        return at

    def _expect(self, sign: str) -> int:
        at = self._accept(sign)
        if at is None:
            self._unexpected(f"'{sign}'")
        return at or 0

    def _unexpected(self, expected: str) -> None:
        _, text, at = self.next
        raise SyntaxProblemError(Problem(at, f"Syntax error: mismatched input '{text}' expecting {expected}"))

    def expression(self) -> Node:
        condition = self._either()
        at = self._accept("?")
        if at is None:
            return condition
        yes = self._either()
        self._expect(":")
        return Call("_?_:_", None, (condition, yes, self.expression()), at)

    def _either(self) -> Node:
        node = self._both()
        while (at := self._accept("||")) is not None:
            node = Call("_||_", None, (node, self._both()), at)
        return node

    def _both(self) -> Node:
        node = self._binary(0)
        while (at := self._accept("&&")) is not None:
            node = Call("_&&_", None, (node, self._binary(0)), at)
        return node

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self._binary(level + 1)
        while self.next[0] in ("sign", "name") and self.next[1] in _LEVELS[level]:
            _, sign, at = self._take()
            name = "@in" if sign == "in" else f"_{sign}_"
            node = Call(name, None, (node, self._binary(level + 1)), at)
        return node

    def _unary(self) -> Node:
        if (at := self._accept("!")) is not None:
            return Call("!_", None, (self._unary(),), at)
        if (at := self._accept("-")) is not None:
            operand = self._unary()
            if isinstance(operand, Literal) and type(operand.value) in (int, float):
                return Literal(-operand.value, at)
            return Call("-_", None, (operand,), at)
        return self._postfix(self._primary())

    def _postfix(self, node: Node) -> Node:
        while True:
            if (at := self._accept(".")) is not None:
                optional = self._accept("?") is not None
                node = self._member(node, at, optional)
            elif (at := self._accept("[")) is not None:
                name = "_[?_]" if self._accept("?") is not None else "_[_]"
                index = self.expression()
                self._expect("]")
                node = Call(name, None, (node, index), at)
            else:
                return node

    def _member(self, target: Node, at: int, optional: bool) -> Node:
        kind, text, _ = self.next
        if kind not in ("name", "quoted"):
            self._unexpected("IDENTIFIER")
        self._take()
        if kind == "quoted":
            return Select(target, text[1:-1], at, optional)
        opened = None if optional else self._accept("(")
        if opened is None:
            return Select(target, text, at, optional)
        return _called(text, target, self._arguments(")"), opened)

    def _arguments(self, closing: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while self._accept(closing) is None:
            found.append(self.expression())
            if self._accept(",") is None:
                self._expect(closing)
                break
        return tuple(found)

    def _primary(self) -> Node:
        if self._accept("(") is not None:
            inner = self.expression()
            self._expect(")")
            return inner
        if (at := self._accept("[")) is not None:
            return self._list(at)
        if (at := self._accept("{")) is not None:
            return self._map(at)
        self._accept(".")
        kind, text, at = self.next
        if kind == "number":
            self._take()
            return Literal(_number(text, at), at)
        if kind == "string":
            self._take()
            return Literal(string_value(text, at), at)
        if kind == "name":
            self._take()
            return self._named(text, at)
        self._unexpected(_EXPECTED)
        raise AssertionError("an unexpected token has been let pass")

    def _list(self, at: int) -> Node:
        items: list[Node] = []
        optional: set[int] = set()
        while self._accept("]") is None:
            if self._accept("?") is not None:
                optional.add(len(items))
            items.append(self.expression())
            if self._accept(",") is None:
                self._expect("]")
                break
        return ListOf(tuple(items), frozenset(optional), at)

    def _map(self, at: int) -> Node:
        entries: list[tuple[Node, Node]] = []
        optional: set[int] = set()
        while self._accept("}") is None:
            if self._accept("?") is not None:
                optional.add(len(entries))
            key = self.expression()
            self._expect(":")
            entries.append((key, self.expression()))
            if self._accept(",") is None:
                self._expect("}")
                break
        return MapOf(tuple(entries), frozenset(optional), at)

    def _named(self, name: str, at: int) -> Node:
        if name in ("true", "false"):
            return Literal(name == "true", at)
        if name == "null":
            return Literal(None, at)
        if name in RESERVED:
            raise SyntaxProblemError(Problem(at, f"reserved identifier: {name}"))
        opened = self._accept("(")
        if opened is None:
            return Ident(name, at)
        return _called(name, None, self._arguments(")"), opened)


def _called(name: str, target: Node | None, arguments: tuple[Node, ...], at: int) -> Node:
    """A call, or the macro that it is."""
    if target is None:
        return _has(arguments, at) if name == "has" and len(arguments) == 1 else Call(name, None, arguments, at)
    if name == "bind" and isinstance(target, Ident) and target.name == "cel" and len(arguments) == 3:
        variable = _variable(arguments[0], "cel.bind() variable names must be simple identifiers")
        return Bind(variable, arguments[1], arguments[2], at)
    for names, parts in FOLDS.get(name, ()):
        if len(arguments) == names + parts:
            wrong = (
                "argument must be a simple name"
                if name != "optMap"
                else "optMap() variable name must be a simple identifier"
            )
            variables = tuple(_variable(argument, wrong) for argument in arguments[:names])
            return Fold(name, target, variables, arguments[names:], at)
    return Call(name, target, arguments, at)


def _has(arguments: tuple[Node, ...], at: int) -> Node:
    selected = arguments[0]
    if not isinstance(selected, Select):
        raise SyntaxProblemError(Problem(at, "invalid argument to has() macro"))
    return Select(selected.target, selected.name, at, selected.optional, test=True)


def _variable(node: Node, wrong: str) -> str:
    if not isinstance(node, Ident):
        raise SyntaxProblemError(Problem(node.at, wrong))
    return node.name


def _number(text: str, at: int) -> Any:
    if text[-1] in "uU":
        return UInt(int(text[:-1], 0))
    if text.startswith("0x"):
        return int(text, 16)
    if "." in text or "e" in text or "E" in text:
        return float(text)
    if int(text) >= 2**63:
        raise SyntaxProblemError(Problem(at, "invalid int literal"))
    return int(text)


def string_value(text: str, at: int = 0) -> str | bytes:
    """What a string or bytes literal, quotes and prefix included, means."""
    start = min(i for i in (text.find('"'), text.find("'")) if i >= 0)
    prefix, body = text[:start].lower(), text[start:]
    width = 3 if body[:3] in ('"""', "'''") and len(body) >= 6 else 1
    inner = body[width:-width]
    value = inner if "r" in prefix else _ESCAPE.sub(lambda match: _unescaped(match[1], at), inner)
    return value.encode("latin-1" if "\\x" in inner else "utf-8") if "b" in prefix else value


def _unescaped(code: str, at: int) -> str:
    if code[0] in "xuU" and len(code) > 1:
        return chr(int(code[1:], 16))
    if len(code) == 3:
        return chr(int(code, 8))
    if code in _ESCAPES:
        return _ESCAPES[code]
    if code in "\\'\"`?":
        return code
    raise SyntaxProblemError(Problem(at, f"Syntax error: token recognition error at: '\\{code}'"))
