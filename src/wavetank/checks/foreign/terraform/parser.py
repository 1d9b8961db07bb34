"""HCL text → ``syntax``: the native syntax of Terraform, with the line of every argument and block.

A recursive descent without a separate lexer, since templates nest expressions in texts. Our own, because a finding needs lines
and a check needs speed. Reference: the HCL native syntax specification (hashicorp/hcl, ``hclsyntax/spec.md``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .cursor import BLANK, WORD, Cursor
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


def parse(text: str) -> Body:
    """The body of a file. Raises SyntaxProblem."""
    return _Parser(text).file()


class _Parser(Cursor):
    """One pass over one text."""

    # --- bodies

    def file(self) -> Body:
        body = self._body("")
        if self.at < len(self.text):
            raise self.problem("what is here does not belong to any block")
        return body

    def _body(self, end: str) -> Body:
        body = Body()
        self.descend()
        while True:
            self.skip_lines()
            if self.at >= len(self.text) or self.text.startswith("}", self.at):
                break
            self._argument_or_block(body)
        if end:
            self.expect(end)
        self.ascend()
        return body

    def _argument_or_block(self, body: Body) -> None:
        line, name = self.line(), self._name_or_text()
        self.skip()
        if self.peek("=") and not self.peek("=="):
            self.at += 1
            body.arguments[name] = Argument(name, self._expression(), line)
            return
        labels = []
        while not self.peek("{"):
            if self.at >= len(self.text) or self.text[self.at] == "\n":
                raise self.problem(f"after {name} there is neither = nor a block")
            labels.append(self._name_or_text())
            self.skip()
        self.at += 1
        self.blank.append(BLANK)
        body.blocks.append(Block(name, tuple(labels), self._body("}"), line))
        self.blank.pop()

    def _name_or_text(self) -> str:
        self.skip()
        if self.peek('"'):
            text = self._quoted()
            if isinstance(text, Literal):
                return str(text.value)
            raise self.problem("a name cannot have an interpolation")
        return self.word()

    # --- expressions

    def _expression(self) -> Expression:
        self.descend()
        condition = self._binary(1)
        self.skip()
        if not self.peek("?"):
            self.ascend()
            return condition
        self.at += 1
        self.skip_lines()
        then = self._expression()
        self.skip_lines()
        self.expect(":")
        self.skip_lines()
        otherwise = self._expression()
        self.ascend()
        return Conditional(condition, then, otherwise)

    def _binary(self, least: int) -> Expression:
        left = self._unary()
        while True:
            self.skip()
            found = _OPERATORS.match(self.text, self.at)
            if not found or _PRECEDENCE[found[0]] < least:
                return left
            self.at = found.end()
            self.skip_lines()
            left = Operation(found[0], (left, self._binary(_PRECEDENCE[found[0]] + 1)))

    def _unary(self) -> Expression:
        self.skip()
        for operator in ("-", "!"):
            if self.peek(operator) and not self.peek("!="):
                self.at += 1
                return Operation(operator, (self._unary(),))
        return self._postfix(self._term())

    def _postfix(self, expression: Expression) -> Expression:
        while True:
            before = self.at
            self.skip()
            if self.peek("...") or not (self.peek(".") or self.peek("[")):
                # A blank before the dot is allowed; a blank before anything else belongs to what follows.
                self.at = before
                return expression
            expression = self._step(expression)
            if isinstance(expression, Splat):
                return expression

    def _step(self, of: Expression) -> Expression:
        if self.peek("["):
            self.open()
            self.skip()
            if self.peek("*"):
                self.at += 1
                self.close("]")
                return Splat(of, self._postfix(SPLAT_ITEM))
            key = self._expression()
            self.close("]")
            return Index(of, key)
        self.at += 1
        self.skip()
        if self.peek("*"):
            self.at += 1
            return Splat(of, self._postfix(SPLAT_ITEM))
        number = _NUMBER.match(self.text, self.at)
        if number:
            # a legacy index: list.0
            digits = re.compile(r"[0-9]+").match(self.text, self.at)
            assert digits, "a number begins with a digit"
            self.at = digits.end()
            return Index(of, Literal(int(digits[0])))
        return Attribute(of, self.word())

    def _term(self) -> Expression:
        if self.at >= len(self.text):
            raise self.problem("an expression is missing")
        character = self.text[self.at]
        if character == '"':
            return self._quoted()
        if character == "(":
            self.open()
            value = self._expression()
            self.close(")")
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
        found = _NUMBER.match(self.text, self.at)
        assert found, "a digit begins a number"
        self.at = found.end()
        return float(found[0]) if found[1] or found[2] else int(found[0])

    def _named(self) -> Expression:
        word = self.word()
        if word in _WORDS:
            return Literal(_WORDS[word])
        while self.peek("::"):
            self.at += 2
            word += "::" + self.word()
        if not self.peek("("):
            return Name(word)
        self.open()
        arguments: list[Expression] = []
        expands = False
        self.skip()
        while not self.peek(")"):
            arguments.append(self._expression())
            self.skip()
            if self.peek("..."):
                self.at += 3
                expands = True
            self.comma()
        self.close(")")
        return Call(word, tuple(arguments), expands)

    def _tuple(self) -> Expression:
        self.open()
        self.skip()
        if self._is_for():
            return self._for("]")
        values = []
        while not self.peek("]"):
            values.append(self._expression())
            self.comma()
        self.close("]")
        return Tuple(tuple(values))

    def _object(self) -> Expression:
        self.open()
        self.skip()
        if self._is_for():
            return self._for("}")
        entries = []
        while not self.peek("}"):
            line, key = self.line(), self._key()
            self.skip()
            if not (self.peek("=") or self.peek(":")):
                raise self.problem("in a map, = or : is missing after the key")
            self.at += 1
            self.skip()
            # The value ends where its line does.
            self.blank.append(BLANK)
            value = self._expression()
            self.blank.pop()
            entries.append((key, value, line))
            self.comma()
        self.close("}")
        return Object(tuple(entries))

    def _key(self) -> Expression:
        found = WORD.match(self.text, self.at)
        if found:
            after = BLANK.match(self.text, found.end())
            if after and self.text[after.end() : after.end() + 1] in ("=", ":"):
                self.at = found.end()
                return Literal(found[0])
        return self._expression()

    def _is_for(self) -> bool:
        return re.compile(r"for\b").match(self.text, self.at) is not None

    def _for(self, end: str) -> Expression:
        self.at += len("for")
        self.skip()
        first, second = self.word(), None
        self.skip()
        if self.peek(","):
            self.at += 1
            self.skip()
            second = self.word()
            self.skip()
        self.expect_word("in")
        over = self._expression()
        self.skip()
        self.expect(":")
        key, value = None, self._expression()
        self.skip()
        if self.peek("=>"):
            self.at += 2
            key, value = value, self._expression()
            self.skip()
        groups = self.peek("...")
        self.at += 3 if groups else 0
        self.skip()
        condition = None
        if re.compile(r"if\b").match(self.text, self.at):
            self.at += 2
            condition = self._expression()
        self.close(end)
        names = (first, second) if second else (None, first)
        return For(names[0], names[1] or "", over, key, value, condition, groups)

    # --- texts

    def _quoted(self) -> Expression:
        self.at += 1
        parts: list[Expression | str | None] = []
        while not self.peek('"'):
            if self.at >= len(self.text) or self.text[self.at] == "\n":
                raise self.problem("a text does not end on its line")
            parts.append(self._part())
        self.at += 1
        return _template(parts)

    def _part(self) -> Expression | str | None:
        plain = _PLAIN_TEXT.match(self.text, self.at)
        if plain:
            self.at = plain.end()
            return plain[0]
        if self.peek("\\"):
            return self._escape()
        return self._interpolation()

    def _escape(self) -> str:
        character = self.text[self.at + 1 : self.at + 2]
        if character in ("u", "U"):
            size = 4 if character == "u" else 8
            digits = self.text[self.at + 2 : self.at + 2 + size]
            self.at += 2 + size
            try:
                return chr(int(digits, 16))
            except ValueError as error:
                raise self.problem("not a character's number") from error
        self.at += 2
        return _ESCAPES.get(character, character)

    def _interpolation(self) -> Expression | str | None:
        """At ``$`` or ``%``: an interpolation, a directive, an escaped one, or the character itself."""
        for mark in ("$", "%"):
            if self.peek(mark * 2 + "{"):
                self.at += 3
                return mark + "{"
        if self.peek("${"):
            self.open(2)
            if self.peek("~"):
                self.at += 1
            value = self._expression()
            self.skip()
            if self.peek("~"):
                self.at += 1
            self.close("}")
            return value
        if self.peek("%{"):
            self.at = self.text.find("}", self.at) + 1 or len(self.text)
            return None
        self.at += 1
        return self.text[self.at - 1]

    def _heredoc(self) -> Expression:
        found = _HEREDOC.match(self.text, self.at)
        if not found:
            raise self.problem("an expression is missing")
        end = re.compile(rf"^[ \t]*{re.escape(found[2])}[ \t\r]*$", re.MULTILINE).search(self.text, found.end())
        if not end:
            raise self.problem(f"a text that begins with <<{found[2]} does not end")
        text = self.text[found.end() : end.start()]
        self.at = end.end()
        return _template(list(_Parser(_dedented(text) if found[1] else text).parts()))

    def parts(self) -> Iterator[Expression | str | None]:
        """The parts of a heredoc's text, which has no escapes."""
        while self.at < len(self.text):
            next_mark = min((i for i in (self.text.find(m, self.at) for m in "$%") if i >= 0), default=len(self.text))
            if next_mark > self.at:
                yield self.text[self.at : next_mark]
                self.at = next_mark
            else:
                yield self._interpolation()


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
