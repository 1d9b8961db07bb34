"""The meters: each reads what one part of a plan makes AWS count. One file per part, one line in ``METERS``.

Adding a meter: write ``readings(plan, on)`` in a file of its own, put its prices into the catalogue, name it below.
Free tiers that count for a whole account are left out, except that of data to the internet, which is part of its price.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from wavetank.cost.readings import Reading
from wavetank.plan.model import Plan

from . import (
    addresses,
    alarms,
    apis,
    backups,
    buckets,
    caches,
    cluster,
    endpoints,
    events,
    file_systems,
    functions,
    insights,
    keys,
    load_balancers,
    logs,
    names,
    nat,
    nodes,
    queues,
    snapshots,
    standby,
    storage,
    tables,
    transfer,
    velero,
    volumes,
    waf,
)

Meter = Callable[[Plan, date], list[Reading]]

METERS: tuple[Meter, ...] = (
    cluster.readings,
    keys.readings,
    nodes.readings,
    nat.readings,
    addresses.readings,
    endpoints.readings,
    load_balancers.readings,
    waf.readings,
    names.readings,
    transfer.readings,
    storage.readings,
    volumes.readings,
    file_systems.readings,
    snapshots.readings,
    backups.readings,
    velero.readings,
    apis.readings,
    functions.readings,
    tables.readings,
    caches.readings,
    buckets.readings,
    queues.readings,
    events.readings,
    logs.readings,
    insights.readings,
    alarms.readings,
    standby.readings,
)


def all_readings(plan: Plan, on: date) -> list[Reading]:
    """Every reading of the plan, for a month that contains the day ``on``."""
    return [reading for meter in METERS for reading in meter(plan, on)]
