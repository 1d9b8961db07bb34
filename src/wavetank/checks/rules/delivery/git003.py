"""GIT003: Terraform whose state lies on somebody's disk, or that carries account ids in its resources."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wavetank.checks.aws import Resource
from wavetank.checks.case import Case
from wavetank.checks.manifests import texts_within
from wavetank.checks.model import Mistake, Place, Rule, Severity

_ACCOUNT = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}):")
#: accounts of AWS's documentation, and of AWS's own images
_PLACEHOLDERS = ("111122223333", "123456789012", "000000000000")


def check(case: Case) -> Iterator[Mistake]:
    if not case.given.terraform or not case.aws.resources or case.aws.terraform_file is None:
        return
    backend = case.aws.backend
    if backend is None and case.is_production and _is_a_root(case):
        yield _no_backend(Place(case.aws.terraform_file, 1, "terraform.backend"))
    elif backend is not None and backend.name == "s3" and backend.locked is False:
        yield Mistake(
            at=backend.at(),
            message="the S3 backend has no lock: two applies at a time overwrite each other's state",
            remedy="set use_lockfile = true (Terraform 1.10), or a DynamoDB table",
            numbers={"backend": backend.name},
        )
    yield from _accounts(case)


def _is_a_root(case: Case) -> bool:
    """Modules have no backend; a root makes the cluster or the VPC and names its provider."""
    return bool(case.aws.clusters or case.aws.networks)


def _no_backend(place: Place) -> Mistake:
    return Mistake(
        at=place,
        message="no backend: the state of production lies on the disk of whoever applied last, without a lock",
        remedy='add backend "s3" with use_lockfile = true (in a spec: stateBackend)',
        numbers={"backends": 0},
    )


def _accounts(case: Case) -> Iterator[Mistake]:
    if case.given.whole:
        return
    for resource in case.aws.resources:
        found = next(filter(None, map(_account, texts_within(resource.body))), None)
        if found is not None:
            yield _inline(resource, found)


def _account(text: str) -> str | None:
    found = _ACCOUNT.search(text)
    return found[1] if found and found[1] not in _PLACEHOLDERS else None


def _inline(resource: Resource, account: str) -> Mistake:
    return Mistake(
        at=resource.at(),
        message=f"{resource.name} carries the account id {account}: the configuration works in one account only",
        remedy="use data.aws_caller_identity.current.account_id, or refer to the resource",
        numbers={"account": account},
        severity=Severity.INFO,
    )


RULE = Rule(
    id="GIT003",
    severity=Severity.WARN,
    title="The state lies on one disk",
    source="developer.hashicorp.com/terraform/language/backend/s3",
    check=check,
)
