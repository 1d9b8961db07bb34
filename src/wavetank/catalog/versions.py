"""The Kubernetes minors that EKS offers and when their support ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from wavetank.catalog.files import data


@dataclass(frozen=True)
class EksVersion:
    """One minor on EKS. Support ends at the end of the named UTC day."""

    minor: str
    released: date
    standard_support_ends: date
    #: None for minors from before extended support existed
    extended_support_ends: date | None
    source: str

    def support(self, on: date) -> Literal["unreleased", "standard", "extended", "unsupported"]:
        """What AWS gives for this minor on a day; extended support costs six times the cluster fee."""
        if on < self.released:
            return "unreleased"
        if on <= self.standard_support_ends:
            return "standard"
        if self.extended_support_ends is not None and on <= self.extended_support_ends:
            return "extended"
        return "unsupported"


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def eks_version(minor: str) -> EksVersion | None:
    """The dates of a minor ("1.36"); None when EKS never had it or it is newer than the catalog."""
    facts = data("eks-versions")
    row = facts["versions"].get(minor)
    if row is None:
        return None
    released, standard_ends = date.fromisoformat(row["released"]), date.fromisoformat(row["standardSupportEnds"])
    return EksVersion(minor, released, standard_ends, _day(row["extendedSupportEnds"]), facts["about"]["source"])


def eks_versions() -> tuple[EksVersion, ...]:
    """Every minor that the catalog knows, the newest first."""
    known = (eks_version(minor) for minor in data("eks-versions")["versions"])
    versions = [version for version in known if version is not None]
    return tuple(sorted(versions, key=lambda version: _number(version.minor), reverse=True))


def supported_eks_versions(on: date) -> tuple[EksVersion, ...]:
    """The minors in standard or extended support on a day, the newest first."""
    return tuple(version for version in eks_versions() if version.support(on) in ("standard", "extended"))


def _number(minor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in minor.split("."))
