"""VER001: a Kubernetes version that EKS no longer supports, or only for six times the fee."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from wavetank.catalog import EksVersion, eks_version, supported_eks_versions
from wavetank.checks.model import Case, Mistake, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    minor = case.plan.cluster.version
    version = eks_version(minor)
    support = "unknown" if version is None else version.support(case.on)
    if support == "standard":
        return
    in_standard = [v.minor for v in supported_eks_versions(case.on) if v.support(case.on) == "standard"]
    yield Mistake(
        path="cluster.version",
        message=_message(minor, support, version, case.on),
        remedy=f"move to {' or '.join(in_standard)}, one minor at a time"
        if version
        else f"use {', '.join(in_standard)}",
        numbers={"version": minor, "support": support, "on": case.on.isoformat()},
        severity=Severity.WARN if support == "extended" else Severity.ERROR,
    )


def _message(minor: str, support: str, version: EksVersion | None, on: date) -> str:
    if version is None:
        return f"EKS has no Kubernetes {minor} that this catalogue knows of"
    if support == "unreleased":
        return f"Kubernetes {minor} comes to EKS on {version.released}, after {on}"
    if support == "extended":
        return (
            f"Kubernetes {minor} left standard support on {version.standard_support_ends}: the cluster costs $438 instead of "
            f"$73 a month until {version.extended_support_ends}, when AWS upgrades it by itself"
        )
    ended = version.extended_support_ends or version.standard_support_ends
    return f"EKS ended all support of Kubernetes {minor} on {ended}: no cluster can be created, existing ones were upgraded"


RULE = Rule(
    id="VER001",
    severity=Severity.ERROR,
    title="The Kubernetes version is out of support",
    source="Amazon EKS Kubernetes release calendar",
    check=check,
)
