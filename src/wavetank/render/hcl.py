"""HCL as text: the few shapes of the language that we write, laid out as ``terraform fmt`` lays them out.

Owned by ``render/terraform``. Values are str, int, bool, None, lists, maps, ``Expression`` (written as it is) and ``Call``;
any of them may be wrapped in ``trace.Traced``. What leaves here needs no formatter: alignment of ``=`` follows
hclwrite/format.go (a blank line, a comment, a block or a value over several lines ends a run of aligned assignments).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from wavetank.render.trace import Line, is_list, is_map, untraced

LONGEST_LINE_COLUMNS = 110
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
#: words that mean something else where a key may stand
_RESERVED_KEYS = frozenset({"for", "null", "true", "false", "if", "in"})
#: what a string literal cannot hold as it is
_SPECIAL = re.compile(r'[\\"\x00-\x1f\x7f\x85\u2028\u2029]')
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True)
class Expression:
    """HCL source on one line, written as it is: ``aws_vpc.main.id``."""

    text: str


@dataclass(frozen=True)
class Call:
    """A function of one argument around a value of any size: ``jsonencode({...})``."""

    function: str
    argument: Any


@dataclass(frozen=True)
class Heredoc:
    """Text over several lines as the argument of a ``Call``; interpolation marks in it stay what they are."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Attribute:
    """``name = value`` in a body."""

    name: str
    value: Any


@dataclass(frozen=True)
class Comment:
    """One or more ``#`` lines."""

    text: str


@dataclass(frozen=True)
class Blank:
    """An empty line between groups of attributes."""


@dataclass(frozen=True)
class Block:
    """``type "label" "label" { body }``. Lines without a path of their own carry the block's."""

    type: str
    labels: tuple[str, ...]
    body: tuple[Item, ...]
    path: str = ""


Item: TypeAlias = Attribute | Comment | Blank | Block


def expression(text: str) -> Expression:
    """A reference or any other HCL on one line."""
    assert "\n" not in text, "an Expression is one line; use Call, a list or a map for longer values"
    return Expression(text)


def block(type: str, labels: Sequence[str] = (), body: Sequence[Item] = (), path: str = "") -> Block:
    """A nested block or, at the top of a file, a resource, an output, a locals block."""
    return Block(type, tuple(labels), tuple(body), path)


def attributes(**values: Any) -> tuple[Attribute, ...]:
    """Attributes in the order given; those that are None are left out."""
    return tuple(Attribute(name, value) for name, value in values.items() if value is not None)


def document(items: Sequence[Item]) -> tuple[Line, ...]:
    """The lines of a file: its items with an empty line between them; a comment belongs to the block behind it."""
    lines: list[Line] = []
    for index, item in enumerate(items):
        if index and not _joined(items[index - 1], item):
            lines.append(Line(""))
        lines.extend(_body_lines((item,), "", ""))
    return tuple(lines)


def _joined(previous: Item, item: Item) -> bool:
    """No empty line goes between them: they belong together, or one of them is that line."""
    return (
        isinstance(previous, Blank)
        or isinstance(item, Blank)
        or (isinstance(previous, Comment) and isinstance(item, Block))
    )


# --- bodies -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Assignment:
    """A key and the lines of its value, before the ``=`` of the run is aligned."""

    key: str
    value: tuple[Line, ...]
    path: str


def _body_lines(items: Sequence[Item], path: str, margin: str) -> Iterator[Line]:
    run: list[_Assignment] = []
    for item, previous in zip(items, (None, *items), strict=False):
        if isinstance(item, Attribute):
            value, own_path, note = untraced(item.value)
            here = own_path or path
            if note:
                yield from _aligned(run, margin)
                run = []
                yield from _comment_lines(note, here, margin)
            run.append(_Assignment(item.name, _value_lines(value, here, margin), here))
            continue
        yield from _aligned(run, margin)
        run = []
        yield from _other_lines(item, previous, path, margin)
    yield from _aligned(run, margin)


def _other_lines(item: Comment | Blank | Block, previous: Item | None, path: str, margin: str) -> Iterator[Line]:
    match item:
        case Comment(text=text):
            yield from _comment_lines(text, path, margin)
        case Blank():
            yield Line("")
        case Block():
            if previous is not None and not isinstance(previous, Blank | Comment):
                yield Line("")
            yield from _block_lines(item, path, margin)


def _block_lines(item: Block, path: str, margin: str) -> Iterator[Line]:
    own = item.path or path
    head = margin + " ".join([item.type, *(quoted(label) for label in item.labels)])
    if not item.body:
        yield Line(head + " {}", own)
        return
    yield Line(head + " {", own)
    yield from _body_lines(item.body, own, margin + "  ")
    yield Line(margin + "}", own)


def _comment_lines(text: str, path: str, margin: str) -> Iterator[Line]:
    for line in text.splitlines():
        yield Line(f"{margin}# {line}".rstrip(), path)


def _aligned(run: Sequence[_Assignment], margin: str) -> Iterator[Line]:
    """The lines of adjacent assignments; only one-line values take part in the alignment, others interrupt it."""
    start = 0
    for end in range(len(run) + 1):
        if end == len(run) or len(run[end].value) > 1:
            width = max((len(item.key) for item in run[start:end]), default=0)
            for item in run[start:end]:
                yield Line(f"{margin}{item.key.ljust(width)} = {item.value[0].text}", item.value[0].path or item.path)
            if end < len(run):
                yield from _long_assignment(run[end], margin)
            start = end + 1


def _long_assignment(item: _Assignment, margin: str) -> Iterator[Line]:
    first, *rest = item.value
    yield Line(f"{margin}{item.key} = {first.text}", first.path or item.path)
    yield from rest


# --- values -----------------------------------------------------------------------------------------------------------


def quoted(text: str) -> str:
    """A string literal; ``${`` and ``%{`` stay what they are instead of becoming templates."""
    escaped = _SPECIAL.sub(lambda found: _ESCAPES.get(found[0], f"\\u{ord(found[0]):04x}"), text)
    return '"' + _literal(escaped) + '"'


def _value_lines(value: Any, path: str, margin: str) -> tuple[Line, ...]:
    """The lines of a value. The first one stands behind a key or a bracket, so the margin is before the others only."""
    value, own_path, _ = untraced(value)
    path = own_path or path
    if isinstance(value, str):
        return (Line(quoted(value), path),)
    if isinstance(value, Call) and isinstance(value.argument, Heredoc):
        return _heredoc_lines(value.function, value.argument, path, margin)
    if isinstance(value, Call):
        return _wrapped(f"{value.function}(", _value_lines(value.argument, path, margin), ")")
    if is_map(value):
        return _map_lines(value, path, margin)
    if is_list(value):
        return _list_lines(value, path, margin)
    return (Line(_scalar(value), path),)


def _scalar(value: Any) -> str:
    match value:
        case Expression(text=text):
            return text
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return quoted(value)
    raise AssertionError(f"HCL has no form for a {type(value).__name__}")


def _wrapped(before: str, lines: tuple[Line, ...], after: str) -> tuple[Line, ...]:
    first, last = lines[0], lines[-1]
    if len(lines) == 1:
        return (Line(before + first.text + after, first.path),)
    return (Line(before + first.text, first.path), *lines[1:-1], Line(last.text + after, last.path))


def _heredoc_lines(function: str, text: Heredoc, path: str, margin: str) -> tuple[Line, ...]:
    """The smallest indentation is taken off by ``<<-``; the closing parenthesis cannot stand behind the end mark."""
    columns = len(margin) + 4
    inside = [Line(_literal(line.text), line.path or path).indented(columns) for line in text.lines]
    end = (Line(f"{margin}  EOT", path), Line(f"{margin})", path))
    return (Line(f"{function}(<<-EOT", path), *inside, *end)


def _literal(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{")


def _map_lines(mapping: Mapping[Any, Any], path: str, margin: str) -> tuple[Line, ...]:
    if not mapping:
        return (Line("{}", path),)
    return (Line("{", path), *_body_of_map(mapping, path, margin + "  "), Line(margin + "}", path))


def _body_of_map(mapping: Mapping[Any, Any], path: str, margin: str) -> Iterator[Line]:
    run: list[_Assignment] = []
    for key, item in mapping.items():
        value, own_path, note = untraced(item)
        here = own_path or path
        if note:
            yield from _aligned(run, margin)
            run = []
            yield from _comment_lines(note, here, margin)
        run.append(_Assignment(_key(key), _value_lines(value, here, margin), here))
    yield from _aligned(run, margin)


def _key(key: str | Expression) -> str:
    if isinstance(key, Expression):
        return key.text
    return key if _IDENTIFIER.match(key) and key not in _RESERVED_KEYS else quoted(key)


def _list_lines(items: Sequence[Any], path: str, margin: str) -> tuple[Line, ...]:
    """On one line when all elements are plain and it is short, else an element per line with a comma after each."""
    inner = margin + "  "
    parts = [_value_lines(item, path, inner) for item in items]
    flat = "[" + ", ".join(part[0].text for part in parts) + "]"
    if not _spread(items, parts, flat):
        path = parts[0][0].path if len(parts) == 1 else path
        return (Line(flat, path),)
    inside = [line for part in parts for line in _wrapped(inner, part, ",")]
    return (Line("[", path), *inside, Line(margin + "]", path))


def _spread(items: Sequence[Any], parts: Sequence[tuple[Line, ...]], flat: str) -> bool:
    paths = {part[0].path for part in parts}
    return (
        len(flat) > LONGEST_LINE_COLUMNS or any(len(part) > 1 for part in parts) or (len(items) > 1 and len(paths) > 1)
    )
