"""VER001: a Kubernetes version that EKS no longer supports, or only for six times the fee."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from wavetank.catalog import HOURS_PER_MONTH, EksVersion, eks_version, supported_eks_versions
from wavetank.checks.aws import Cluster
from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.cost.unit_prices import own_prices, unit_price_of

_MINOR = re.compile(r"[0-9]+\.[0-9]+")


def check(case: Case) -> Iterator[Mistake]:
    for cluster in case.aws.clusters:
        if cluster.version is not None and _MINOR.fullmatch(cluster.version):
            yield from _cluster(case, cluster, cluster.version)


def _cluster(case: Case, cluster: Cluster, minor: str) -> Iterator[Mistake]:
    version = eks_version(minor)
    support = "unknown" if version is None else version.support(case.on)
    if support == "standard":
        return
    yield Mistake(
        at=cluster.at("version"),
        message=_message(case, minor, support, version),
        remedy=_remedy(minor, version, case.on),
        numbers={"version": minor, "support": support, "on": case.on.isoformat()},
        severity=Severity.WARN if support == "extended" else Severity.ERROR,
    )


def _remedy(minor: str, version: EksVersion | None, on: date) -> str:
    known = supported_eks_versions(on)
    supported = [v.minor for v in known if v.support(on) == "standard"]
    if version is None or version.support(on) == "unreleased":
        return f"use {' or '.join(supported)}" if supported else "use a version that EKS supports"
    newer = [other for other in supported if _number(other) > _number(minor)]
    if not newer:
        return "move to a version that EKS supports by then, one minor at a time; this catalogue knows of none"
    return f"move to {' or '.join(newer)}, one minor at a time"


def _number(minor: str) -> tuple[int, ...]:
    return tuple(map(int, minor.split(".")))


def _message(case: Case, minor: str, support: str, version: EksVersion | None) -> str:
    if version is None:
        return f"EKS has no Kubernetes {minor} that this catalogue knows of"
    if support == "unreleased":
        return f"Kubernetes {minor} comes to EKS on {version.released}, after {case.on}"
    if support == "extended":
        return (
            f"Kubernetes {minor} left standard support on {version.standard_support_ends}: {_fees(case)}"
            f"until {version.extended_support_ends}, when AWS upgrades it by itself"
        )
    ended = version.extended_support_ends or version.standard_support_ends
    return f"EKS ended all support of Kubernetes {minor} on {ended}: no cluster can be created, existing ones were upgraded"


def _fees(case: Case) -> str:
    """What the cluster costs a month now and before; nothing where no price is known."""
    meters = ("eksExtendedClusterHour", "eksClusterHour")
    if case.aws.region is None:
        return "it costs more "
    own = own_prices(case.plan.cost.prices, "given in the spec") if case.plan else {}
    extended, standard = (unit_price_of(meter, case.aws.region, own) for meter in meters)
    if extended is None or standard is None:
        return "it costs more "
    now, before = (f"${price.cost(HOURS_PER_MONTH):,.2f}" for price in (extended, standard))
    return f"the cluster costs {now} instead of {before} a month "


RULE = Rule(
    id="VER001",
    severity=Severity.ERROR,
    title="The Kubernetes version is out of support",
    source="Amazon EKS Kubernetes release calendar",
    check=check,
)
