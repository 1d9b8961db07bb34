"""What an author writes about getting things back: Velero, AWS Backup, snapshots, and a standby region."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from wavetank.spec.problems import refuse
from wavetank.spec.words import SWITCH, WORD, Duration, Labels, Many, Name, Positive, Region, Written

_CRON_FIELDS = 5


def _cron(value: str) -> str:
    if value.startswith("@") or len(value.split()) == _CRON_FIELDS:
        return value
    return refuse(
        f'"{value}" is no cron expression', 'Five fields: minute hour day month weekday, for example "0 2 * * *".'
    )


Cron = Annotated[str, AfterValidator(_cron)]

#: AWS Backup keeps what lies in cold storage at least this long
COLD_STORAGE_DAYS = 90


class BackupSchedule(Written):
    """A Schedule of Velero: objects of namespaces, and their volumes as snapshots."""

    name: Name
    """Name of the schedule."""
    schedule: Cron
    """When, in UTC: minute hour day month weekday."""
    namespaces: Many[Name] | None = None
    """Which namespaces. Default: all of the platform."""
    ttl: Duration | None = None
    """How long a backup is kept, for example 720h. Instead of retentionDays."""
    retention_days: Positive | None = None
    """Days that a backup is kept. Default 30."""
    volumes: Literal["snapshots", "files", "none"] | None = None
    """Volumes as EBS snapshots, as files in the bucket (needed for EFS), or not at all. Default snapshots."""
    excluded_resources: Many[str] | None = None
    """Kinds that are left out, for example events. Default events."""

    @model_validator(mode="after")
    def _one_retention(self) -> BackupSchedule:
        if self.ttl is not None and self.retention_days is not None:
            refuse("a backup is kept for ttl or for retentionDays, not both")
        return self


class BackupBucket(Written):
    """The bucket of Velero."""

    name: Annotated[str | None, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")] = None
    """Name, unique in the world. Default: <cluster>-backups-<account>."""
    glacier_after_days: Positive | None = None
    """Days until backups move to Glacier Instant Retrieval, from which Velero restores without waiting. Default: never."""
    expire_after_days: Positive | None = None
    """Days until anything in it goes, whatever Velero thinks. Default: never; Velero deletes what has expired."""
    kms_key: str | None = None
    """ARN of a KMS key. Default: keys of S3 (AES256)."""


class TaggedResources(Written):
    """Resources by a tag."""

    key: str
    """Tag key."""
    value: str
    """Tag value."""


class BackedUp(Written):
    """What AWS Backup copies. Short form: an ARN, `volumes` (EBS, of the cluster), `fileSystem:<name>` or `table:<name>`."""

    short_forms = (WORD,)

    arn: str | None = None
    """ARN, wildcards allowed."""
    tag: TaggedResources | None = None
    """Everything with this tag."""
    volumes: bool | None = None
    """EBS volumes that the cluster's CSI driver made."""
    file_system: Name | None = None
    """A file system of this platform."""
    table: str | None = None
    """A table of this platform."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        kind, colon, name = value.partition(":")
        if value == "volumes":
            return {"volumes": True}
        if colon and kind in ("fileSystem", "table"):
            return {kind: name}
        if kind == "arn":
            return {"arn": value}
        return refuse(f'"{value}" names nothing to back up', "An ARN, volumes, fileSystem:<name> or table:<name>.")

    @model_validator(mode="after")
    def _one_form(self) -> BackedUp:
        forms = (self.arn, self.tag, self.volumes, self.file_system, self.table)
        if sum(each is not None for each in forms) != 1:
            refuse("a resource to back up is given in exactly one way")
        return self


class BackupCopy(Written):
    """A copy in another region."""

    region: Region | None = None
    """Region of the copy. Default: the standby region."""
    retention_days: Positive | None = None
    """Days that the copy is kept. Default: as the original."""
    cold_storage_after_days: Positive | None = None
    """Days until the copy moves to cold storage. Default: never."""


class BackupPlan(Written):
    """A plan of AWS Backup with its vault."""

    name: Name
    """Name of the plan."""
    schedule: Cron
    """When, in UTC: minute hour day month weekday."""
    retention_days: Positive | None = None
    """Days that a recovery point is kept. Default 30."""
    cold_storage_after_days: Positive | None = None
    """Days until it moves to cold storage (EFS and DynamoDB); it stays there 90 days at least. Default: never."""
    resources: Many[BackedUp]
    """What is copied."""
    copy_to: BackupCopy | None = None
    """A copy in another region. Default: in the standby region, when it replicates backups."""
    start_within_hours: Positive | None = None
    """Hours in which a backup must begin. Default 1."""

    @model_validator(mode="after")
    def _cold_enough(self) -> BackupPlan:
        kept = self.retention_days or 30
        if self.cold_storage_after_days is not None and kept < self.cold_storage_after_days + COLD_STORAGE_DAYS:
            least = self.cold_storage_after_days + COLD_STORAGE_DAYS
            refuse(
                f"cold storage after {self.cold_storage_after_days} days needs a retention of at least {least} days, not {kept}",
                f"Write retentionDays: {least}, or leave cold storage out.",
            )
        return self


class Snapshots(Written):
    """The VolumeSnapshotClass of EBS volumes. Short form: `true`."""

    short_forms = (SWITCH,)

    enabled: bool = True
    """false: none is rendered."""
    name: Name | None = None
    """Name of the class. Default ebs-snapshots."""
    deletion_policy: Literal["Delete", "Retain"] | None = None
    """What happens to a snapshot whose object goes. Default Retain: an object deleted by mistake costs no data."""
    tags: Labels | None = None
    """Tags of the snapshots. Default: those of the platform."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"enabled": value} if isinstance(value, bool) else value


class Backup(Written):
    """Backups of the cluster and of data in AWS."""

    schedules: Many[BackupSchedule] | None = None
    """Schedules of Velero, whose chart is installed for it. Default none."""
    bucket: BackupBucket | None = None
    """Velero's bucket."""
    plans: Many[BackupPlan] | None = None
    """Plans of AWS Backup. Default none."""
    snapshots: Snapshots | None = None
    """Snapshot class of EBS volumes. Default: as soon as a schedule takes snapshots."""


class Standby(Written):
    """A second region that is ready to take over the data, not the traffic."""

    region: Region
    """The other region."""
    replicate: Many[Literal["images", "backups", "secrets", "tables"]] | None = None
    """What is copied there all the time. Default images, backups and secrets."""
