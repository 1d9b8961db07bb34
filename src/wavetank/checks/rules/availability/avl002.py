"""AVL002: several replicas of a database image that replicates nothing by itself."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.components import last_part
from wavetank.checks.manifests import items
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Container, Workload

#: official images that know nothing of their neighbours unless they are told
LONERS = ("postgres", "mysql", "mariadb", "mongo", "redis", "valkey")
#: parts of a command line or of a variable's name that set replication up
_SIGNS = (
    "replset",
    "replica",
    "repl_",
    "_repl",
    "primary",
    "patroni",
    "repmgr",
    "galera",
    "wsrep",
    "sentinel",
    "cluster",
)


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        if workload.kind != "StatefulSet" or workload.max_replicas < 2 or workload.init_containers:
            continue
        for container in workload.containers:
            if last_part(container.image) in LONERS and not _is_told(workload, container):
                yield _mistake(workload, container)


def _is_told(workload: Workload, container: Container) -> bool:
    """Whether anything hints at replication: its command, its variables, scripts that are mounted."""
    words = [str(word).lower() for key in ("command", "args") for word in container.obj.get(key) or ()]
    names = [str(each.get("name", "")).lower() for each in items(container.obj.get("env"))]
    mounted = any(
        volume.keys() & {"configMap", "projected", "secret"} for volume in items(workload.spec.get("volumes"))
    )
    return mounted or bool(container.obj.get("envFrom")) or any(s in text for text in (*words, *names) for s in _SIGNS)


def _mistake(workload: Workload, container: Container) -> Mistake:
    count, image = workload.max_replicas, last_part(container.image)
    return Mistake(
        at=workload.at("spec", "replicas"),
        message=(
            f"{workload.title} runs {count} replicas of {image}, which replicates nothing by itself: that is {count} separate "
            "databases behind one name, and a client's next connection may not find what it has just written"
        ),
        remedy="keep one replica, or run an operator that replicates (CloudNativePG, Percona), or a managed database",
        numbers={"replicas": count, "image": image},
    )


RULE = Rule(
    id="AVL002",
    severity=Severity.ERROR,
    title="Replicas of a database that does not replicate",
    source="the images' own documentation; a StatefulSet gives its pods names and volumes, not replication",
    check=check,
)
