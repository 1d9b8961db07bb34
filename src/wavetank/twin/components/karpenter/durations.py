"""Durations as Go writes them (``1h30m``, ``500ms``, ``Never``), in seconds. Pure."""

from __future__ import annotations

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)")
NEVER = "Never"


def seconds_of(text: str) -> float:
    """Raises ValueError for a text that is no duration."""
    parts = _PART.findall(text)
    if "".join(number + unit for number, unit in parts) != text or not text:
        raise ValueError(f"{text!r} is no duration")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def optional_seconds(text: str | None) -> float | None:
    """None for ``Never`` and for what is not stated."""
    return None if text is None or text == NEVER else seconds_of(text)
