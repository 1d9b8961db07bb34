"""Terraform names of the parts of the serverless half, and references in place of ARNs that a plan writes out.

Not a file of the configuration but a helper of those that name such things.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wavetank.plan.model import Plan
from wavetank.render.hcl import Expression, expression
from wavetank.render.terraform.parts import identifiers, template
from wavetank.render.trace import Traced


def names(plan: Plan, kind: str) -> dict[str, str]:
    """By the author's name the Terraform name of each of ``tables``, ``caches``, ``queues``, ``functions`` ..."""
    found = identifiers(each.name for each in getattr(plan.serverless, kind, ()))
    prefix = {"queues": "queue_", "buckets": "bucket_", "events": "event_"}.get(kind, "")
    return {name: f"{prefix}{label}" for name, label in found.items()}


def references(plan: Plan) -> dict[str, Expression]:
    """The ARNs that the plan writes out in policies → references to the resources that have them."""
    return _secret_arns(plan) | _store_arns(plan)


def _secret_arns(plan: Plan) -> dict[str, Expression]:
    """The pattern by which a plan names a secret (AWS adds six random characters) → the real ARN."""
    names = identifiers(secret.name for secret in plan.secrets)
    prefix = f"arn:aws:secretsmanager:{plan.region}:{plan.account_id}:secret"
    return {
        f"{prefix}:{secret}-??????": expression(f"aws_secretsmanager_secret.{name}.arn")
        for secret, name in names.items()
    }


def _store_arns(plan: Plan) -> dict[str, Expression]:
    if plan.serverless is None:
        return {}
    place = f"{plan.region}:{plan.account_id}"
    tables, buckets, queues = (names(plan, kind) for kind in ("tables", "buckets", "queues"))
    found: dict[str, Expression] = {}
    for table in plan.serverless.tables:
        literal, address = (
            f"arn:aws:dynamodb:{place}:table/{table.table_name}",
            f"aws_dynamodb_table.{tables[table.name]}",
        )
        found |= {literal: expression(f"{address}.arn"), f"{literal}/index/*": template(f"${{{address}.arn}}/index/*")}
    for bucket in plan.serverless.buckets:
        literal, address = f"arn:aws:s3:::{bucket.bucket_name}", f"aws_s3_bucket.{buckets[bucket.name]}"
        found |= {literal: expression(f"{address}.arn"), f"{literal}/*": template(f"${{{address}.arn}}/*")}
    for queue in plan.serverless.queues:
        address = f"aws_sqs_queue.{queues[queue.name]}"
        found[f"arn:aws:sqs:{place}:{queue.queue_name}"] = expression(f"{address}.arn")
    return found


def referring(value: Any, known: Mapping[str, Expression]) -> Any:
    """The same tree with literals that are resources of this configuration replaced by references to them."""
    match value:
        case Traced(value=inner, path=path, note=note):
            return Traced(referring(inner, known), path, note)
        case str():
            return known.get(value, value)
        case float():
            return expression(repr(value))
        case Mapping():
            return {key: referring(item, known) for key, item in value.items()}
        case list() | tuple():
            return [referring(item, known) for item in value]
    return value
