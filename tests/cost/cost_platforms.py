"""Platforms for tests of bills: a small one in us-east-1, where prices are confirmed, with what a test is about beside it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import yaml

from wavetank.cost import Bill, Line, bill
from wavetank.plan import plan
from wavetank.plan.model import Plan
from wavetank.spec import load_text

ON = date(2026, 11, 21)

GROUP = {"name": "general", "instanceTypes": "m5.large", "minSize": 1, "desiredSize": 2, "maxSize": 5}
IMAGE = {"name": "app", "tag": "v1"}


def workload(name: str = "app", **more: Any) -> dict[str, Any]:
    """A Deployment of two small pods."""
    return {
        "name": name,
        "namespace": "apps",
        "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:v1",
        "replicas": 2,
        "port": 8080,
        "resources": {"cpu": "250m/500m", "memory": "256Mi/512Mi"},
        **more,
    }


def planned(
    *, workloads: list[dict[str, Any]] | None = None, groups: list[dict[str, Any]] | None = None, **more: Any
) -> Plan:
    """The plan of the small platform with these sections laid over it."""
    document = {
        "name": "small",
        "region": "us-east-1",
        "accountId": "111122223333",
        "network": {"zones": ["us-east-1a", "us-east-1b"], "nat": "single"},
        "cluster": {"version": "1.36", "logs": [], "secretsEncryption": False},
        "nodeGroups": groups or [GROUP],
        "namespaces": [{"name": "apps"}],
        "workloads": workloads if workloads is not None else [workload()],
        **more,
    }
    return plan(load_text(yaml.safe_dump(document), "platform.yaml"))


def billed(**sections: Any) -> Bill:
    return bill(planned(**sections), ON)


def line(bill: Bill, name: str) -> Line:
    """The one line of that name."""
    (found,) = [each for each in bill.lines if each.reading.name == name]
    return found


def expected(bill: Bill, name: str) -> Decimal:
    amount = line(bill, name).amount
    assert amount is not None, f"{name} has a price"
    return amount.expected
