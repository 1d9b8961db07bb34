"""What AWS calls the stores of a platform, and their ARNs. The cluster's name, unique in the account, begins all of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from wavetank.kube.types import Obj
from wavetank.spec.access import Access
from wavetank.spec.platform import PlatformFile

_ACTIONS: Mapping[tuple[str, Access], tuple[str, ...]] = {
    ("table", "read"): ("BatchGetItem", "ConditionCheckItem", "DescribeTable", "GetItem", "Query", "Scan"),
    ("table", "write"): ("BatchWriteItem", "DeleteItem", "DescribeTable", "PutItem", "UpdateItem"),
    ("bucket", "read"): ("GetObject",),
    ("bucket", "write"): ("AbortMultipartUpload", "DeleteObject", "PutObject"),
    ("queue", "read"): (
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ReceiveMessage",
    ),
    ("queue", "write"): ("GetQueueAttributes", "GetQueueUrl", "SendMessage"),
}
_SERVICES = {"table": "dynamodb", "bucket": "s3", "queue": "sqs"}


def shortened(name: str, characters: int) -> str:
    """The name itself where it fits, else its beginning and something that keeps it unique."""
    if len(name) <= characters:
        return name
    return f"{name[: characters - 9].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def aws_name(cluster_name: str, name: str) -> str:
    """Of a table, a queue, a function, an API or a rule."""
    return shortened(f"{cluster_name}-{name}", 64)


def bucket_name(cluster_name: str, name: str, written: PlatformFile) -> str:
    """Names of buckets are unique in the world, in small letters and at most 63 characters long."""
    plain = re.sub(r"[^a-z0-9-]+", "-", f"{cluster_name}-{name}".lower())
    return f"{shortened(plain, 50)}-{written.account_id}"


def queue_name(cluster_name: str, name: str, written: PlatformFile) -> str:
    stated = next((each for each in _queues(written) if each.name == name), None)
    return aws_name(cluster_name, name) + (".fifo" if stated is not None and stated.fifo else "")


def _queues(written: PlatformFile) -> tuple[Any, ...]:
    return (written.serverless.queues if written.serverless else None) or ()


def arn(kind: str, name: str, cluster_name: str, written: PlatformFile) -> str:
    """The ARN of a table, bucket or queue of the platform."""
    place = f"{written.region}:{written.account_id}"
    match kind:
        case "table":
            return f"arn:aws:dynamodb:{place}:table/{aws_name(cluster_name, name)}"
        case "bucket":
            return f"arn:aws:s3:::{bucket_name(cluster_name, name, written)}"
        case "queue":
            return f"arn:aws:sqs:{place}:{queue_name(cluster_name, name, written)}"
    raise AssertionError(f"a {kind} is no store")


def access_statements(
    kind: str, granted: Mapping[str, Access], cluster_name: str, written: PlatformFile
) -> Iterable[Obj]:
    """One statement for all that may be read and one for all that may be written; what lists a bucket stands apart."""
    for way in ("read", "write"):
        names = [name for name, access in granted.items() if access in (way, "readWrite")]
        if not names:
            continue
        actions = [f"{_SERVICES[kind]}:{action}" for action in _ACTIONS[kind, way]]
        arns = [arn(kind, name, cluster_name, written) for name in names]
        sid = f"{way.capitalize()}{kind.capitalize()}s"
        yield {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": _resources(kind, arns)}
        if (kind, way) == ("bucket", "read"):
            yield {"Sid": "ListBuckets", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": arns}
        if kind == "bucket" and any(_has_key(name, written) for name in names):
            yield _key_statement(way, cluster_name, written)


def _has_key(name: str, written: PlatformFile) -> bool:
    buckets = (written.serverless.buckets if written.serverless else None) or ()
    return any(each.name == name and each.kms for each in buckets)


def _key_statement(way: str, cluster_name: str, written: PlatformFile) -> Obj:
    """Use of the buckets' key, through S3 only. A key is known by its alias before it is made."""
    actions = ["kms:Decrypt"] if way == "read" else ["kms:Decrypt", "kms:GenerateDataKey"]
    return {
        "Sid": f"{way.capitalize()}BucketsKey",
        "Effect": "Allow",
        "Action": actions,
        "Resource": [f"arn:aws:kms:{written.region}:{written.account_id}:key/*"],
        "Condition": {
            "StringEquals": {"kms:ViaService": f"s3.{written.region}.amazonaws.com"},
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{cluster_name}/buckets"},
        },
    }


def _resources(kind: str, arns: list[str]) -> list[str]:
    match kind:
        case "table":
            return [resource for each in arns for resource in (each, f"{each}/index/*")]
        case "bucket":
            return [f"{each}/*" for each in arns]
    return arns
