"""AWS005: a repository whose images nobody scans."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    if case.aws.of_type("aws_ecr_registry_scanning_configuration"):
        return
    for repository in case.aws.repositories:
        if repository.scan_on_push is False:
            yield Mistake(
                at=repository.at("scan_on_push"),
                message=(
                    f"images of repository {repository.name} are not scanned when they are pushed: known holes come with them "
                    "unseen"
                ),
                remedy="set image_scanning_configuration { scan_on_push = true }, or scan the whole registry",
                numbers={"scanOnPush": "false"},
            )


RULE = Rule(
    id="AWS005",
    severity=Severity.INFO,
    title="Nobody scans the images",
    source="docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html",
    check=check,
)
