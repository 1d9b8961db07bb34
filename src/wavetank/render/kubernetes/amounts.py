"""Quantities as the API stores them: ``1000m`` of CPU is written ``1``, so that a second apply finds nothing to change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wavetank.kube import quantity
from wavetank.kube.types import Obj


def canonical_amounts(amounts: Mapping[str, Any]) -> dict[str, Any]:
    """A ResourceList in canonical form."""
    return {name: quantity.canonical(amount) for name, amount in amounts.items()}


def canonical_resources(resources: Obj) -> Obj:
    """A container's resources: requests and limits in canonical form, the rest as it is."""
    return {
        key: canonical_amounts(value) if key in ("requests", "limits") else value for key, value in resources.items()
    }


def canonical_item(item: Obj) -> Obj:
    """An item of a LimitRange: its type, and lists of amounts."""
    return {key: canonical_amounts(value) if isinstance(value, Mapping) else value for key, value in item.items()}
