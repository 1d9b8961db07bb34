"""velero.tf: the bucket of Velero: versioned, encrypted, closed to the public, older backups in cheaper storage."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import Plan
from wavetank.plan.model.backup import BackupBucket
from wavetank.render.hcl import Attribute, Block, Item, attributes, block, expression
from wavetank.render.terraform.parts import explained, policy_document, resource, template
from wavetank.render.trace import Traced

PATH = "backup.bucket"
_NAME = "backups"
#: old versions of what Velero has deleted are kept this long, so that a deletion by mistake can be undone
_OLD_VERSION_DAYS = 7
_UNFINISHED_UPLOAD_DAYS = 7


def items(plan: Plan) -> tuple[Item, ...]:
    bucket = plan.backup.bucket if plan.backup else None
    return tuple(_items(plan, bucket)) if bucket is not None else ()


def _items(plan: Plan, bucket: BackupBucket) -> Iterator[Block]:
    bucket_id = expression(f"aws_s3_bucket.{_NAME}.id")
    yield resource("aws_s3_bucket", _NAME, (Attribute("bucket", Traced(bucket.name, f"{PATH}.name")),), PATH)
    closed = attributes(
        bucket=bucket_id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    yield resource("aws_s3_bucket_public_access_block", _NAME, closed, PATH)
    versions = block("versioning_configuration", (), attributes(status="Enabled"), PATH)
    yield resource("aws_s3_bucket_versioning", _NAME, (*attributes(bucket=bucket_id), versions), PATH)
    yield _encryption(bucket)
    yield _lifecycle(plan, bucket)
    yield _policy()


def _encryption(bucket: BackupBucket) -> Block:
    by_default: tuple[Item, ...] = attributes(sse_algorithm="aws:kms" if bucket.kms_key else "AES256")
    if bucket.kms_key:
        by_default = (*by_default, Attribute("kms_master_key_id", Traced(bucket.kms_key, f"{PATH}.kmsKey")))
    parts: tuple[Item, ...] = (block("apply_server_side_encryption_by_default", (), by_default, PATH),)
    if bucket.kms_key:
        parts = (*attributes(bucket_key_enabled=True), *parts)
    body: tuple[Item, ...] = (
        *attributes(bucket=expression(f"aws_s3_bucket.{_NAME}.id")),
        block("rule", (), parts, PATH),
    )
    return resource("aws_s3_bucket_server_side_encryption_configuration", _NAME, body, PATH)


def _lifecycle(plan: Plan, bucket: BackupBucket) -> Block:
    rules: list[Block] = []
    if bucket.glacier_after_days is not None:
        days = explained(plan, bucket.glacier_after_days, f"{PATH}.glacierAfterDays")
        move = block("transition", (), attributes(days=days, storage_class="GLACIER_IR"), f"{PATH}.glacierAfterDays")
        rules.append(_rule("archive", move))
    if bucket.expire_after_days is not None:
        days = explained(plan, bucket.expire_after_days, f"{PATH}.expireAfterDays")
        rules.append(_rule("expire", block("expiration", (), attributes(days=days), f"{PATH}.expireAfterDays")))
    old = block("noncurrent_version_expiration", (), attributes(noncurrent_days=_OLD_VERSION_DAYS), PATH)
    days_unfinished = attributes(days_after_initiation=_UNFINISHED_UPLOAD_DAYS)
    unfinished = block("abort_incomplete_multipart_upload", (), days_unfinished, PATH)
    rules.append(_rule("tidy", old, unfinished))
    depends = attributes(depends_on=[expression(f"aws_s3_bucket_versioning.{_NAME}")])
    body: tuple[Item, ...] = (*attributes(bucket=expression(f"aws_s3_bucket.{_NAME}.id")), *depends, *rules)
    return resource("aws_s3_bucket_lifecycle_configuration", _NAME, body, PATH)


def _rule(id: str, *content: Block) -> Block:
    return block("rule", (), (*attributes(id=id, status="Enabled"), block("filter", (), (), PATH), *content), PATH)


def _policy() -> Block:
    """Nothing goes over an unencrypted connection."""
    refused = {
        "Sid": "EncryptedConnectionsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [
            expression(f"aws_s3_bucket.{_NAME}.arn"),
            template(f"${{aws_s3_bucket.{_NAME}.arn}}/*"),
        ],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    body = attributes(bucket=expression(f"aws_s3_bucket.{_NAME}.id"), policy=policy_document(refused))
    return resource("aws_s3_bucket_policy", _NAME, body, PATH)
