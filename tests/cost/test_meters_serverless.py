"""The serverless half: requests, durations, capacity, nodes and what lies in stores."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cost_platforms import billed, expected, line

FUNCTION = {"name": "gate", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/gate:v1", "memoryMib": 512}


def of(**parts: Any) -> Any:
    return billed(serverless=parts)


def test_an_http_api_is_paid_by_the_million_requests_and_throttled_at_most() -> None:
    api = {
        "name": "front",
        "routes": [{"path": "/predict", "method": "POST", "function": "gate", "public": True}],
        "throttling": {"rate": 10, "burst": 20},
        "requestsPerMonth": 3_000_000,
    }
    priced = of(apis=[api], functions=[FUNCTION])
    assert expected(priced, "front: requests") == Decimal("3.00")
    assert line(priced, "front: requests").reading.quantity.ceiling == Decimal("26.28")


def test_a_function_is_paid_by_requests_and_by_memory_times_duration() -> None:
    function = {**FUNCTION, "architecture": "x86_64", "invokesPerMonth": 2_000_000, "durationMs": 250}
    priced = of(functions=[function])
    assert expected(priced, "gate: requests") == Decimal("0.40")
    assert line(priced, "gate: duration").reading.quantity.expected == 250_000  # 2,000,000 × 0.25 s × 0.5 GB
    assert expected(priced, "gate: duration") == Decimal("4.17")
    arm = of(functions=[{**function, "architecture": "arm64"}])
    assert expected(arm, "gate: duration") == Decimal("3.33")


def test_indexes_take_writes_of_their_own_and_recovery_is_paid_by_size() -> None:
    table = {
        "name": "answers",
        "hashKey": "id",
        "billing": "onDemand",
        "indexes": [{"name": "by-user", "hashKey": "user"}],
        "pointInTimeRecovery": True,
        "readsPerMonth": 8_000_000,
        "writesPerMonth": 2_000_000,
        "sizeGb": 20,
    }
    priced = of(tables=[table])
    assert expected(priced, "answers: reads") == Decimal("1.00")
    assert line(priced, "answers: writes").reading.quantity.expected == 4
    assert expected(priced, "answers: kept") == Decimal("5.00")
    assert expected(priced, "answers: point-in-time recovery") == Decimal("4.00")


def test_provisioned_capacity_is_paid_by_the_hour_whatever_is_used() -> None:
    table = {"name": "t", "hashKey": "id", "billing": "provisioned", "readCapacity": 10, "writeCapacity": 5}
    priced = of(tables=[table])
    assert expected(priced, "t: read capacity") == Decimal("0.95")
    assert expected(priced, "t: write capacity") == Decimal("2.37")


def test_nodes_of_a_cache_are_paid_by_the_hour_and_valkey_is_cheaper() -> None:
    cache = {"name": "answers", "nodeType": "cache.t4g.small", "nodes": 2, "engine": "redis"}
    assert expected(of(caches=[cache]), "answers: cache.t4g.small") == Decimal("46.72")
    valkey = of(caches=[{**cache, "engine": "valkey"}])
    assert expected(valkey, "answers: cache.t4g.small (Valkey)") == Decimal("37.38")  # a fifth less, rounded


def test_what_expires_lies_in_the_class_of_its_age() -> None:
    rule = {"infrequentAfterDays": 30, "glacierAfterDays": 90, "expireAfterDays": 360}
    priced = of(buckets=[{"name": "uploads", "sizeGb": 360, "lifecycle": [rule], "writesPerMonth": 10_000}])
    amounts = [
        line(priced, f"uploads: {what}").reading.quantity.expected for what in ("kept", "infrequent", "in Glacier")
    ]
    assert [round(amount, 6) for amount in amounts] == [30, 60, 270]
    assert expected(priced, "uploads: writes") == Decimal("0.05")


def test_queues_are_paid_by_the_million_and_schedules_are_free() -> None:
    queue = {"name": "jobs", "requestsPerMonth": 5_000_000}
    nightly = {"name": "nightly", "schedule": "rate(1 day)", "target": {"queue": "jobs"}, "eventsPerMonth": 1_000_000}
    priced = of(queues=[queue], events=[nightly])
    assert expected(priced, "jobs: requests") == Decimal("2.00")
    assert not any(each.reading.meter == "eventBridgePerMillion" for each in priced.lines)
