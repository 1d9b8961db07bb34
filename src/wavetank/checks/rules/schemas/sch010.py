"""SCH010: something listed as an EKS managed add-on that is none."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank import catalog
from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    for add_on in case.aws.add_ons:
        # Add-ons of the AWS Marketplace are named vendor_product.
        if catalog.addon(add_on.name) is not None or "_" in add_on.name:
            continue
        chart = catalog.chart(add_on.name) or catalog.chart(add_on.name.removeprefix("aws-"))
        by_chart = chart is not None or add_on.name in catalog.installed_with_helm()
        yield Mistake(
            at=add_on.at("name"),
            message=(
                f'EKS has no managed add-on "{add_on.name}": creating it fails'
                + (", it is installed with its Helm chart" if by_chart else "")
            ),
            remedy="install the chart" if by_chart else "`aws eks describe-addon-versions` lists what there is",
            numbers={"addOn": add_on.name},
            severity=None if by_chart else Severity.WARN,
        )


RULE = Rule(
    id="SCH010",
    severity=Severity.ERROR,
    title="Not an EKS managed add-on",
    source="docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html",
    check=check,
)
