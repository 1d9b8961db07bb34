"""Backups: Velero's schedules and bucket, plans of AWS Backup with their copies, the snapshot class, the standby region."""

from __future__ import annotations

from wavetank import catalog
from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model.backup import (
    BackedUp,
    Backup,
    BackupBucket,
    BackupCopy,
    BackupPlan,
    BackupSchedule,
    SnapshotClass,
    Standby,
)
from wavetank.plan.model.components import Component
from wavetank.plan.reasons import Default
from wavetank.spec.backup import BackedUp as WrittenBackedUp
from wavetank.spec.backup import Backup as Written
from wavetank.spec.backup import BackupPlan as WrittenPlan
from wavetank.spec.backup import BackupSchedule as WrittenSchedule
from wavetank.spec.platform import PlatformFile

CHART = "velero"
SNAPSHOT_CONTROLLER = "snapshot-controller"
LOCATION = "default"
PLUGIN_IMAGE = "velero/velero-plugin-for-aws"

NOTHING = Default("backup", "nothing was asked for")
NO_STANDBY = Default("standby", "nothing was asked for")
A_MONTH = Default("backup.retentionDays", "a mistake is usually noticed within a month")
SNAPSHOTS = Default("backup.schedules.volumes", "EBS snapshots take seconds and hold only what has changed")
NO_EVENTS = Default("backup.schedules.excludedResources", "events are an hour old at most when they are restored")
OWN_BUCKET = Default("backup.bucket", "a bucket per cluster, its name unique by the account")
NEVER = Default("backup.lifecycle", "nothing was said about cheaper storage")
AN_HOUR = Default("backup.plans.startWithinHours", "AWS begins within the hour")
KEPT = Default("backup.snapshots.deletionPolicy", "an object deleted by mistake costs no data")
SNAPSHOT_NAME = Default("backup.snapshots.name", "says what it is")
EVERYTHING = Default("standby.replicate", "what cannot be made again in time")

#: what the plugin's documentation asks for (velero-plugin-for-aws, README.md)
_VOLUME_ACTIONS = (
    "CreateSnapshot",
    "CreateTags",
    "CreateVolume",
    "DeleteSnapshot",
    "DescribeSnapshots",
    "DescribeVolumes",
)
_OBJECT_ACTIONS = (
    "AbortMultipartUpload",
    "DeleteObject",
    "GetObject",
    "ListMultipartUploadParts",
    "PutObject",
    "PutObjectTagging",
)


def standby(written: PlatformFile, ledger: Ledger) -> Standby | None:
    stated = written.standby
    if stated is None:
        return ledger.because("standby", None, NO_STANDBY)
    ledger.stated("standby", stated)
    usual = ("images", "backups", "secrets")
    replicated = ledger.chosen("standby.replicate", stated.replicate, usual, EVERYTHING)
    return Standby(
        stated.region, tuple(each for each in ("images", "backups", "secrets", "tables") if each in replicated)
    )


def backup(written: PlatformFile, cluster_name: str, ledger: Ledger) -> Backup | None:
    """Everything that is copied; None where nothing is written."""
    stated = written.backup
    if stated is None:
        return ledger.because("backup", None, NOTHING)
    ledger.stated("backup", stated)
    return Backup(
        schedules=tuple(_schedule(each, written, ledger) for each in stated.schedules or ()),
        bucket=_bucket(stated, written, cluster_name, ledger),
        plans=tuple(_plan(each, written, cluster_name, ledger) for each in stated.plans or ()),
        snapshots=_snapshots(stated, written, ledger),
    )


# --- Velero -----------------------------------------------------------------------------------------------------------


def _schedule(stated: WrittenSchedule, written: PlatformFile, ledger: Ledger) -> BackupSchedule:
    path = f"backup.schedules[{stated.name}]"
    ledger.stated(path, stated)
    everywhere = tuple(each.name for each in written.namespaces or ())
    days = stated.retention_days or 30
    ttl = stated.ttl or ledger.chosen(f"{path}.ttl", stated.retention_days, days, A_MONTH, f"{path}.retentionDays")
    if stated.namespaces is None:
        ledger.derived(f"{path}.namespaces", everywhere, ("namespaces",), "all namespaces of the platform")
    return BackupSchedule(
        name=stated.name,
        schedule=stated.schedule,
        namespaces=stated.namespaces or everywhere,
        ttl=ttl if isinstance(ttl, str) else f"{24 * ttl}h0m0s",
        volumes=ledger.chosen(f"{path}.volumes", stated.volumes, "snapshots", SNAPSHOTS),
        excluded_resources=ledger.chosen(
            f"{path}.excludedResources", stated.excluded_resources, ("events", "events.events.k8s.io"), NO_EVENTS
        ),
    )


def bucket_name(written: PlatformFile, cluster_name: str) -> str:
    """Velero's bucket: as the author wrote it, else by cluster and account."""
    stated = written.backup.bucket if written.backup else None
    plain = cluster_name.lower().replace("_", "-")
    return (stated.name if stated else None) or f"{plain[:42].rstrip('-')}-backups-{written.account_id}"


def _bucket(stated: Written, written: PlatformFile, cluster_name: str, ledger: Ledger) -> BackupBucket | None:
    path = "backup.bucket"
    if not stated.schedules:
        return ledger.because(path, None, NOTHING)
    own = stated.bucket
    ledger.chosen(path, own, None, OWN_BUCKET)
    name = ledger.derived(
        f"{path}.name", bucket_name(written, cluster_name), ("cluster.name", "accountId"), "a bucket per cluster"
    )
    return BackupBucket(
        name=name,
        glacier_after_days=ledger.chosen(
            f"{path}.glacierAfterDays", own.glacier_after_days if own else None, None, NEVER
        ),
        expire_after_days=ledger.chosen(f"{path}.expireAfterDays", own.expire_after_days if own else None, None, NEVER),
        kms_key=own.kms_key if own else None,
    )


def takes_snapshots(written: PlatformFile) -> bool:
    """Whether the platform has a class of volume snapshots."""
    stated = written.backup
    if stated is None:
        return False
    if stated.snapshots is not None:
        return stated.snapshots.enabled
    return any((each.volumes or "snapshots") == "snapshots" for each in stated.schedules or ())


def _snapshots(stated: Written, written: PlatformFile, ledger: Ledger) -> SnapshotClass | None:
    path = "backup.snapshots"
    own = stated.snapshots
    if not takes_snapshots(written):
        return ledger.because(path, None, NOTHING)
    if own is None:
        ledger.derived(path, None, ("backup.schedules",), "schedules take snapshots")
    else:
        ledger.stated(path, own)
    return SnapshotClass(
        name=ledger.chosen(f"{path}.name", own.name if own else None, "ebs-snapshots", SNAPSHOT_NAME),
        deletion_policy=ledger.chosen(f"{path}.deletionPolicy", own.deletion_policy if own else None, "Retain", KEPT),
        tags=(own.tags if own else None) or {"platform": written.name},
    )


def backup_components(written: PlatformFile, cluster_name: str, monitored: bool) -> tuple[Component, ...]:
    """Velero with its bucket, for a platform with schedules. ``monitored``: the cluster knows ServiceMonitors."""
    stated = written.backup
    if stated is None or not stated.schedules:
        return ()
    bucket = bucket_name(written, cluster_name)
    kms_key = stated.bucket.kms_key if stated.bucket else None
    files = any(each.volumes == "files" for each in stated.schedules)
    values = _velero(bucket, written.region, kms_key, files, monitored)
    return (
        Component(CHART, ("backup.schedules",), "schedules are kept by Velero", values, _permissions(bucket, kms_key)),
    )


def _velero(bucket: str, region: str, kms_key: str | None, files: bool, monitored: bool) -> Obj:
    location: Obj = {"name": LOCATION, "provider": "aws", "bucket": bucket, "default": True}
    config = {"region": region} | ({"kmsKeyId": kms_key} if kms_key else {})
    plugin = {
        "name": "velero-plugin-for-aws",
        "image": f"{PLUGIN_IMAGE}:{catalog.velero_plugin_version()}",
        "imagePullPolicy": "IfNotPresent",
        "volumeMounts": [{"mountPath": "/target", "name": "plugins"}],
    }
    return {
        "initContainers": [plugin],
        "credentials": {"useSecret": False},
        "configuration": {
            "features": "EnableCSI",
            "backupStorageLocation": [location | {"config": config}],
            "volumeSnapshotLocation": [{"name": LOCATION, "provider": "aws", "config": {"region": region}}],
        },
        "deployNodeAgent": files,
        "schedules": {},
        "metrics": {"serviceMonitor": {"enabled": monitored}},
    }


def _permissions(bucket: str, kms_key: str | None) -> tuple[Obj, ...]:
    volumes = [f"ec2:{action}" for action in _VOLUME_ACTIONS]
    objects = [f"s3:{action}" for action in _OBJECT_ACTIONS]
    statements: list[Obj] = [
        {"Sid": "Volumes", "Effect": "Allow", "Action": volumes, "Resource": ["*"]},
        {"Sid": "Objects", "Effect": "Allow", "Action": objects, "Resource": [f"arn:aws:s3:::{bucket}/*"]},
        {"Sid": "Bucket", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [f"arn:aws:s3:::{bucket}"]},
    ]
    if kms_key is not None:
        actions = ["kms:Decrypt", "kms:GenerateDataKey"]
        statements.append({"Sid": "Key", "Effect": "Allow", "Action": actions, "Resource": [kms_key]})
    return tuple(statements)


# --- AWS Backup -------------------------------------------------------------------------------------------------------


def _plan(stated: WrittenPlan, written: PlatformFile, cluster_name: str, ledger: Ledger) -> BackupPlan:
    path = f"backup.plans[{stated.name}]"
    ledger.stated(path, stated)
    days = ledger.chosen(f"{path}.retentionDays", stated.retention_days, 30, A_MONTH)
    return BackupPlan(
        name=stated.name,
        schedule=ledger.stated(f"{path}.schedule", aws_cron(stated.schedule)),
        retention_days=days,
        cold_storage_after_days=ledger.chosen(
            f"{path}.coldStorageAfterDays", stated.cold_storage_after_days, None, NEVER
        ),
        resources=tuple(_backed_up(each, cluster_name) for each in stated.resources),
        copy=_copy(stated, written, days, ledger),
        start_minutes=60
        * ledger.chosen(f"{path}.startMinutes", stated.start_within_hours, 1, AN_HOUR, f"{path}.startWithinHours"),
    )


def _backed_up(stated: WrittenBackedUp, cluster_name: str) -> BackedUp:
    if stated.arn is not None:
        return BackedUp("arn", stated.arn)
    if stated.tag is not None:
        return BackedUp("tag", stated.tag.value, stated.tag.key)
    if stated.file_system is not None:
        return BackedUp("fileSystem", stated.file_system)
    if stated.table is not None:
        return BackedUp("table", stated.table)
    # the tag that the EBS CSI add-on puts on the volumes it makes
    return BackedUp("tag", "owned", f"kubernetes.io/cluster/{cluster_name}")


def _copy(stated: WrittenPlan, written: PlatformFile, days: int, ledger: Ledger) -> BackupCopy | None:
    path = f"backup.plans[{stated.name}].copy"
    own, other = stated.copy_to, written.standby
    replicated = other is not None and (other.replicate is None or "backups" in other.replicate)
    region = (own.region if own else None) or (other.region if other is not None else None)
    if region is None or (own is None and not replicated):
        return ledger.because(path, None, NOTHING)
    if own is None:
        ledger.derived(path, None, ("standby",), "backups are copied to the standby region")
        return BackupCopy(region, days, None)
    ledger.stated(path, own, f"backup.plans[{stated.name}].copyTo")
    return BackupCopy(region, own.retention_days or days, own.cold_storage_after_days)


_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def aws_cron(schedule: str) -> str:
    """Cron's five fields as AWS writes them: a year more, Sunday is 1, and one of the two days is a question mark."""
    minute, hour, day, month, weekday = _MACROS.get(schedule, schedule).split()
    if weekday == "*":
        return f"cron({minute} {hour} {day} {month} ? *)"
    return f"cron({minute} {hour} ? {month} {_aws_weekday(weekday)} *)"


def _aws_weekday(field: str) -> str:
    return "".join(str(int(each) % 7 + 1) if each.isdigit() else each for each in field)
