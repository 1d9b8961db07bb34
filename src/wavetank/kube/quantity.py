"""Amounts of CPU, memory and everything countable, as ``resource.Quantity`` reads and prints them.

Everything that adds, compares or prints resources calls this. It must never use floating point: an amount is a whole
number of nano-units, the finest step that Kubernetes keeps (finer input is rounded up, away from zero).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeAlias

#: What may stand for an amount in a manifest: ``"500m"``, ``"1Gi"``, ``2``, ``0.5``.
QuantityLike: TypeAlias = str | int | float
Format: TypeAlias = Literal["DecimalSI", "BinarySI", "DecimalExponent"]

NANO = 10**9
_NANO_EXPONENT = -9
#: The largest amount that survives parsing (``resource.maxAllowed``): 2^63 - 1 units.
MAX_UNITS = 2**63 - 1

_SHAPE = re.compile(r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$")
_NUMBER = re.compile(r"^([+-]?)([0-9]*)(?:\.([0-9]*))?$")
_EXPONENT = re.compile(r"^[eE]([+-]?[0-9]+)$")
_DECIMAL_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_SUFFIXES = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_SUFFIX_OF_DECIMAL = {exponent: suffix for suffix, exponent in _DECIMAL_SUFFIXES.items()}
_SUFFIX_OF_BINARY = {0: "", **{bits: suffix for suffix, bits in _BINARY_SUFFIXES.items()}}

WRONG_FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
WRONG_NUMBER = "unable to parse numeric part of quantity"
WRONG_SUFFIX = "unable to parse quantity's suffix"


class InvalidQuantityError(ValueError):
    """Not an amount; the text is that of ``resource.ParseQuantity``."""


@dataclass(frozen=True)
class Amount:
    """An exact amount, and the family of suffixes it was written with."""

    nano: int
    format: Format = "DecimalSI"

    def __str__(self) -> str:
        return _printed(self)

    def __add__(self, other: Amount) -> Amount:
        """Exact sum; zero takes the suffix family of the other side (``Quantity.Add``)."""
        return Amount(self.nano + other.nano, other.format if self.nano == 0 else self.format)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.nano - other.nano, other.format if self.nano == 0 else self.format)


ZERO = Amount(0)


def amount(q: QuantityLike) -> Amount:
    """The amount that ``q`` says; raises InvalidQuantityError."""
    return _amount_of_text(q if isinstance(q, str) else _text_of_number(q))


def parse(q: QuantityLike) -> Decimal:
    """``q`` in units (cores, bytes), exact; raises InvalidQuantityError."""
    return Decimal(amount(q).nano).scaleb(_NANO_EXPONENT)


@lru_cache(maxsize=16384)
def milli(q: QuantityLike) -> int:
    """``q`` in thousandths, rounded up (``Quantity.MilliValue``)."""
    return -(-amount(q).nano // 10**6)


@lru_cache(maxsize=16384)
def value(q: QuantityLike) -> int:
    """``q`` in whole units, rounded up (``Quantity.Value``)."""
    return -(-amount(q).nano // NANO)


@lru_cache(maxsize=16384)
def canonical(q: QuantityLike) -> str:
    """``q`` as the API stores and prints it: ``0.5`` is ``500m``, ``1024Mi`` is ``1Gi``."""
    return str(amount(q))


def format_milli(thousandths: int) -> str:
    """A number of thousandths in canonical form: 1500 is ``1500m``, 2000 is ``2``."""
    return str(Amount(thousandths * 10**6))


def format_bytes(count: int) -> str:
    """A number of bytes in canonical binary form: 1073741824 is ``1Gi``."""
    return str(Amount(count * NANO, "BinarySI"))


def format_units(count: int) -> str:
    """A whole number in canonical decimal form: 12000 is ``12k``."""
    return str(Amount(count * NANO))


def add(a: QuantityLike, b: QuantityLike) -> str:
    """``a + b`` in the suffix family of ``a`` (of ``b`` when ``a`` is zero)."""
    return str(amount(a) + amount(b))


def subtract(a: QuantityLike, b: QuantityLike) -> str:
    """``a - b``, which may be negative, in the suffix family of ``a`` (of ``b`` when ``a`` is zero)."""
    return str(amount(a) - amount(b))


def compare(a: QuantityLike, b: QuantityLike) -> int:
    """-1, 0 or 1 as ``a`` is below, equal to or above ``b``."""
    left, right = amount(a).nano, amount(b).nano
    return (left > right) - (left < right)


def _text_of_number(q: int | float) -> str:
    if isinstance(q, bool):
        raise InvalidQuantityError(WRONG_FORMAT)
    return format(Decimal(repr(q)), "f")


@lru_cache(maxsize=16384)
def _amount_of_text(text: str) -> Amount:
    shape = _SHAPE.match(text.strip())
    if shape is None:
        raise InvalidQuantityError(WRONG_FORMAT)
    digits, scale = _digits_and_scale(shape[1])
    base, exponent, form = _suffix_meaning(shape[2])
    numerator = digits * base**exponent * NANO if exponent >= 0 else digits * NANO
    denominator = 10**scale * (1 if exponent >= 0 else base**-exponent)
    nano = min(_rounded_away(numerator, denominator), MAX_UNITS * NANO)
    if form == "BinarySI" and 0 < nano < NANO:
        form = "DecimalSI"
    return Amount(nano, form)


def _digits_and_scale(text: str) -> tuple[int, int]:
    """``-1.50`` is (-150, 2)."""
    number = _NUMBER.match(text)
    if number is None or not (number[2] or number[3]):
        raise InvalidQuantityError(WRONG_NUMBER)
    fraction = number[3] or ""
    return int(number[1] + number[2] + fraction), len(fraction)


def _suffix_meaning(suffix: str) -> tuple[int, int, Format]:
    if suffix in _DECIMAL_SUFFIXES:
        return 10, _DECIMAL_SUFFIXES[suffix], "DecimalSI"
    if suffix in _BINARY_SUFFIXES:
        return 2, _BINARY_SUFFIXES[suffix], "BinarySI"
    exponent = _EXPONENT.match(suffix)
    if exponent is None:
        raise InvalidQuantityError(WRONG_SUFFIX)
    # Beyond these bounds every amount is the largest one or rounds to one nano-unit; the power stays computable.
    return 10, max(-400, min(400, int(exponent[1]))), "DecimalExponent"


def _rounded_away(numerator: int, denominator: int) -> int:
    sign = -1 if numerator < 0 else 1
    return sign * -(-abs(numerator) // denominator)


@lru_cache(maxsize=16384)
def _printed(a: Amount) -> str:
    if a.nano == 0:
        return "0"
    whole = a.nano % NANO == 0
    if a.format == "BinarySI" and whole and abs(a.nano) >= 1024 * NANO:
        units, bits = a.nano // NANO, 0
        while units % 1024 == 0 and bits < 60:
            units, bits = units // 1024, bits + 10
        return f"{units}{_SUFFIX_OF_BINARY[bits]}"
    mantissa, exponent = _thousands(a.nano)
    if a.format == "DecimalExponent":
        return f"{mantissa}e{exponent}" if exponent else str(mantissa)
    return f"{mantissa}{_SUFFIX_OF_DECIMAL[exponent]}"


def _thousands(nano: int) -> tuple[int, int]:
    """Mantissa and decimal exponent, the exponent the largest multiple of three that keeps the mantissa whole."""
    mantissa, exponent = nano, -9
    while mantissa % 1000 == 0 and exponent < 18:
        mantissa, exponent = mantissa // 1000, exponent + 3
    return mantissa, exponent
