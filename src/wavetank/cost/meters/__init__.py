"""The meters: each reads what one part of a plan makes AWS count. One file per part, one line in ``METERS``.

Adding a meter: write ``readings(plan, on)`` in a file of its own, put its prices into the catalogue, name it below.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from wavetank.cost.readings import Reading
from wavetank.plan.model import Plan

from . import addresses, cluster, insights, load_balancers, logs, nat, nodes, storage, transfer

Meter = Callable[[Plan, date], list[Reading]]

METERS: tuple[Meter, ...] = (
    cluster.readings,
    nodes.readings,
    nat.readings,
    addresses.readings,
    load_balancers.readings,
    transfer.readings,
    storage.readings,
    logs.readings,
    insights.readings,
)


def all_readings(plan: Plan, on: date) -> list[Reading]:
    """Every reading of the plan, for a month that contains the day ``on``."""
    return [reading for meter in METERS for reading in meter(plan, on)]
