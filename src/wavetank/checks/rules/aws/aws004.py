"""AWS004: volumes that are not encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Place, Rule, Severity
from wavetank.checks.rules.storage.classes import EBS, parameters, provisioner


def check(case: Case) -> Iterator[Mistake]:
    if any(each.body.get("enabled", True) is True for each in case.aws.of_type("aws_ebs_encryption_by_default")):
        return
    for group in case.aws.node_groups:
        if group.disk_encrypted is False:
            yield _mistake(group.at("disk_encrypted"), f"root volumes of node group {group.name}", group.max_size)
    for volume in case.aws.of_type("aws_ebs_volume"):
        if volume.body.get("encrypted", False) is False and "snapshot_id" not in volume.body:
            yield _mistake(volume.at("encrypted"), volume.name, 1)
    for storage_class in case.manifests.of_kind("StorageClass", group="storage.k8s.io"):
        stated = parameters(storage_class).get("encrypted")
        if provisioner(storage_class) in EBS and str(stated).lower() == "false":
            yield _mistake(storage_class.at("parameters", "encrypted"), f"volumes of {storage_class.title}", None)


def _mistake(at: Place, what: str, count: int | None) -> Mistake:
    return Mistake(
        at=at,
        message=(
            f"{what} are not encrypted{f' (up to {count})' if count and count > 1 else ''}, unless the account encrypts by "
            "default: snapshots and discarded disks show what was on them"
        ),
        remedy="set encrypted to true (it costs nothing), or switch the account's EBS encryption by default on",
        numbers={"encrypted": "false", "volumes": count if count is not None else "each that is claimed"},
    )


RULE = Rule(
    id="AWS004",
    severity=Severity.WARN,
    title="Volumes are not encrypted",
    source="docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html",
    check=check,
)
