"""AWS007: buckets that may become public."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.aws import Reference, Resource
from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity

GUARDS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")


def check(case: Case) -> Iterator[Mistake]:
    guards = case.aws.of_type("aws_s3_bucket_public_access_block")
    for guard in guards:
        off = [key for key in GUARDS if guard.body.get(key, False) is False]
        if off:
            yield _off(guard, off)
    for acl in case.aws.of_type("aws_s3_bucket_acl", "aws_s3_bucket"):
        if str(acl.text("acl")).startswith("public-"):
            yield _public(acl)
    if not case.aws.of_type("aws_s3_account_public_access_block"):
        for bucket in case.aws.of_type("aws_s3_bucket"):
            if not any(_guards(guard, bucket) for guard in guards):
                yield _bare(bucket)


def _guards(guard: Resource, bucket: Resource) -> bool:
    """A bucket that cannot be told from another counts as guarded."""
    named = guard.body.get("bucket")
    if isinstance(named, Reference):
        return named.address.partition("[")[0] == bucket.name.partition("[")[0]
    return not isinstance(named, str) or named == bucket.text("bucket") or bucket.text("bucket") is None


def _off(guard: Resource, off: list[str]) -> Mistake:
    return Mistake(
        at=guard.at(),
        message=(
            f"{guard.name} leaves {len(off)} of {len(GUARDS)} guards off ({', '.join(off)}): a policy or an ACL can make it "
            "public"
        ),
        remedy="set all four to true; what is meant for everybody goes through CloudFront",
        numbers={"off": len(off)},
    )


def _public(acl: Resource) -> Mistake:
    return Mistake(
        at=acl.at("acl"),
        message=f'{acl.name} has the ACL "{acl.text("acl")}": everybody reads what is in the bucket',
        remedy="remove the ACL; what is meant for everybody goes through CloudFront",
        numbers={"acl": str(acl.text("acl"))},
    )


def _bare(bucket: Resource) -> Mistake:
    return Mistake(
        at=bucket.at(),
        message=(
            f"{bucket.name} has no aws_s3_bucket_public_access_block: S3 blocks public access of new buckets by default, but "
            "whoever changes that by hand is not set right by Terraform"
        ),
        remedy="add an aws_s3_bucket_public_access_block with all four guards on",
        numbers={"accessBlocks": 0},
        severity=Severity.INFO,
    )


RULE = Rule(
    id="AWS007",
    severity=Severity.WARN,
    title="Buckets that may become public",
    source="docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    check=check,
)
