"""CST006: a Kubernetes version whose cluster fee is, or soon will be, six times the standard one."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.catalog import HOURS_PER_MONTH, EksVersion, eks_version, price
from wavetank.checks.aws import Cluster
from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.cost.least import region_of

#: an upgrade is planned, tried and done in a quarter
NOTICE_DAYS = 90


def check(case: Case) -> Iterator[Mistake]:
    for cluster in case.aws.clusters:
        version = eks_version(cluster.version) if cluster.version else None
        if version is None or (cluster.support_type == "STANDARD" and version.support(case.on) == "standard"):
            continue  # such a cluster is upgraded, not charged
        days = (version.standard_support_ends - case.on).days
        if version.support(case.on) == "extended" or 0 <= days <= NOTICE_DAYS:
            yield _mistake(case, cluster, version, days)


def _mistake(case: Case, cluster: Cluster, version: EksVersion, days: int) -> Mistake:
    region = region_of(case)
    now, then = price(region, "eksClusterHour"), price(region, "eksExtendedClusterHour")
    more = (then.usd - now.usd) * HOURS_PER_MONTH if now and then else None
    told = f"${more:.2f} a month more" if more is not None else "several times the fee"
    when = (
        f"since {version.standard_support_ends}"
        if days < 0
        else f"from {version.standard_support_ends} on, in {days} days"
    )
    return Mistake(
        at=cluster.at("version"),
        message=(
            f"Kubernetes {version.minor} is charged with the extended support fee {when}: {told}, on no estimate that "
            "counts $73"
        ),
        remedy="upgrade before that day, or put the fee into the plan",
        numbers={"days": days, "usdMonthMore": f"{more:.2f}" if more is not None else "unknown"},
    )


RULE = Rule(
    id="CST006",
    severity=Severity.WARN,
    title="The extended support fee",
    source="EKS pricing: standard and extended support by the hour; endoflife.date for the days",
    check=check,
)
