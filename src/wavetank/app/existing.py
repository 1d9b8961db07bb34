"""What a platform expects to find in its AWS account and this machine's empty one does not have: made before Terraform runs.

Only against the embedded AWS. On the real one these things belong to somebody else, which is why the configuration looks
them up instead of creating them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wavetank.app.aws import client
from wavetank.plan.model import Plan


def made_for(plan: Plan, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Create what the plan only refers to; a sentence for each thing made. A second call makes nothing twice."""
    if plan.dns is None or plan.dns.create_zone:
        return ()
    return _zone(client("route53", environment), plan.dns.zone)


def _zone(route53: Any, name: str) -> tuple[str, ...]:
    known = {zone["Name"] for zone in route53.list_hosted_zones()["HostedZones"]}
    if f"{name}." in known:
        return ()
    route53.create_hosted_zone(Name=name, CallerReference=f"wavetank-{name}")
    return (f"the hosted zone {name}, which the platform looks up",)
