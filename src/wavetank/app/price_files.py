"""Files with prices of one's own: YAML or JSON, key → USD, or key → {usd, source}. Called by ``wavetank cost``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from wavetank import catalog
from wavetank.base.errors import InputError, Problem
from wavetank.cost import UnitPrice

#: keys that are made of a kind of purchase and a machine
_COMPOSED = ("spot:", "savings-plan:", "reserved:", "valkey:")
_GRADED = "dataTransferOut"


def price_file(path: Path) -> dict[str, UnitPrice]:
    """The prices of a file by key; InputError with every wrong entry."""
    entries = _entries(path)
    problems = [problem for key, value in entries.items() for problem in _wrong(path, str(key), value)]
    if problems:
        raise InputError(problems)
    return {key: _price(path, value) for key, value in entries.items()}


def _entries(path: Path) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError([Problem(str(path), 0, 0, f"cannot be read: {error.strerror}")]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError([Problem(str(path), 0, 0, f"is neither YAML nor JSON: {error}")]) from None
    if not isinstance(document, dict):
        raise InputError([Problem(str(path), 0, 0, "has to be a map of prices", "For example `natGatewayHour: 0.05`.")])
    return document


def _wrong(path: Path, key: str, value: object) -> Iterator[Problem]:
    if not _is_known(key):
        near = get_close_matches(key, _keys(), n=1)
        yield Problem(str(path), 0, 0, f"there is no price {key!r}", f"Did you mean {near[0]}?" if near else "")
    elif _usd(value) is None:
        yield Problem(str(path), 0, 0, f"{key} has to be a number of USD, or {{usd: ..., source: ...}}")


def _is_known(key: str) -> bool:
    return key in _keys() or key.startswith(_COMPOSED)


def _keys() -> tuple[str, ...]:
    return (*catalog.price_keys(), *catalog.instance_type_names(), _GRADED)


def _usd(value: object) -> Decimal | None:
    stated = value.get("usd") if isinstance(value, dict) else value
    if isinstance(stated, bool) or not isinstance(stated, int | float | str):
        return None
    try:
        usd = Decimal(str(stated))
    except InvalidOperation:
        return None
    return usd if usd.is_finite() and usd >= 0 else None


def _price(path: Path, value: Any) -> UnitPrice:
    usd = _usd(value)
    assert usd is not None, "wrong entries were refused"
    told = value if isinstance(value, dict) else {}
    day = told.get("date")
    on = day if isinstance(day, date) else date.fromisoformat(day) if isinstance(day, str) else None
    return UnitPrice(usd, str(told.get("source", path.name)), on, bool(told.get("confirmed", True)))
