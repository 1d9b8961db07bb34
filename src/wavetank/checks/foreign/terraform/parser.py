"""HCL text → ``syntax``: the native syntax of Terraform, with the line of every argument and block.

A recursive descent without a separate lexer, since templates nest expressions in texts. Our own, because a finding needs lines
and a check needs speed. Reference: the HCL native syntax specification (hashicorp/hcl, ``hclsyntax/spec.md``).
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from .syntax import (
    SPLAT_ITEM,
    Argument,
    Attribute,
    Block,
    Body,
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

_COMMENT = r"#[^\n]*|//[^\n]*|/\*.*?\*/"
_BLANK = re.compile(rf"(?:[ \t\r]+|{_COMMENT})*", re.DOTALL)
_BLANK_LINES = re.compile(rf"(?:[ \t\r\n]+|{_COMMENT})*", re.DOTALL)
_WORD = re.compile(r"[^\W\d][\w-]*")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_HEREDOC = re.compile(r"<<(-?)([^\W\d][\w-]*)[ \t\r]*\n")
_PLAIN_TEXT = re.compile(r'[^"\\$%\n]+')
_OPERATORS = re.compile(r"\|\||&&|==|!=|<=|>=|<|>|\+|-|\*|/|%")
_PRECEDENCE = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    ">": 4,
    "<=": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
MAX_DEPTH = 100


class SyntaxProblem(ValueError):
    """The text is not HCL; ``line`` is where reading stopped."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def parse(text: str) -> Body:
    """The body of a file. Raises SyntaxProblem."""
    return _Parser(text).file()


def parse_expression(text: str) -> Expression:
    """One expression. Raises SyntaxProblem."""
    return _Parser(text).alone()


class _Parser:
    """One pass over one text."""

    def __init__(self, text: str, first_line: int = 0) -> None:
        self._text = text
        self._first_line = first_line
        self._at = 0
        self._depth = 0
        #: inside brackets a line break is a blank
        self._blank = [_BLANK]
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    # --- bodies

    def file(self) -> Body:
        body = self._body("")
        if self._at < len(self._text):
            raise self._problem("what is here does not belong to any block")
        return body

    def alone(self) -> Expression:
        self._blank.append(_BLANK_LINES)
        return self._expression()

    def _body(self, end: str) -> Body:
        body = Body()
        self._descend()
        while True:
            self._skip_lines()
            if self._at >= len(self._text) or self._text.startswith("}", self._at):
                break
            self._argument_or_block(body)
        if end:
            self._expect(end)
        self._depth -= 1
        return body

    def _argument_or_block(self, body: Body) -> None:
        line, name = self._line(), self._name_or_text()
        self._skip()
        if self._peek("=") and not self._peek("=="):
            self._at += 1
            body.arguments[name] = Argument(name, self._expression(), line)
            return
        labels = []
        while not self._peek("{"):
            if self._at >= len(self._text) or self._text[self._at] == "\n":
                raise self._problem(f"after {name} there is neither = nor a block")
            labels.append(self._name_or_text())
            self._skip()
        self._at += 1
        self._blank.append(_BLANK)
        body.blocks.append(Block(name, tuple(labels), self._body("}"), line))
        self._blank.pop()

    def _name_or_text(self) -> str:
        self._skip()
        if self._peek('"'):
            text = self._quoted()
            if isinstance(text, Literal):
                return str(text.value)
            raise self._problem("a name cannot have an interpolation")
        return self._word()

    # --- expressions

    def _expression(self) -> Expression:
        self._descend()
        condition = self._binary(1)
        self._skip()
        if not self._peek("?"):
            self._depth -= 1
            return condition
        self._at += 1
        self._skip_lines()
        then = self._expression()
        self._skip_lines()
        self._expect(":")
        self._skip_lines()
        otherwise = self._expression()
        self._depth -= 1
        return Conditional(condition, then, otherwise)

    def _binary(self, least: int) -> Expression:
        left = self._unary()
        while True:
            self._skip()
            found = _OPERATORS.match(self._text, self._at)
            if not found or _PRECEDENCE[found[0]] < least:
                return left
            self._at = found.end()
            self._skip_lines()
            left = Operation(found[0], (left, self._binary(_PRECEDENCE[found[0]] + 1)))

    def _unary(self) -> Expression:
        self._skip()
        for operator in ("-", "!"):
            if self._peek(operator) and not self._peek("!="):
                self._at += 1
                return Operation(operator, (self._unary(),))
        return self._postfix(self._term())

    def _postfix(self, expression: Expression) -> Expression:
        while True:
            before = self._at
            self._skip()
            if self._peek("...") or not (self._peek(".") or self._peek("[")):
                # A blank before the dot is allowed; a blank before anything else belongs to what follows.
                self._at = before
                return expression
            expression = self._step(expression)
            if isinstance(expression, Splat):
                return expression

    def _step(self, of: Expression) -> Expression:
        if self._peek("["):
            self._open()
            self._skip()
            if self._peek("*"):
                self._at += 1
                self._close("]")
                return Splat(of, self._postfix(SPLAT_ITEM))
            key = self._expression()
            self._close("]")
            return Index(of, key)
        self._at += 1
        self._skip()
        if self._peek("*"):
            self._at += 1
            return Splat(of, self._postfix(SPLAT_ITEM))
        number = _NUMBER.match(self._text, self._at)
        if number:
            # a legacy index: list.0
            digits = re.compile(r"[0-9]+").match(self._text, self._at)
            assert digits, "a number begins with a digit"
            self._at = digits.end()
            return Index(of, Literal(int(digits[0])))
        return Attribute(of, self._word())

    def _term(self) -> Expression:
        if self._at >= len(self._text):
            raise self._problem("an expression is missing")
        character = self._text[self._at]
        if character == '"':
            return self._quoted()
        if character == "(":
            self._open()
            value = self._expression()
            self._close(")")
            return value
        if character == "[":
            return self._tuple()
        if character == "{":
            return self._object()
        if character == "<":
            return self._heredoc()
        if character.isdigit():
            return Literal(self._number())
        return self._named()

    def _number(self) -> int | float:
        found = _NUMBER.match(self._text, self._at)
        assert found, "a digit begins a number"
        self._at = found.end()
        return float(found[0]) if found[1] or found[2] else int(found[0])

    def _named(self) -> Expression:
        word = self._word()
        if word in _WORDS:
            return Literal(_WORDS[word])
        while self._peek("::"):
            self._at += 2
            word += "::" + self._word()
        if not self._peek("("):
            return Name(word)
        self._open()
        arguments: list[Expression] = []
        expands = False
        self._skip()
        while not self._peek(")"):
            arguments.append(self._expression())
            self._skip()
            if self._peek("..."):
                self._at += 3
                expands = True
            self._comma()
        self._close(")")
        return Call(word, tuple(arguments), expands)

    def _tuple(self) -> Expression:
        self._open()
        self._skip()
        if self._is_for():
            return self._for("]")
        values = []
        while not self._peek("]"):
            values.append(self._expression())
            self._comma()
        self._close("]")
        return Tuple(tuple(values))

    def _object(self) -> Expression:
        self._open()
        self._skip()
        if self._is_for():
            return self._for("}")
        entries = []
        while not self._peek("}"):
            line, key = self._line(), self._key()
            self._skip()
            if not (self._peek("=") or self._peek(":")):
                raise self._problem("in a map, = or : is missing after the key")
            self._at += 1
            self._skip()
            # The value ends where its line does.
            self._blank.append(_BLANK)
            value = self._expression()
            self._blank.pop()
            entries.append((key, value, line))
            self._comma()
        self._close("}")
        return Object(tuple(entries))

    def _key(self) -> Expression:
        found = _WORD.match(self._text, self._at)
        if found:
            after = _BLANK.match(self._text, found.end())
            if after and self._text[after.end() : after.end() + 1] in ("=", ":"):
                self._at = found.end()
                return Literal(found[0])
        return self._expression()

    def _is_for(self) -> bool:
        return re.compile(r"for\b").match(self._text, self._at) is not None

    def _for(self, end: str) -> Expression:
        self._at += len("for")
        self._skip()
        first, second = self._word(), None
        self._skip()
        if self._peek(","):
            self._at += 1
            self._skip()
            second = self._word()
            self._skip()
        self._expect_word("in")
        over = self._expression()
        self._skip()
        self._expect(":")
        key, value = None, self._expression()
        self._skip()
        if self._peek("=>"):
            self._at += 2
            key, value = value, self._expression()
            self._skip()
        groups = self._peek("...")
        self._at += 3 if groups else 0
        self._skip()
        condition = None
        if re.compile(r"if\b").match(self._text, self._at):
            self._at += 2
            condition = self._expression()
        self._close(end)
        names = (first, second) if second else (None, first)
        return For(names[0], names[1] or "", over, key, value, condition, groups)

    # --- texts

    def _quoted(self) -> Expression:
        self._at += 1
        parts: list[Expression | str | None] = []
        while not self._peek('"'):
            if self._at >= len(self._text) or self._text[self._at] == "\n":
                raise self._problem("a text does not end on its line")
            parts.append(self._part())
        self._at += 1
        return _template(parts)

    def _part(self) -> Expression | str | None:
        plain = _PLAIN_TEXT.match(self._text, self._at)
        if plain:
            self._at = plain.end()
            return plain[0]
        if self._peek("\\"):
            return self._escape()
        return self._interpolation()

    def _escape(self) -> str:
        character = self._text[self._at + 1 : self._at + 2]
        if character in ("u", "U"):
            size = 4 if character == "u" else 8
            digits = self._text[self._at + 2 : self._at + 2 + size]
            self._at += 2 + size
            try:
                return chr(int(digits, 16))
            except ValueError as error:
                raise self._problem("not a character's number") from error
        self._at += 2
        return _ESCAPES.get(character, character)

    def _interpolation(self) -> Expression | str | None:
        """At ``$`` or ``%``: an interpolation, a directive, an escaped one, or the character itself."""
        for mark in ("$", "%"):
            if self._peek(mark * 2 + "{"):
                self._at += 3
                return mark + "{"
        if self._peek("${"):
            self._open(2)
            if self._peek("~"):
                self._at += 1
            value = self._expression()
            self._skip()
            if self._peek("~"):
                self._at += 1
            self._close("}")
            return value
        if self._peek("%{"):
            self._at = self._text.find("}", self._at) + 1 or len(self._text)
            return None
        self._at += 1
        return self._text[self._at - 1]

    def _heredoc(self) -> Expression:
        found = _HEREDOC.match(self._text, self._at)
        if not found:
            raise self._problem("an expression is missing")
        end = re.compile(rf"^[ \t]*{re.escape(found[2])}[ \t\r]*$", re.MULTILINE).search(self._text, found.end())
        if not end:
            raise self._problem(f"a text that begins with <<{found[2]} does not end")
        text = self._text[found.end() : end.start()]
        self._at = end.end()
        return _template(list(_Parser(_dedented(text) if found[1] else text).parts()))

    def parts(self) -> Iterator[Expression | str | None]:
        """The parts of a heredoc's text, which has no escapes."""
        while self._at < len(self._text):
            next_mark = min(
                (i for i in (self._text.find(m, self._at) for m in "$%") if i >= 0), default=len(self._text)
            )
            if next_mark > self._at:
                yield self._text[self._at : next_mark]
                self._at = next_mark
            else:
                yield self._interpolation()

    # --- characters

    def _skip(self) -> None:
        found = self._blank[-1].match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _skip_lines(self) -> None:
        found = _BLANK_LINES.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _peek(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _open(self, characters: int = 1) -> None:
        self._at += characters
        self._blank.append(_BLANK_LINES)
        self._skip()

    def _close(self, end: str) -> None:
        self._skip_lines()
        self._expect(end)
        self._blank.pop()

    def _comma(self) -> None:
        self._skip_lines()
        if self._peek(","):
            self._at += 1
            self._skip_lines()

    def _expect(self, text: str) -> None:
        if not self._peek(text):
            raise self._problem(f"{text} is missing")
        self._at += len(text)

    def _expect_word(self, word: str) -> None:
        if self._word() != word:
            raise self._problem(f"{word} is missing")

    def _word(self) -> str:
        found = _WORD.match(self._text, self._at)
        if not found:
            raise self._problem(f"{json.dumps(self._text[self._at : self._at + 1])} is not expected here")
        self._at = found.end()
        return found[0]

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._problem("nested too deeply")

    def _line(self) -> int:
        return self._first_line + bisect_right(self._starts, self._at)

    def _problem(self, message: str) -> SyntaxProblem:
        return SyntaxProblem(message, self._line())


def _template(parts: list[Expression | str | None]) -> Expression:
    if all(isinstance(part, str) for part in parts):
        return Literal("".join(part for part in parts if isinstance(part, str)))
    if len(parts) == 1 and parts[0] is not None and not isinstance(parts[0], str):
        return parts[0]
    return Template(tuple(parts))


def _dedented(text: str) -> str:
    lines = text.splitlines(keepends=True)
    indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
    least = min(indents, default=0)
    return "".join(line[least:] if line.strip() else line.lstrip(" \t") for line in lines)
