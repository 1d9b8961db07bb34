"""buckets.tf: S3 buckets: private, encrypted, TLS only, with a life cycle; and the one that archives of functions lie in."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import Bucket, BucketLifecycle, Plan
from wavetank.render.hcl import Attribute, Block, Item, attributes, block, expression
from wavetank.render.terraform.parts import explained, policy_document, resource, template
from wavetank.render.terraform.store_names import names
from wavetank.render.trace import Traced

CODE = "function_code"
KEY = "buckets"


def items(plan: Plan) -> tuple[Item, ...]:
    """The key if one is asked for, then each bucket with what guards it."""
    if plan.serverless is None:
        return ()
    labels, buckets = names(plan, "buckets"), plan.serverless.buckets
    code = plan.serverless.code_bucket
    return (
        *(_key() if any(each.kms for each in buckets) else ()),
        *(
            item
            for each in buckets
            for item in _bucket(plan, each, labels[each.name], f"serverless.buckets[{each.name}]")
        ),
        *(_bucket(plan, code, CODE, "serverless.codeBucket") if code else ()),
    )


def _key() -> tuple[Block, ...]:
    path = "serverless.buckets"
    key = attributes(
        description=template("Buckets of ${local.cluster_name}"), enable_key_rotation=True, deletion_window_in_days=30
    )
    alias = attributes(
        name=template("alias/${local.cluster_name}/buckets"), target_key_id=expression(f"aws_kms_key.{KEY}.key_id")
    )
    return (resource("aws_kms_key", KEY, key, path), resource("aws_kms_alias", KEY, alias, path))


def _bucket(plan: Plan, each: Bucket, name: str, path: str) -> Iterator[Block]:
    body: tuple[Item, ...] = (
        Attribute("bucket", Traced(each.bucket_name, f"{path}.bucketName")),
        Attribute("force_destroy", explained(plan, each.force_destroy, f"{path}.forceDestroy")),
    )
    yield resource("aws_s3_bucket", name, body, path)
    yield _public_access(name, path)
    yield _ownership(name, path)
    yield _encryption(each, name, path)
    if each.versioning:
        yield _versioning(plan, name, path)
    yield _lifecycle(each, name, path)
    yield _policy(name, path)
    if each.events:
        events = attributes(bucket=_id(name), eventbridge=True)
        yield resource("aws_s3_bucket_notification", name, events, f"{path}.events")


def _id(name: str) -> object:
    return expression(f"aws_s3_bucket.{name}.id")


def _public_access(name: str, path: str) -> Block:
    body = attributes(
        bucket=_id(name),
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    return resource("aws_s3_bucket_public_access_block", name, body, path)


def _ownership(name: str, path: str) -> Block:
    rule = block("rule", (), attributes(object_ownership="BucketOwnerEnforced"), path)
    return resource("aws_s3_bucket_ownership_controls", name, (*attributes(bucket=_id(name)), rule), path)


def _encryption(each: Bucket, name: str, path: str) -> Block:
    where = f"{path}.kms"
    key = expression(f"aws_kms_key.{KEY}.arn") if each.kms else None
    chosen = attributes(sse_algorithm="aws:kms" if each.kms else "AES256", kms_master_key_id=key)
    inner: tuple[Item, ...] = (
        *attributes(bucket_key_enabled=True if each.kms else None),
        block("apply_server_side_encryption_by_default", (), chosen, where),
    )
    body: tuple[Item, ...] = (*attributes(bucket=_id(name)), block("rule", (), inner, where))
    return resource("aws_s3_bucket_server_side_encryption_configuration", name, body, where)


def _versioning(plan: Plan, name: str, path: str) -> Block:
    where = f"{path}.versioning"
    status = block("versioning_configuration", (), attributes(status=explained(plan, "Enabled", where)), where)
    return resource("aws_s3_bucket_versioning", name, (*attributes(bucket=_id(name)), status), where)


def _lifecycle(each: Bucket, name: str, path: str) -> Block:
    rules = [_rule(rule, index, f"{path}.lifecycle[{index}]") for index, rule in enumerate(each.lifecycle)]
    after = [expression(f"aws_s3_bucket_versioning.{name}")] if each.versioning else None
    body: tuple[Item, ...] = (
        *attributes(bucket=_id(name), depends_on=after),
        *rules,
        _leftovers(each, path),
    )
    return resource("aws_s3_bucket_lifecycle_configuration", name, body, f"{path}.lifecycle")


def _rule(rule: BucketLifecycle, index: int, path: str) -> Block:
    moves = (("STANDARD_IA", rule.infrequent_after_days), ("GLACIER", rule.glacier_after_days))
    body: tuple[Item, ...] = (
        *attributes(id=f"age-{index + 1}", status="Enabled"),
        block("filter", (), attributes(prefix=rule.prefix or None), path),
        *(
            block("transition", (), attributes(days=days, storage_class=storage), path)
            for storage, days in moves
            if days is not None
        ),
        *(
            [block("expiration", (), attributes(days=rule.expire_after_days), path)]
            if rule.expire_after_days is not None
            else []
        ),
    )
    return block("rule", (), body, path)


def _leftovers(each: Bucket, path: str) -> Block:
    """Parts of uploads that were given up, and versions that nobody will ask for."""
    old = attributes(noncurrent_days=Traced(each.old_versions_days, f"{path}.oldVersionsDays"))
    body: tuple[Item, ...] = (
        *attributes(id="leftovers", status="Enabled"),
        block("filter", (), (), path),
        block("abort_incomplete_multipart_upload", (), attributes(days_after_initiation=7), path),
        *([block("noncurrent_version_expiration", (), old, path)] if each.old_versions_days else []),
    )
    return block("rule", (), body, path)


def _policy(name: str, path: str) -> Block:
    address = f"aws_s3_bucket.{name}.arn"
    only_tls = {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [expression(address), template(f"${{{address}}}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    after = [expression(f"aws_s3_bucket_public_access_block.{name}")]
    return resource(
        "aws_s3_bucket_policy",
        name,
        attributes(bucket=_id(name), policy=policy_document(only_tls), depends_on=after),
        path,
    )
