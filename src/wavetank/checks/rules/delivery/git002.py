"""GIT002: the load balancer controller without what it needs to act: a role, the cluster's name, region and VPC."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity

NAME = "aws-load-balancer-controller"
ROLE = "eks.amazonaws.com/role-arn"


def check(case: Case) -> Iterator[Mistake]:
    release = case.components.release(NAME)
    if release is None or release.values is None:
        return
    account = mapping(release.values.get("serviceAccount"))
    missing = ["clusterName"] if not release.values.get("clusterName") else []
    has_role = ROLE in mapping(account.get("annotations")) or release.has_role or account.get("create") is False
    # Where roles are not in the input, EKS Pod Identity may give it one.
    if not has_role and case.given.iam:
        missing.append(f"serviceAccount.annotations[{ROLE}]")
    if missing:
        yield Mistake(
            at=release.at("values"),
            message=(
                f"the chart {release.name} is installed without {' and '.join(missing)}: it starts and may do "
                "nothing in AWS, so no "
                "load balancer is ever made and Services wait for an address"
            ),
            remedy=(
                "create the role first and give it to the service account; set clusterName, and region and vpcId "
                "where pods cannot reach IMDS"
            ),
            numbers={"missing": ", ".join(missing)},
        )


RULE = Rule(
    id="GIT002",
    severity=Severity.WARN,
    title="The load balancer controller lacks what it needs",
    source="kubernetes-sigs.github.io/aws-load-balancer-controller (installation)",
    check=check,
)
