"""KUB011: pods that mount folders or sockets of their node."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import items, mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import every_container, is_system, judged
from wavetank.checks.workloads import Workload

SOCKETS = ("docker.sock", "containerd.sock", "crio.sock", "cri-dockerd.sock")


def check(case: Case) -> Iterator[Mistake]:
    for workload in judged(case):
        for index, volume in enumerate(items(workload.spec.get("volumes"))):
            path = mapping(volume.get("hostPath")).get("path")
            if isinstance(path, str):
                yield _mistake(workload, index, volume, path)


def _mistake(workload: Workload, index: int, volume: dict[str, object], path: str) -> Mistake:
    read_only = _is_read_only(workload, str(volume.get("name")))
    socket = path.endswith(SOCKETS)
    if socket:
        meaning = "who talks to the container runtime starts any container as root: the node is theirs"
    elif read_only:
        meaning = "it reads what lies there, and what it reads differs from node to node"
    else:
        meaning = "it may change what the node and its other pods run with, and its data stay behind when it moves"
    return Mistake(
        at=workload.at_pod("volumes", index, "hostPath"),
        message=f"{workload.title} mounts {path} of its node{' (read-only)' if read_only else ''}: {meaning}",
        remedy="use a PersistentVolumeClaim for data and an emptyDir for scratch space; mount read-only what is only read",
        numbers={"path": path, "readOnly": "yes" if read_only else "no"},
        severity=Severity.INFO if is_system(workload) or (read_only and not socket) else None,
    )


def _is_read_only(workload: Workload, volume: str) -> bool:
    mounts = [m for c in every_container(workload) for m in items(c.obj.get("volumeMounts")) if m.get("name") == volume]
    return bool(mounts) and all(mount.get("readOnly") is True for mount in mounts)


RULE = Rule(
    id="KUB011",
    severity=Severity.WARN,
    title="Pods mount what belongs to the node",
    source="kubernetes.io/docs/concepts/storage/volumes (hostPath)",
    check=check,
)
