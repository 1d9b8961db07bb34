"""NET004: addresses of Services overlap addresses of the VPC."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    for cluster in case.aws.clusters:
        for network in case.aws.networks if len(case.aws.networks) == 1 else ():
            for cidr in network.cidrs or ():
                if cluster.service_cidr and overlap(cluster.service_cidr, cidr):
                    yield Mistake(
                        at=cluster.at("service_cidr"),
                        message=(
                            f"Services get addresses of {cluster.service_cidr}, which overlaps the VPC's {cidr}: packets to "
                            "the "
                            "addresses that both have go to a Service instead of to the machine, or to nobody"
                        ),
                        remedy=(
                            "leave the service range to EKS (172.20.0.0/16 beside a VPC in 10.0.0.0/8) or take a "
                            "range outside"
                        ),
                        numbers={"serviceCidr": cluster.service_cidr, "vpcCidr": cidr},
                    )


def overlap(one: str, other: str) -> bool:
    """Whether two ranges share an address; False for what is no range."""
    try:
        first, second = ip_network(one, strict=False), ip_network(other, strict=False)
    except ValueError:
        return False
    return first.version == second.version and first.overlaps(second)


RULE = Rule(
    id="NET004",
    severity=Severity.WARN,
    title="The range of Services overlaps the VPC",
    source="Amazon EKS user guide, serviceIpv4Cidr",
    check=check,
)
