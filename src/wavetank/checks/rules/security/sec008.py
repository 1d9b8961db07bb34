"""SEC008: the cluster's API answers the whole internet, or a security group guards nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wavetank.checks.aws import UNKNOWN, Cluster, Reference, Resource
from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity

EVERYWHERE = ("0.0.0.0/0", "::/0")


def check(case: Case) -> Iterator[Mistake]:
    for cluster in case.aws.clusters:
        if cluster.public_endpoint and cluster.public_access_cidrs is not None:
            open_to = [c for c in cluster.public_access_cidrs if c in EVERYWHERE]
            if open_to or not cluster.public_access_cidrs:
                yield _endpoint(cluster)
    if case.given.terraform and not case.given.whole:
        yield from _idle_groups(case)


def _endpoint(cluster: Cluster) -> Mistake:
    return Mistake(
        at=cluster.at("public_access_cidrs"),
        message="the cluster's API is reachable from every address of the internet: only IAM stands before it",
        remedy="list the addresses that need it in publicAccessCidrs, or make the endpoint private",
        numbers={"cidrs": ", ".join(cluster.public_access_cidrs or EVERYWHERE[:1])},
    )


def _idle_groups(case: Case) -> Iterator[Mistake]:
    """Groups that nothing refers to; a value that cannot be computed may be a reference, so then nobody knows."""
    named = {address for resource in case.aws.resources for address in _references(resource)}
    outputs_or_modules = any(value is UNKNOWN for r in case.aws.resources for value in _values(r.body))
    for group in case.aws.of_type("aws_security_group"):
        if group.name not in named and not outputs_or_modules:
            yield Mistake(
                at=group.at(),
                message=f"{group.name} is attached to nothing: its rules guard nobody",
                remedy="attach it to what it was written for, or remove it",
                numbers={"attachments": 0},
            )


def _references(resource: Resource) -> Iterator[str]:
    rule = resource.type in (
        "aws_security_group_rule",
        "aws_vpc_security_group_ingress_rule",
        "aws_vpc_security_group_egress_rule",
    )
    for value in _values(resource.body):
        if isinstance(value, Reference) and not rule and value.address != resource.name:
            yield value.address


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _values(each)
    elif isinstance(value, list):
        for each in value:
            yield from _values(each)
    else:
        yield value


RULE = Rule(
    id="SEC008",
    severity=Severity.WARN,
    title="The API endpoint is open to the internet",
    source="docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",
    check=check,
)
