"""The standard functions and operators of CEL (cel-spec ``standard definitions``), and those of optional values."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from operator import ge, gt, le, lt
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .. import patterns
from .functions import Table
from .syntax import UInt
from .values import (
    NO_OVERLOAD,
    NONE,
    EvaluationError,
    Optional,
    TypeName,
    checked_int,
    duration_text,
    number_text,
    read_duration,
    read_timestamp,
    same,
    timestamp_text,
    type_name,
)

_NUMBERS = ("int", "uint", "double")


def matches(text: str, pattern: str) -> bool:
    return patterns.compiled(pattern).search(text) is not None


def _divided(a: int, b: int) -> int:
    if b == 0:
        raise EvaluationError("division by zero")
    quotient = abs(a) // abs(b)
    return checked_int(quotient if (a < 0) == (b < 0) else -quotient)


def _remainder(a: int, b: int) -> int:
    if b == 0:
        raise EvaluationError("modulus by zero")
    return a - b * _divided(a, b)


def _float_divided(a: float, b: float) -> float:
    if b == 0:
        return float("nan") if a == 0 or a != a else float("inf") * (1 if a > 0 else -1)
    return a / b


def _uint(value: int) -> UInt:
    if not 0 <= value < 2**64:
        raise EvaluationError("unsigned integer overflow")
    return UInt(value)


def _int_of(value: float | str) -> int:
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?\d+", value):
            raise EvaluationError(
                f"type conversion error from 'string' to 'int': strconv.ParseInt: parsing \"{value}\": invalid syntax"
            )
        return checked_int(int(value))
    if value != value or abs(value) >= 2**63:
        raise EvaluationError("integer overflow")
    return int(value)


def _double_of(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise EvaluationError(f'strconv.ParseFloat: parsing "{text}": invalid syntax') from None


def _bool_of(text: str) -> bool:
    if text in ("true", "True", "TRUE", "t", "1"):
        return True
    if text in ("false", "False", "FALSE", "f", "0"):
        return False
    raise EvaluationError(
        f"type conversion error from 'string' to 'bool': strconv.ParseBool: parsing \"{text}\": invalid syntax"
    )


def _duration(text: str) -> timedelta:
    read = read_duration(text)
    if read is None:
        raise EvaluationError(f'time: invalid duration "{text}"')
    return read


def _timestamp(text: str) -> datetime:
    read = read_timestamp(text)
    if read is None:
        raise EvaluationError(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse "{text}" as "2006"')
    return read


def _value(optional: Optional) -> Any:
    if not optional.present:
        raise EvaluationError("optional.none() dereference")
    return optional.value


def _is_zero(value: Any) -> bool:
    return value is None or value in (False, 0, "", b"") or value == [] or value == {} or value == timedelta()


def _in(item: Any, items: Any) -> bool:
    return any(same(item, each) for each in items)


def _zone(name: str) -> Any:
    match = re.fullmatch(r"([+-]?)(\d\d):(\d\d)", name)
    if match:
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise EvaluationError(f"unknown time zone {name}") from None


_PARTS: dict[str, Callable[[datetime], int]] = {
    "getFullYear": lambda t: t.year,
    "getMonth": lambda t: t.month - 1,
    "getDate": lambda t: t.day,
    "getDayOfMonth": lambda t: t.day - 1,
    "getDayOfWeek": lambda t: t.isoweekday() % 7,
    "getDayOfYear": lambda t: t.timetuple().tm_yday - 1,
    "getHours": lambda t: t.hour,
    "getMinutes": lambda t: t.minute,
    "getSeconds": lambda t: t.second,
    "getMilliseconds": lambda t: t.microsecond // 1000,
}


def _part(get: Callable[[datetime], int]) -> tuple[Callable[[datetime], int], Callable[[datetime, str], int]]:
    return lambda t: get(t.astimezone(UTC)), lambda t, zone: get(t.astimezone(_zone(zone)))


def _comparisons() -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {}
    kinds = [(a, b) for a in _NUMBERS for b in _NUMBERS]
    kinds += [(k, k) for k in ("string", "bytes", "bool", "duration", "timestamp")]
    for sign, operator in (("<", lt), ("<=", le), (">", gt), (">=", ge)):
        found |= {f"_{sign}_({a}, {b}): bool": operator for a, b in kinds}
    return found


def _arithmetic() -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {}
    plain: dict[str, Callable[[Any, Any], Any]] = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": _divided,
        "%": _remainder,
    }

    def limited(limit: Callable[[int], int], of: Callable[[Any, Any], int]) -> Callable[[Any, Any], int]:
        return lambda a, b: limit(of(int(a), int(b)))

    for sign, of in plain.items():
        found[f"_{sign}_(int, int): int"] = limited(checked_int, of)
        found[f"_{sign}_(uint, uint): uint"] = limited(_uint, of)
        if sign != "%":
            found[f"_{sign}_(double, double): double"] = _float_divided if sign == "/" else of
    return found


def _times() -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {}
    for name, get in _PARTS.items():
        plain, zoned = _part(get)
        found |= {f"timestamp.{name}(): int": plain, f"timestamp.{name}(string): int": zoned}
    for name, seconds in (("getHours", 3600), ("getMinutes", 60), ("getSeconds", 1)):
        found[f"duration.{name}(): int"] = lambda d, unit=seconds: int(d / timedelta(seconds=unit))
    found["duration.getMilliseconds(): int"] = lambda d: int(d / timedelta(milliseconds=1))
    return found


def _no_index(value: Any, key: Any) -> Any:
    if isinstance(value, list):
        if isinstance(key, (int, float)) and not isinstance(key, bool) and key == int(key):
            if 0 <= key < len(value):
                return value[int(key)]
            raise EvaluationError(f"index out of bounds: {int(key)}")
        raise EvaluationError(NO_OVERLOAD)
    if isinstance(value, dict):
        if key in value:
            return value[key]
        raise EvaluationError(f"no such key: {key}")
    raise EvaluationError(NO_OVERLOAD)


def _maybe_index(value: Any, key: Any) -> Optional:
    if isinstance(value, Optional):
        return _maybe_index(value.value, key) if value.present else NONE
    try:
        return Optional(True, _no_index(value, key))
    except EvaluationError as error:
        if str(error) == NO_OVERLOAD:
            raise
        return NONE


TABLE: Table = {
    "_==_(A, A): bool": same,
    "_!=_(A, A): bool": lambda a, b: not same(a, b),
    **_comparisons(),
    **_arithmetic(),
    "_+_(string, string): string": lambda a, b: a + b,
    "_+_(bytes, bytes): bytes": lambda a, b: a + b,
    "_+_(list(A), list(A)): list(A)": lambda a, b: [*a, *b],
    "_+_(duration, duration): duration": lambda a, b: a + b,
    "_+_(timestamp, duration): timestamp": lambda a, b: a + b,
    "_+_(duration, timestamp): timestamp": lambda a, b: b + a,
    "_-_(timestamp, timestamp): duration": lambda a, b: a - b,
    "_-_(timestamp, duration): timestamp": lambda a, b: a - b,
    "_-_(duration, duration): duration": lambda a, b: a - b,
    "!_(bool): bool": lambda a: not a,
    "-_(int): int": lambda a: checked_int(-a),
    "-_(double): double": lambda a: -a,
    "@in(A, list(A)): bool": _in,
    "@in(A, map(A, B)): bool": lambda key, items: key in items,
    "_[_](list(A), int): A": _no_index,
    "_[_](map(A, B), A): B": _no_index,
    "_[?_](list(A), int): optional_type(A)": _maybe_index,
    "_[?_](map(A, B), A): optional_type(B)": _maybe_index,
    "_[?_](optional_type(list(A)), int): optional_type(A)": _maybe_index,
    "_[?_](optional_type(map(A, B)), A): optional_type(B)": _maybe_index,
    **{f"size({kind}): int": len for kind in ("string", "bytes", "list(A)", "map(A, B)")},
    **{f"{kind}.size(): int": len for kind in ("string", "bytes", "list(A)", "map(A, B)")},
    "type(A): type": lambda value: TypeName(type_name(value)),
    "dyn(A): dyn": lambda value: value,
    "int(int): int": lambda value: value,
    "int(uint): int": lambda value: checked_int(int(value)),
    "int(double): int": _int_of,
    "int(string): int": _int_of,
    "int(timestamp): int": lambda t: int(t.timestamp()),
    "uint(uint): uint": lambda value: value,
    "uint(int): uint": _uint,
    "uint(double): uint": lambda value: _uint(_int_of(value)),
    "uint(string): uint": lambda value: _uint(_int_of(value)),
    "double(double): double": lambda value: value,
    "double(int): double": float,
    "double(uint): double": float,
    "double(string): double": _double_of,
    "bool(bool): bool": lambda value: value,
    "bool(string): bool": _bool_of,
    "bytes(bytes): bytes": lambda value: value,
    "bytes(string): bytes": str.encode,
    "string(string): string": lambda value: value,
    "string(bool): string": lambda value: "true" if value else "false",
    "string(int): string": str,
    "string(uint): string": lambda value: str(int(value)),
    "string(double): string": number_text,
    "string(bytes): string": bytes.decode,
    "string(timestamp): string": timestamp_text,
    "string(duration): string": duration_text,
    "duration(string): duration": _duration,
    "duration(duration): duration": lambda value: value,
    "timestamp(string): timestamp": _timestamp,
    "timestamp(timestamp): timestamp": lambda value: value,
    "timestamp(int): timestamp": lambda seconds: datetime.fromtimestamp(seconds, UTC),
    "matches(string, string): bool": matches,
    "string.matches(string): bool": matches,
    "string.contains(string): bool": lambda text, part: part in text,
    "string.startsWith(string): bool": str.startswith,
    "string.endsWith(string): bool": str.endswith,
    **_times(),
    "optional.of(A): optional_type(A)": lambda value: Optional(True, value),
    "optional.ofNonZeroValue(A): optional_type(A)": lambda value: NONE if _is_zero(value) else Optional(True, value),
    "optional.none(): optional_type(A)": lambda: NONE,
    "optional_type(A).hasValue(): bool": lambda optional: optional.present,
    "optional_type(A).value(): A": _value,
    "optional_type(A).or(optional_type(A)): optional_type(A)": lambda a, b: a if a.present else b,
    "optional_type(A).orValue(A): A": lambda optional, other: optional.value if optional.present else other,
}
