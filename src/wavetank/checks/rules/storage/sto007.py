"""STO007: a database whose data directory is the root of a new volume, or a claim that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.components import last_part
from wavetank.checks.manifests import items, mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Container, Workload

#: image -> (data directory, variable that moves it)
ROOTS = {
    "postgres": ("/var/lib/postgresql/data", "PGDATA"),
    "postgis": ("/var/lib/postgresql/data", "PGDATA"),
    "mysql": ("/var/lib/mysql", ""),
    "mariadb": ("/var/lib/mysql", ""),
}


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        for container in workload.containers:
            yield from _root(workload, container)
    yield from _unused(case)


def _root(workload: Workload, container: Container) -> Iterator[Mistake]:
    known = ROOTS.get(last_part(container.image))
    if known is None or (known[1] == "" and workload.init_containers):
        return
    folder, variable = known
    moved = any(
        each.get("name") == variable and each.get("value") != folder for each in items(container.obj.get("env"))
    )
    for index, mount in enumerate(items(container.obj.get("volumeMounts"))):
        at_root = str(mount.get("mountPath", "")).rstrip("/") == folder and not mount.get("subPath")
        if at_root and not moved and is_disk(workload, str(mount.get("name"))):
            what = f"set {variable} to {folder}/pgdata" if variable else "mount with a subPath"
            # MySQL's image tolerates lost+found since 8.0; PostgreSQL's initdb does not.
            yield Mistake(
                at=container.at("volumeMounts", index),
                message=(
                    f"{workload.title} keeps its data in the root of a volume, where a new ext4 file system has the folder "
                    "lost+found: initialising refuses a folder that is not empty, and the container restarts for ever"
                ),
                remedy=f"{what}, or mount the volume with a subPath",
                numbers={"mountPath": folder, "image": last_part(container.image)},
                severity=None if variable else Severity.WARN,
            )


def is_disk(workload: Workload, name: str) -> bool:
    """Whether the volume is a claim's (a formatted disk), not an emptyDir."""
    templates = items(workload.manifest.spec.get("volumeClaimTemplates"))
    if any(mapping(template.get("metadata")).get("name") == name for template in templates):
        return True
    volumes = items(workload.spec.get("volumes"))
    return any(volume.get("name") == name and volume.get("persistentVolumeClaim") for volume in volumes)


def _unused(case: Case) -> Iterator[Mistake]:
    for claim in case.manifests.of_kind("PersistentVolumeClaim", group=""):
        workloads = case.workloads_in(claim.namespace)
        volumes = [mapping(v.get("persistentVolumeClaim")) for w in workloads for v in items(w.spec.get("volumes"))]
        of_sets = any(w.kind == "StatefulSet" and claim.name.endswith(_ordinals(w)) for w in workloads)
        if workloads and not of_sets and not any(volume.get("claimName") == claim.name for volume in volumes):
            size = mapping(mapping(claim.spec.get("resources")).get("requests")).get("storage")
            yield Mistake(
                at=claim.at("metadata", "name"),
                message=f"{claim.title} ({size}) is used by none of the {len(workloads)} workloads of its namespace",
                remedy="remove it, or use it; the claims of a StatefulSet come from its volumeClaimTemplates",
                numbers={"storage": str(size), "users": 0},
                severity=Severity.WARN,
            )


def _ordinals(workload: Workload) -> tuple[str, ...]:
    return tuple(f"-{workload.name}-{ordinal}" for ordinal in range(max(workload.max_replicas, 1)))


RULE = Rule(
    id="STO007",
    severity=Severity.ERROR,
    title="The database cannot initialise its volume",
    source="the postgres image's documentation (PGDATA); mkfs.ext4 makes lost+found",
    check=check,
)
