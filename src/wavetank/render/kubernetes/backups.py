"""80-backups.yaml: Schedules of Velero and the class of volume snapshots. Bucket and location are values of Velero's chart."""

from __future__ import annotations

from wavetank.plan.backup import LOCATION
from wavetank.plan.model import Plan
from wavetank.plan.model.backup import VELERO_NAMESPACE, BackupSchedule, SnapshotClass
from wavetank.render.kubernetes.parts import manifest, metadata, own_metadata, present
from wavetank.render.trace import Traced

EBS_DRIVER = "ebs.csi.aws.com"
#: by this label Velero chooses the class for its snapshots
VELERO_CLASS_LABEL = "velero.io/csi-volumesnapshot-class"


def objects(plan: Plan) -> tuple[Traced, ...]:
    if plan.backup is None:
        return ()
    classes = (_snapshot_class(plan, plan.backup.snapshots),) if plan.backup.snapshots else ()
    return (*classes, *(_schedule(plan, each) for each in plan.backup.schedules))


def _snapshot_class(plan: Plan, wanted: SnapshotClass) -> Traced:
    path = "backup.snapshots"
    tags = {f"tagSpecification_{at}": f"{key}={value}" for at, (key, value) in enumerate(wanted.tags.items(), start=1)}
    return manifest(
        "snapshot.storage.k8s.io/v1",
        "VolumeSnapshotClass",
        metadata(plan, path, wanted.name, labels={VELERO_CLASS_LABEL: "true"}),
        path,
        driver=EBS_DRIVER,
        deletionPolicy=Traced(wanted.deletion_policy, f"{path}.deletionPolicy"),
        parameters=tags,
    )


def _schedule(plan: Plan, schedule: BackupSchedule) -> Traced:
    path = f"backup.schedules[{schedule.name}]"
    template = present(
        {
            "includedNamespaces": Traced(list(schedule.namespaces), f"{path}.namespaces"),
            "excludedResources": Traced(list(schedule.excluded_resources), f"{path}.excludedResources"),
            "storageLocation": LOCATION,
            "snapshotVolumes": Traced(schedule.volumes == "snapshots", f"{path}.volumes"),
            "defaultVolumesToFsBackup": Traced(schedule.volumes == "files", f"{path}.volumes"),
            "ttl": Traced(schedule.ttl, f"{path}.ttl"),
        }
    )
    spec = {
        "schedule": Traced(schedule.schedule, f"{path}.schedule"),
        "useOwnerReferencesInBackup": False,
        "template": Traced(template, path),
    }
    framed = own_metadata(plan, path, schedule.name, VELERO_NAMESPACE)
    return manifest("velero.io/v1", "Schedule", framed, path, spec=spec)
