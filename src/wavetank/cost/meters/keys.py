"""KMS keys of the account's own: for the cluster's secrets, for buckets, for signatures of images."""

from __future__ import annotations

from datetime import date

from wavetank.cost.readings import Range, Reading
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    keys = []
    if plan.cluster.secrets_encryption:
        keys.append(_key("KMS key for secrets", "for the cluster's secrets", "cluster.secretsEncryption", "cluster"))
    if plan.image_policy is not None and plan.image_policy.signer and plan.image_policy.signer.key_alias:
        keys.append(_key("KMS key for signatures", "that images are signed with", "imagePolicy.signedBy", "security"))
    if plan.serverless is not None and any(bucket.kms for bucket in plan.serverless.buckets):
        keys.append(_key("KMS key for buckets", "for what lies in buckets", "serverless.buckets", "serverless"))
    return keys


def _key(name: str, what: str, path: str, component: str) -> Reading:
    return Reading(component, name, "kmsKeyMonth", Range.fixed(1), "key-months", f"1 customer key {what}", path)
