"""The AWS regions that the catalog has prices for, and their availability zones."""

from __future__ import annotations

from wavetank.catalog.files import data


def regions() -> tuple[str, ...]:
    """Every region that the catalog knows."""
    return tuple(data("regions")["zones"])


def zones(region: str) -> tuple[str, ...]:
    """The availability zones of a region by name, in order; empty for an unknown region. Accounts may see fewer."""
    return tuple(region + letter for letter in data("regions")["zones"].get(region, ""))
