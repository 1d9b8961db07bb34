"""Strings: cel-go's extension library (version 2), and Kubernetes' ``find`` and ``findAll``."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

from .. import patterns
from .functions import Table
from .values import EvaluationError, TypeName, duration_text, number_text, timestamp_text

_DIRECTIVE = re.compile(r"%(?:\.(\d+))?(.)", re.DOTALL)


def _char_at(text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise EvaluationError(f"index out of range: {index}")
    return text[index : index + 1]


def _index_of(text: str, part: str, start: int = 0) -> int:
    if part and not 0 <= start <= len(text):
        raise EvaluationError(f"index out of range: {start}")
    return text.find(part, start) if part else start


def _last_index_of(text: str, part: str, end: int | None = None) -> int:
    if end is None:
        return text.rfind(part)
    if not 0 <= end < max(len(text), 1):
        raise EvaluationError(f"index out of range: {end}")
    return text.rfind(part, 0, end + len(part))


def _substring(text: str, start: int, end: int | None = None) -> str:
    last = len(text) if end is None else end
    for index in (start, last):
        if not 0 <= index <= len(text):
            raise EvaluationError(f"index out of range: {index}")
    if start > last:
        raise EvaluationError(f"invalid substring range. start: {start}, end: {last}")
    return text[start:last]


def _split(text: str, between: str, most: int = -1) -> list[str]:
    if most == 0:
        return []
    if most == 1:
        return [text]
    if between:
        return text.split(between, most - 1 if most > 0 else -1)
    pieces = list(text)
    return pieces if most < 0 or len(pieces) <= most else [*pieces[: most - 1], "".join(pieces[most - 1 :])]


def _find_all(text: str, pattern: str, most: int = -1) -> list[str]:
    found = [match[0] for match in patterns.compiled(pattern).finditer(text)]
    return found if most < 0 else found[:most]


def _find(text: str, pattern: str) -> str:
    match = patterns.compiled(pattern).search(text)
    return match[0] if match else ""


def formatted(pattern: str, values: list[Any]) -> str:
    """``'%d of %s'.format([1, 'x'])``."""
    left = iter(values)

    def replaced(match: re.Match[str]) -> str:
        if match[2] == "%":
            return "%"
        try:
            value = next(left)
        except StopIteration:
            raise EvaluationError(f"index {len(values)} out of range") from None
        return _clause(match[2], value, int(match[1] or 6))

    return _DIRECTIVE.sub(replaced, pattern)


def _clause(directive: str, value: Any, precision: int) -> str:
    whole = isinstance(value, int) and not isinstance(value, bool)
    match directive:
        case "s":
            return _shown(value)
        case "d" if whole:
            return str(int(value))
        case "f" if whole or isinstance(value, float):
            return f"{value:.{precision}f}"
        case "e" if whole or isinstance(value, float):
            return f"{value:.{precision}e}"
        case "b" if isinstance(value, int):
            return f"{int(value):b}"
        case "o" if whole:
            return f"{int(value):o}"
        case "x" | "X" if whole:
            return f"{int(value):{directive}}"
        case "x" | "X" if isinstance(value, (str, bytes)):
            text = (value.encode() if isinstance(value, str) else value).hex()
            return text.upper() if directive == "X" else text
        case _:
            raise EvaluationError(f"error during formatting: unrecognized formatting clause or type for %{directive}")


def _shown(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case float():
            return number_text(value)
        case int():
            return str(int(value))
        case bytes():
            return value.decode()
        case timedelta():
            return duration_text(value)
        case datetime():
            return timestamp_text(value)
        case list():
            return "[" + ", ".join(map(_shown, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{_shown(k)}: {_shown(v)}" for k, v in sorted(value.items())) + "}"
        case TypeName():
            return value.name
        case _:
            raise EvaluationError("error during formatting: string clause can only be used on simple types")


def _lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def _upper(text: str) -> str:
    return "".join(c.upper() if c.isascii() else c for c in text)


TABLE: Table = {
    "string.charAt(int): string": _char_at,
    "string.indexOf(string): int": _index_of,
    "string.indexOf(string, int): int": _index_of,
    "string.lastIndexOf(string): int": _last_index_of,
    "string.lastIndexOf(string, int): int": _last_index_of,
    "string.lowerAscii(): string": _lower,
    "string.upperAscii(): string": _upper,
    "string.replace(string, string): string": str.replace,
    "string.replace(string, string, int): string": str.replace,
    "string.split(string): list(string)": _split,
    "string.split(string, int): list(string)": _split,
    "string.substring(int): string": _substring,
    "string.substring(int, int): string": _substring,
    "string.trim(): string": str.strip,
    "string.format(list(dyn)): string": formatted,
    "strings.quote(string): string": lambda text: json.dumps(text, ensure_ascii=False),
    "list(string).join(): string": "".join,
    "list(string).join(string): string": lambda parts, between: between.join(parts),
    "string.find(string): string": _find,
    "string.findAll(string): list(string)": _find_all,
    "string.findAll(string, int): list(string)": _find_all,
}
