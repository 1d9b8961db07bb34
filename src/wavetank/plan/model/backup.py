"""The resolved side of backups: Velero, AWS Backup, snapshot class, standby region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

VELERO_NAMESPACE = "velero"


@dataclass(frozen=True)
class BackupSchedule:
    """A velero.io/v1 Schedule."""

    name: str
    schedule: str
    namespaces: tuple[str, ...]
    #: Go duration: 720h0m0s
    ttl: str
    volumes: Literal["snapshots", "files", "none"]
    excluded_resources: tuple[str, ...]


@dataclass(frozen=True)
class BackupBucket:
    name: str
    glacier_after_days: int | None
    expire_after_days: int | None
    #: ARN; None: keys of S3
    kms_key: str | None


@dataclass(frozen=True)
class BackedUp:
    """One thing that a plan copies; ``kind`` says how ``value`` is to be read."""

    kind: Literal["arn", "tag", "fileSystem", "table"]
    #: ARN, tag value, name of a file system or table
    value: str
    #: of a tag
    key: str = ""


@dataclass(frozen=True)
class BackupCopy:
    region: str
    retention_days: int
    cold_storage_after_days: int | None


@dataclass(frozen=True)
class BackupPlan:
    """An AWS Backup plan with one rule."""

    name: str
    #: AWS form: cron(0 2 * * ? *)
    schedule: str
    retention_days: int
    cold_storage_after_days: int | None
    resources: tuple[BackedUp, ...]
    copy: BackupCopy | None
    start_minutes: int


@dataclass(frozen=True)
class SnapshotClass:
    """A snapshot.storage.k8s.io/v1 VolumeSnapshotClass of the EBS CSI driver."""

    name: str
    deletion_policy: Literal["Delete", "Retain"]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Backup:
    schedules: tuple[BackupSchedule, ...]
    #: None when nothing of Velero is wanted
    bucket: BackupBucket | None
    plans: tuple[BackupPlan, ...]
    snapshots: SnapshotClass | None


@dataclass(frozen=True)
class Standby:
    region: str
    replicate: tuple[Literal["images", "backups", "secrets", "tables"], ...]
