"""The EKS control plane: one fee an hour, six times that in extended support; and the key that encrypts its secrets."""

from __future__ import annotations

from datetime import date

from wavetank.catalog import eks_version
from wavetank.cost.readings import HOURS_PER_MONTH, Range, Reading
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    version = eks_version(plan.cluster.version)
    extended = version is not None and version.support(on) == "extended"
    name = f"EKS control plane {plan.cluster.version}" + (" (extended support)" if extended else "")
    fee = Reading(
        component="cluster",
        name=name,
        meter="eksExtendedClusterHour" if extended else "eksClusterHour",
        quantity=Range.fixed(HOURS_PER_MONTH),
        unit="hours",
        how=f"1 cluster × {HOURS_PER_MONTH} h",
        path="cluster.version",
    )
    return [fee, *_key(plan)]


def _key(plan: Plan) -> list[Reading]:
    if not plan.cluster.secrets_encryption:
        return []
    how = "1 customer key for the cluster's secrets"
    path = "cluster.secretsEncryption"
    return [Reading("cluster", "KMS key for secrets", "kmsKeyMonth", Range.fixed(1), "key-months", how, path)]
