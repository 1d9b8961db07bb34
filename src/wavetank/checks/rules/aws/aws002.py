"""AWS002: a cluster that does not record who did what."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity

WANTED = ("audit", "authenticator")


def check(case: Case) -> Iterator[Mistake]:
    for cluster in case.aws.clusters:
        if cluster.log_types is not None:
            missing = [each for each in WANTED if each not in cluster.log_types]
            if missing:
                yield Mistake(
                    at=cluster.at("log_types"),
                    message=(
                        f"cluster {cluster.name or '?'} sends {len(cluster.log_types)} of 5 control-plane logs to CloudWatch, "
                        f"but not {' nor '.join(missing)}: after an incident nobody can tell who did what"
                    ),
                    remedy="enable audit and authenticator with a retention; they are billed by the gigabyte",
                    numbers={"enabled": len(cluster.log_types), "missing": ", ".join(missing)},
                )


RULE = Rule(
    id="AWS002",
    severity=Severity.INFO,
    title="The control plane keeps no record",
    source="docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html",
    check=check,
)
