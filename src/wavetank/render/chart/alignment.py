"""Which objects of several environments are one thing: those of one kind and name, or else of one place of the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from wavetank.plan.model import Plan
from wavetank.render.chart.owners import owner_of
from wavetank.render.trace import Traced, bare

_Key: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Aligned:
    """One thing in all environments, in their order; None where an environment does not have it."""

    kind: str
    #: the workload it belongs to; "" for what is the platform's
    owner: str
    objects: tuple[Traced | None, ...]


def aligned(plans: Mapping[str, Plan], objects: Mapping[str, Sequence[Traced]]) -> list[Aligned]:
    """In the order of the objects; what only later environments have comes last."""
    rows: dict[_Key, dict[str, Traced]] = {}
    for environment in plans:
        for item in objects[environment]:
            rows.setdefault(_key(item), {})[environment] = item
    return [_aligned(plans, row) for row in _joined(rows)]


def _aligned(plans: Mapping[str, Plan], row: Mapping[str, Traced]) -> Aligned:
    environment, first = next(iter(row.items()))
    kind = str(bare(first.value["kind"]))
    return Aligned(kind, owner_of(plans[environment], first), tuple(row.get(name) for name in plans))


def _key(item: Traced) -> _Key:
    metadata = bare(item.value["metadata"])
    return (
        bare(item.value["apiVersion"]),
        bare(item.value["kind"]),
        metadata.get("namespace", ""),
        metadata["name"],
    )


def _joined(rows: Mapping[_Key, Mapping[str, Traced]]) -> list[dict[str, Traced]]:
    """Rows of different names that come from one place of the plan, in environments that do not overlap, are one thing."""
    found: list[dict[str, Traced]] = []
    partial: dict[Any, dict[str, Traced]] = {}
    environments = {name for row in rows.values() for name in row}
    for key, row in rows.items():
        place = (key[:2], next(iter(row.values())).path)
        other = partial.get(place)
        if len(row) < len(environments) and other is not None and not other.keys() & row.keys():
            other.update(row)
            continue
        merged = dict(row)
        found.append(merged)
        if len(row) < len(environments):
            partial[place] = merged
    return found
