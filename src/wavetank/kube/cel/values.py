"""What CEL computes with beside what JSON has: optionals, durations, addresses, versions; and how values are compared.

Timestamps are ``datetime`` with a zone, durations ``timedelta``, unsigned integers ``syntax.UInt``. Everything raises
``EvaluationError`` where CEL has an error for a value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from .. import quantity, times
from .syntax import UInt


class EvaluationError(Exception):
    """The expression has no value for these variables; the text is CEL's."""


NO_OVERLOAD = "no such overload"
INT_MIN, INT_MAX = -(2**63), 2**63 - 1


@dataclass(frozen=True)
class Optional:
    """``optional.of(x)`` or, without a value, ``optional.none()``."""

    present: bool
    value: Any = None


NONE = Optional(False)


@dataclass(frozen=True)
class TypeName:
    """A type as a value: what ``type(x)`` is."""

    name: str


@dataclass(frozen=True)
class Quantity:
    text: str

    def compared(self, other: Quantity) -> int:
        return quantity.compare(self.text, other.text)


_SEMVER = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")


@dataclass(frozen=True)
class Semver:
    major: int
    minor: int
    patch: int
    before: tuple[str, ...] = ()

    @staticmethod
    def read(text: str) -> Semver | None:
        match = _SEMVER.fullmatch(text)
        numbers = match.group(1, 2, 3) if match else ()
        if match is None or any(len(n) > 1 and n[0] == "0" for n in numbers):
            return None
        before = tuple(match[4].split(".")) if match[4] else ()
        return Semver(int(match[1]), int(match[2]), int(match[3]), before)

    @property
    def rank(self) -> tuple[Any, ...]:
        """What versions are compared by: a pre-release comes before its release, numbers before words."""
        before = tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in self.before)
        return (self.major, self.minor, self.patch, not self.before, before)


_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_UNIT_MICROSECONDS = {
    "ns": Fraction(1, 1000),
    "us": Fraction(1),
    "µs": Fraction(1),
    "μs": Fraction(1),
    "ms": Fraction(1000),
    "s": Fraction(10**6),
    "m": Fraction(60 * 10**6),
    "h": Fraction(3600 * 10**6),
}


def read_duration(text: str) -> timedelta | None:
    """Go's notation (``1h30m``); None when it is not one."""
    sign, body = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if body == "0":
        return timedelta()
    parts = _DURATION.findall(body)
    if not parts or "".join(n + u for n, u in parts) != body:
        return None
    return timedelta(microseconds=float(sign * sum(Fraction(n) * _UNIT_MICROSECONDS[u] for n, u in parts)))


def read_timestamp(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        return None
    return read if read is not None and read.tzinfo is not None else None


def duration_text(value: timedelta) -> str:
    """As CEL writes it: seconds only."""
    return f"{number_text(value / timedelta(seconds=1))}s"


def timestamp_text(value: datetime) -> str:
    value = value.astimezone(UTC)
    if not value.microsecond:
        return times.rfc3339(value)
    return value.strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0") + "Z"


def number_text(value: float) -> str:
    """A double as Go's ``%g`` with the shortest digits has it."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    if "e" in text:
        digits, _, exponent = text.partition("e")
        return f"{digits.removesuffix('.0')}e{int(exponent):+03d}"
    return text.removesuffix(".0")


def same(a: Any, b: Any) -> bool:
    """CEL's ``==``: numbers by their value whatever their type, nothing else across types."""
    if isinstance(a, bool) or isinstance(b, bool):
        return isinstance(a, bool) and isinstance(b, bool) and a == b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(value, b[key]) for key, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, Quantity) and isinstance(b, Quantity):
        return a.compared(b) == 0
    return bool(a == b)


def type_name(value: Any) -> str:
    """The name of a value's type."""
    match value:
        case None:
            return "null_type"
        case bool():
            return "bool"
        case UInt():
            return "uint"
        case int():
            return "int"
        case float():
            return "double"
        case str():
            return "string"
        case bytes():
            return "bytes"
        case list():
            return "list"
        case dict():
            return "map"
        case timedelta():
            return "google.protobuf.Duration"
        case datetime():
            return "google.protobuf.Timestamp"
        case Optional():
            return "optional_type"
        case TypeName():
            return "type"
        case Quantity():
            return "kubernetes.Quantity"
        case Semver():
            return "kubernetes.Semver"
        case _:
            return str(getattr(value, "cel_type", "dyn"))


def checked_int(value: int) -> int:
    if not INT_MIN <= value <= INT_MAX:
        raise EvaluationError("integer overflow")
    return value
