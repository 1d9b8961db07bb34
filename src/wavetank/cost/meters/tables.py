"""DynamoDB: requests or capacity, what lies there, and what point-in-time recovery keeps. Indexes take writes of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from wavetank.cost.readings import MILLION, Range, Reading, hourly
from wavetank.plan.model import Plan
from wavetank.plan.model.serverless import Table


def readings(plan: Plan, on: date) -> list[Reading]:
    tables = plan.serverless.tables if plan.serverless else ()
    return [reading for table in tables for reading in (*_access(table), *_stored(table))]


def _access(table: Table) -> Iterator[Reading]:
    path = f"serverless.tables[{table.name}]"
    if table.billing == "provisioned":
        for what, meter, units in (
            ("read capacity", "dynamodbRcuHour", table.read_capacity or 0),
            ("write capacity", "dynamodbWcuHour", table.write_capacity or 0),
        ):
            copies = units * (1 + len(table.indexes))
            name = f"{table.name}: {what}"
            yield hourly("serverless", name, meter, copies, "unit", path)
        return
    copies = 1 + len(table.indexes)
    written = table.writes_per_month * copies
    how = f"{table.reads_per_month} a month, 4 KB each"
    yield _million(table, "reads", "dynamodbReadPerMillion", table.reads_per_month / MILLION, how)
    how = f"{table.writes_per_month} a month, 1 KB each, × {copies} (the table and its indexes)"
    yield _million(table, "writes", "dynamodbWritePerMillion", written / MILLION, how)


def _million(table: Table, what: str, meter: str, millions: Decimal, how: str) -> Reading:
    path = f"serverless.tables[{table.name}].{what}PerMonth"
    quantity = Range.up_to(millions, millions)
    return Reading("serverless", f"{table.name}: {what}", meter, quantity, "million", how, path)


def _stored(table: Table) -> Iterator[Reading]:
    if not table.size_gb:
        return
    path, how = f"serverless.tables[{table.name}].sizeGb", f"{table.size_gb} GB expected"
    quantity = Range.up_to(table.size_gb, table.size_gb)
    yield Reading("serverless", f"{table.name}: kept", "dynamodbGBMonth", quantity, "GB-months", how, path)
    if table.point_in_time_recovery:
        name = f"{table.name}: point-in-time recovery"
        yield Reading("serverless", name, "dynamodbPitrGBMonth", quantity, "GB-months", how, path)
