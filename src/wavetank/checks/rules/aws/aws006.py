"""AWS006: machines whose logins answer the whole internet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wavetank.checks.aws import Resource
from wavetank.checks.case import Case
from wavetank.checks.manifests import whole
from wavetank.checks.model import Mistake, Place, Rule, Severity

EVERYWHERE = ("0.0.0.0/0", "::/0")
LOGINS = {22: "SSH", 3389: "RDP"}
_CIDRS = ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6")


def check(case: Case) -> Iterator[Mistake]:
    for group in case.aws.of_type("aws_security_group", "aws_default_security_group"):
        for block in group.blocks("ingress"):
            yield from _open(group, block, group.at("ingress"))
    for rule in case.aws.of_type("aws_security_group_rule"):
        if rule.text("type") == "ingress":
            yield from _open(rule, rule.body, rule.at())
    for rule in case.aws.of_type("aws_vpc_security_group_ingress_rule"):
        yield from _open(rule, rule.body, rule.at())


def _open(resource: Resource, rule: Mapping[str, Any], at: Place) -> Iterator[Mistake]:
    lowest, highest = whole(rule.get("from_port")), whole(rule.get("to_port"))
    protocol = str(rule.get("protocol", rule.get("ip_protocol", "")))
    every = protocol in ("-1", "all")
    sources = [cidr for key in _CIDRS for cidr in _texts(rule.get(key)) if cidr in EVERYWHERE]
    if not sources or (not every and (lowest is None or highest is None or protocol not in ("tcp", "6"))):
        return
    logins = [port for port in LOGINS if every or (lowest or 0) <= port <= (highest or 0)]
    if logins:
        named = ", ".join(f"{LOGINS[port]} ({port})" for port in logins)
        yield Mistake(
            at=at,
            message=f"{resource.name} opens {named} to {', '.join(sources)}: guessing begins within minutes",
            remedy="use Session Manager instead of logins by network, or name the addresses that need it",
            numbers={"ports": ", ".join(map(str, logins)), "cidr": ", ".join(sources)},
        )


def _texts(value: Any) -> list[str]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


RULE = Rule(
    id="AWS006",
    severity=Severity.WARN,
    title="Logins are open to the internet",
    source="docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html; CIS AWS Foundations",
    check=check,
)
