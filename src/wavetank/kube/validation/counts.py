"""Rules of numbers that may be percentages (``intstr.IntOrString``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..errors import Cause
from .amounts import not_negative
from .causes import invalid

_PERCENT_SHAPE = (
    "a valid percent string must be a numeric string followed by an ending '%' "
    "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
)


def count_or_percent(value: Any, path: str) -> Iterator[Cause]:
    if isinstance(value, str):
        if not re.fullmatch("[0-9]+%", value):
            yield invalid(path, value, _PERCENT_SHAPE)
    else:
        yield from not_negative(value, path)


def at_most_all(value: Any, path: str) -> Iterator[Cause]:
    if isinstance(value, str) and re.fullmatch("[0-9]+%", value) and int(value[:-1]) > 100:
        yield invalid(path, value, "must not be greater than 100%")


def number_of(value: Any) -> int:
    """The number of a count or percentage; 0 for what is neither."""
    return int(value) if isinstance(value, int) else int(value[:-1]) if re.fullmatch("[0-9]+%", str(value)) else 0
