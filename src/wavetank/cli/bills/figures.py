"""How figures are written: money with two decimals, quantities without exponent and trailing zeros."""

from __future__ import annotations

from decimal import Decimal

from wavetank.cost import Range


def money(usd: Decimal) -> str:
    return f"{usd:,.2f}"


def three(amount: Range) -> tuple[str, str, str]:
    return money(amount.floor), money(amount.expected), money(amount.ceiling)


def signed(usd: Decimal) -> str:
    return f"{usd:+,.2f}" if usd else "0.00"


def plain(number: Decimal) -> str:
    """Without exponent and trailing zeros, at most four decimals for quantities that are not exact."""
    rounded = number if number.as_tuple().exponent in range(-5, 1) else number.quantize(Decimal("0.0001"))
    if number and not rounded:
        rounded = number.normalize()
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
