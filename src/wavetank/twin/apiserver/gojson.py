"""Go's words for JSON that cannot be parsed (``encoding/json`` scanner), from Python's. Pure."""

from __future__ import annotations

import json

_LITERALS = {"n": "null", "t": "true", "f": "false"}


def parse_error(text: str) -> str:
    """Why ``text`` is no JSON, as Go says it; empty when it is."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return _words(error, text)
    except RecursionError:
        return "exceeded max depth"
    return ""


def _words(error: json.JSONDecodeError, text: str) -> str:
    at = error.pos
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    if at >= len(text) or error.msg.startswith("Unterminated string"):
        return "unexpected end of JSON input"
    if error.msg == "Expecting value" and text[at] in _LITERALS:
        return _literal(text, at)
    return f"invalid character {_shown(text[at])} {_where(error.msg, text, at)}"


def _literal(text: str, at: int) -> str:
    literal = _LITERALS[text[at]]
    for offset, expected in enumerate(literal):
        if at + offset >= len(text):
            return "unexpected end of JSON input"
        if text[at + offset] != expected:
            return f"invalid character {_shown(text[at + offset])} in literal {literal} (expecting {_shown(expected)})"
    return "unexpected end of JSON input"


def _shown(character: str) -> str:
    if character == "'":
        return "'\\''"
    if character == '"':
        return "'\"'"
    return "'" + json.dumps(character)[1:-1] + "'"


def _where(message: str, text: str, at: int) -> str:
    if message == "Extra data":
        return "after top-level value"
    if message.startswith("Expecting property name"):
        return "looking for beginning of object key string"
    if message.startswith("Expecting ':'"):
        return "after object key"
    if message.startswith("Expecting ','"):
        return "after array element" if _innermost(text, at) == "[" else "after object key:value pair"
    if message.startswith("Invalid control character"):
        return "in string literal"
    if message.startswith("Invalid \\"):
        return "in string escape code"
    return "looking for beginning of value"


def _innermost(text: str, end: int) -> str:
    """The bracket that is open at ``end``."""
    stack: list[str] = []
    in_string = escaped = False
    for character in text[:end]:
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in "[{":
            stack.append(character)
        elif character in "]}" and stack:
            stack.pop()
    return stack[-1] if stack else ""
