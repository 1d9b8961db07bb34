"""AWS003: pods that can ask the metadata service for their node's credentials."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.aws import Resource
from wavetank.checks.case import Case
from wavetank.checks.manifests import whole
from wavetank.checks.model import Mistake, Place, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    for group in case.aws.node_groups:
        hops = group.metadata_hop_limit
        if hops is not None and hops > 1:
            yield _hops(group.at("metadata_hop_limit"), f"nodes of {group.name}", hops)
    judged = bool(case.aws.node_groups)
    for resource in case.aws.of_type("aws_launch_template", "aws_instance"):
        for options in resource.blocks("metadata_options")[:1]:
            hops = whole(options.get("http_put_response_hop_limit"))
            if not judged and hops is not None and hops > 1:
                yield _hops(resource.at("metadata_options"), resource.name, hops)
            if options.get("http_tokens") == "optional":
                yield _old_version(resource)


def _hops(at: Place, whose: str, hops: int) -> Mistake:
    return Mistake(
        at=at,
        message=(
            f"answers of the metadata service to {whose} travel {hops} hops: pods are one hop further than the node, so any pod "
            "there can take the node's IAM credentials"
        ),
        remedy="set the hop limit to 1 and give pods that need AWS a role of their own (pod identity or IRSA)",
        numbers={"hopLimit": hops},
    )


def _old_version(resource: Resource) -> Mistake:
    return Mistake(
        at=resource.at("metadata_options"),
        message=(
            f"{resource.name} lets the metadata service answer without a token (version 1): a program that can be made to fetch "
            "a URL gives the machine's credentials away"
        ),
        remedy='set http_tokens = "required"',
        numbers={"httpTokens": "optional"},
    )


RULE = Rule(
    id="AWS003",
    severity=Severity.WARN,
    title="Pods can take their node's credentials",
    source="docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html (restrict access to IMDS)",
    check=check,
)
