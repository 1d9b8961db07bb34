"""STO003: volumes are made before anybody knows where their pod will run."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.storage.classes import EBS, provisioner


def check(case: Case) -> Iterator[Mistake]:
    for storage_class in case.manifests.of_kind("StorageClass"):
        if provisioner(storage_class) not in EBS:
            continue
        if storage_class.obj.get("volumeBindingMode", "Immediate") == "Immediate" and not _is_pinned(storage_class):
            yield _immediate(case, storage_class)
        elif not storage_class.obj.get("allowVolumeExpansion"):
            yield _fixed(storage_class)


def _is_pinned(storage_class: Manifest) -> bool:
    return bool(storage_class.obj.get("allowedTopologies"))


def _immediate(case: Case, storage_class: Manifest) -> Mistake:
    zones = len(case.aws.network.zones or ()) if case.aws.network else 0
    return Mistake(
        at=storage_class.at("volumeBindingMode"),
        message=(
            f"{storage_class.title} binds Immediate: the volume is made in any zone before its pod is scheduled, and the pod may "
            "not be able to run there (volume node affinity conflict)"
        ),
        remedy="set volumeBindingMode: WaitForFirstConsumer",
        numbers={"zones": zones or "unknown"},
    )


def _fixed(storage_class: Manifest) -> Mistake:
    return Mistake(
        at=storage_class.at("allowVolumeExpansion"),
        message=f"{storage_class.title} does not allow volumes to grow: a full disk then means a new volume and copying",
        remedy="set allowVolumeExpansion: true",
        numbers={"allowVolumeExpansion": "false"},
        severity=Severity.INFO,
    )


RULE = Rule(
    id="STO003",
    severity=Severity.ERROR,
    title="Volumes are made in the wrong zone",
    source="kubernetes.io/docs/concepts/storage/storage-classes (volume binding mode)",
    check=check,
)
