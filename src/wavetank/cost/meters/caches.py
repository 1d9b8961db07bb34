"""ElastiCache: hours of nodes."""

from __future__ import annotations

from datetime import date

from wavetank.cost.readings import Reading, hourly
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    return [
        hourly(
            "serverless",
            f"{cache.name}: {cache.node_type}" + (" (Valkey)" if cache.engine == "valkey" else ""),
            f"valkey:{cache.node_type}" if cache.engine == "valkey" else cache.node_type,
            cache.nodes,
            "node",
            f"serverless.caches[{cache.name}]",
        )
        for cache in (plan.serverless.caches if plan.serverless else ())
    ]
