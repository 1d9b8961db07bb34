"""Kubernetes YAML as people write it, each line with the path of the plan value behind it.

Owned by ``render/kubernetes`` and ``render/helm``. The input is JSON whose parts may be wrapped in ``trace.Traced``. Block style
throughout; a string is left bare only where no reader of YAML 1.1 or 1.2 could take it for something else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from wavetank.render.trace import Line, is_list, is_map, untraced

#: what stands first in an object, whatever order it was built in
_FIRST_KEYS = ("apiVersion", "kind", "metadata", "spec")
#: words that YAML 1.1 reads as booleans or null, in any mixture of case
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"})
#: begins harmlessly and holds nothing that YAML gives a meaning to
_BARE = re.compile(r"(?:--?(?=[A-Za-z])|[A-Za-z0-9_/.$(])(?:[A-Za-z0-9_/.$()@%+,= -]|:(?=[^ ]))*\Z")
#: what YAML calls unprintable
_UNPRINTABLE = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
#: anything that some reader could take for a number or a date: 1e3, 0x1f, 1_000, 12:30:45, 2026-01-01, .5, .inf
_NUMBER_LIKE = re.compile(r"[-+.]?[0-9.][0-9a-fA-FxXoO_.:eE+-]*(?:[ Tt].*)?\Z|[-+]?\.(?:inf|nan)\Z", re.IGNORECASE)


def documents(objects: Sequence[Any]) -> tuple[Line, ...]:
    """Several objects of one file, separated by ``---``; their keys in the order apiVersion, kind, metadata, spec, others."""
    lines: list[Line] = []
    for index, item in enumerate(objects):
        if index:
            lines.append(Line("---"))
        lines.extend(document(item))
    return tuple(lines)


def document(item: Any) -> tuple[Line, ...]:
    """One object (or any JSON value) as lines."""
    value, path, note = untraced(item)
    comment = tuple(_comment_lines(note, path))
    if value and is_map(value):
        return (*comment, *_map_lines(_kubernetes_order(value), path, ""))
    if value and is_list(value):
        return (*comment, *_list_lines(value, path, ""))
    return (*comment, Line(_flow(value), path))


def _kubernetes_order(value: Mapping[str, Any]) -> dict[str, Any]:
    first = {key: value[key] for key in _FIRST_KEYS if key in value}
    return first | {key: item for key, item in value.items() if key not in first}


def _map_lines(mapping: Mapping[str, Any], path: str, margin: str) -> Iterator[Line]:
    for key, item in mapping.items():
        value, own_path, note = untraced(item)
        here = own_path or path
        yield from _comment_lines(note, here, margin)
        if isinstance(value, str) and _is_literal(value):
            yield from _literal_lines(f"{margin}{scalar(key)}: ", value, here, margin)
        elif value and is_map(value):
            yield Line(f"{margin}{scalar(key)}:", here)
            yield from _map_lines(value, here, margin + "  ")
        elif value and is_list(value):
            yield Line(f"{margin}{scalar(key)}:", here)
            yield from _list_lines(value, here, margin)
        else:
            yield Line(f"{margin}{scalar(key)}: {_flow(value)}", here)


def _list_lines(items: Sequence[Any], path: str, margin: str) -> Iterator[Line]:
    for item in items:
        value, own_path, note = untraced(item)
        here = own_path or path
        yield from _comment_lines(note, here, margin)
        if isinstance(value, str) and _is_literal(value):
            yield from _literal_lines(f"{margin}- ", value, here, margin)
        elif value and is_map(value):
            yield from _dashed(_map_lines(value, here, margin + "  "), margin)
        elif value and is_list(value):
            yield from _dashed(_list_lines(value, here, margin + "  "), margin)
        else:
            yield Line(f"{margin}- {_flow(value)}", here)


def _dashed(lines: Iterator[Line], margin: str) -> Iterator[Line]:
    """The dash takes the place of two blanks before the first line of content; a comment above it stands where the dash does."""
    columns = len(margin) + 2
    for line in lines:
        if not line.text.startswith("# ", columns):
            yield Line(f"{margin}- {line.text[columns:]}", line.path)
            break
        yield Line(margin + line.text[columns:], line.path)
    yield from lines


def _comment_lines(note: str, path: str, margin: str = "") -> Iterator[Line]:
    for line in note.splitlines():
        yield Line(f"{margin}# {line}".rstrip(), path)


# --- scalars ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16_384)
def scalar(text: str) -> str:
    """A string on one line: bare where that is safe, else quoted with JSON's escapes, which YAML shares."""
    if text.lower() in _WORDS or not _BARE.match(text) or _NUMBER_LIKE.match(text) or text.endswith(" "):
        return _double_quoted(text)
    return text


def _double_quoted(text: str) -> str:
    """ASCII and ordinary letters as they are; what YAML calls unprintable as an escape."""
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: _escaped(found[0]), quoted)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"


def _flow(value: Any) -> str:
    """A value that fits behind a key: a scalar, ``{}`` or ``[]``."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return json.dumps(value)
        case str():
            return scalar(value)
        case dict() | Mapping():
            return "{}"
    assert is_list(value), f"YAML has no form for a {type(value).__name__}"
    return "[]"


def _is_literal(text: str) -> bool:
    """Several ordinary lines, which read best as they are; the first must not begin with a space, no line end with one."""
    if "\n" not in text:
        return False
    lines = text.removesuffix("\n").split("\n")
    ordinary = not any(_UNPRINTABLE.search(line) for line in lines)
    return (
        len(lines) > 1
        and ordinary
        and lines[-1] != ""
        and lines[0][:1].strip() != ""
        and all(x == x.rstrip() for x in lines)
    )


def _literal_lines(head: str, text: str, path: str, margin: str) -> Iterator[Line]:
    yield Line(head + ("|" if text.endswith("\n") else "|-"), path)
    yield from (Line(f"{margin}  {line}" if line else "", path) for line in text.removesuffix("\n").split("\n"))
