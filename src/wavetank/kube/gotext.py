"""JSON values as Go's ``fmt`` prints them with ``%v``, for the messages that quote them."""

from __future__ import annotations

from typing import Any


def go_value(value: Any) -> str:
    """``map[a:1 b:[x y]]``: maps in order of their keys, ``<nil>`` for null."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case dict():
            return "map[" + " ".join(f"{k}:{go_value(value[k])}" for k in sorted(value)) + "]"
        case list():
            return "[" + " ".join(map(go_value, value)) + "]"
        case _:
            return str(value)
