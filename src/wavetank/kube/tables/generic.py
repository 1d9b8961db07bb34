"""Tables of kinds without a printer of their own, and of custom resources with ``additionalPrinterColumns``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from .. import jsonpath, times
from ..types import Obj
from .cells import AGE, NAME, UNKNOWN, Cell, Column, Printer, age, name_of


def _name_and_creation(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), (obj.get("metadata") or {}).get("creationTimestamp")]


def _name_and_age(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), age(obj, now)]


#: ``rest.NewDefaultTableConvertor``: the time of creation, not the age
CREATED_AT = Printer((NAME, Column("Created At", "date")), _name_and_creation)
NAME_AND_AGE = Printer((NAME, AGE), _name_and_age)
_CUSTOM_DEFAULT = Printer((NAME, Column("Age", "date")), _name_and_age)


def custom_printer(printer_columns: Sequence[Mapping[str, Any]]) -> Printer:
    """The printer of a custom resource whose version declares these ``additionalPrinterColumns``."""
    if not printer_columns:
        return _CUSTOM_DEFAULT

    def cells(obj: Obj, now: datetime) -> list[Cell]:
        values = [_cell(c.get("type", ""), jsonpath.first(c.get("jsonPath", ""), obj), now) for c in printer_columns]
        return [name_of(obj), *values]

    return Printer((NAME, *map(_column, printer_columns)), cells)


def _column(declared: Mapping[str, Any]) -> Column:
    return Column(
        declared.get("name", ""),
        declared.get("type", "string"),
        declared.get("format", ""),
        declared.get("description", ""),
        declared.get("priority", 0),
    )


def _cell(kind: str, value: Any, now: datetime) -> Cell:
    """``cellForJSONValue`` of apiextensions' table convertor: a value of another type than declared shows nothing."""
    match kind:
        case "string":
            return _text(value)
        case "integer":
            return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        case "number":
            return value if isinstance(value, int | float) and not isinstance(value, bool) else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "date":
            return _date(value, now) if isinstance(value, str) else None
        case _:
            return None


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case str():
            return value
        case _:
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _date(text: str, now: datetime) -> str:
    if not text:
        return UNKNOWN
    try:
        return times.human_duration((now - times.parse(text)).total_seconds())
    except ValueError:
        return "<invalid>"
