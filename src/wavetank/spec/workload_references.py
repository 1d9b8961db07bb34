"""Contradictions about workloads: fields of another kind, names of nothing, connections to nobody. Rules as in ``references``."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.base.errors import Problem
from wavetank.spec.connections import PLACES, is_host
from wavetank.spec.lookup import at, elements, names, number, unknown, word
from wavetank.spec.problems import suggestion
from wavetank.spec.tree import Mapped, Node, Scalar, children, name_of

_SCALED = ("Deployment", "StatefulSet", "Rollout")
_JOBS = ("Job", "CronJob")
#: keys that only these kinds have
_KINDS: dict[str, tuple[str, ...]] = {
    "replicas": _SCALED,
    "autoscaling": _SCALED,
    "disruptionBudget": _SCALED,
    "strategy": ("Deployment", "Rollout"),
    "progressDeadlineSeconds": ("Deployment", "Rollout"),
    "updateStrategy": ("StatefulSet", "DaemonSet"),
    "serviceName": ("StatefulSet",),
    "podManagementPolicy": ("StatefulSet",),
    "persistentVolumeClaimRetentionPolicy": ("StatefulSet",),
    "minReadySeconds": (*_SCALED, "DaemonSet"),
    "revisionHistoryLimit": (*_SCALED, "DaemonSet"),
    **dict.fromkeys(
        (
            "completions",
            "parallelism",
            "backoffLimit",
            "activeDeadlineSeconds",
            "ttlSecondsAfterFinished",
            "completionMode",
            "restartPolicy",
            "suspend",
        ),
        _JOBS,
    ),
    **dict.fromkeys(
        (
            "schedule",
            "timeZone",
            "concurrencyPolicy",
            "startingDeadlineSeconds",
            "successfulJobsHistoryLimit",
            "failedJobsHistoryLimit",
        ),
        ("CronJob",),
    ),
}
_SYSTEM_CLASSES = ("system-cluster-critical", "system-node-critical")
#: lists of serverless that pods can talk to
_STORES = ("caches", "tables", "buckets", "queues")
#: the storage class that EKS makes in every cluster
_OF_EKS = "gp2"


def fields_fit_the_kind(root: Node) -> Iterator[Problem]:
    """A workload has only what its kind knows, and a CronJob says when."""
    for workload in elements(root, "workloads"):
        kind = word(workload.get("kind")) or "Deployment"
        for key, kinds in _KINDS.items():
            entry = workload.entries.get(key)
            if entry is not None and kind not in kinds:
                one = f"{', '.join(kinds[:-1])} or {kinds[-1]}" if len(kinds) > 1 else kinds[0]
                yield entry.key_place.problem(f"a {kind} has no {key}", f"It belongs to kind {one}.")
        if kind == "CronJob" and workload.get("schedule") is None:
            yield workload.place.problem("a CronJob needs a schedule", 'For example `schedule: "0 2 * * *"`.')
        mode = workload.get("completionMode")
        if mode is not None and word(mode) == "Indexed" and workload.get("completions") is None:
            yield mode.place.problem("an Indexed Job needs completions", "Say how many numbers there are.")


def classes_exist(root: Node) -> Iterator[Problem]:
    """Storage and priority classes, and the file systems behind storage classes, are of the platform."""
    storage, priorities = names(root, "storageClasses"), names(root, "priorityClasses")
    foreign = bool(children(at(root, "manifests")))
    for workload in elements(root, "workloads"):
        for volume in elements(workload, "storage"):
            if not foreign:
                yield from unknown(volume.get("storageClass"), "storage class", [*storage, _OF_EKS])
        if not foreign:
            yield from unknown(workload.get("priorityClass"), "priority class", [*priorities, *_SYSTEM_CLASSES])
    for each in elements(root, "storageClasses"):
        if not (word(each.get("fileSystem")) or "").startswith("fs-"):
            yield from unknown(each.get("fileSystem"), "file system", names(root, "fileSystems"))


def queues_exist(root: Node) -> Iterator[Problem]:
    """A trigger's queue is one of the platform."""
    for workload in elements(root, "workloads"):
        for trigger in elements(workload, "autoscaling", "triggers"):
            yield from unknown(trigger.get("queue"), "queue", names(root, "serverless", "queues"))


def one_default_class(root: Node) -> Iterator[Problem]:
    """At most one class of a sort is the one of those that name none."""
    for holder, key in (("storageClasses", "default"), ("priorityClasses", "globalDefault")):
        chosen = [node for each in elements(root, holder) if _is_true(node := each.get(key))]
        for node in chosen[1:]:
            assert node is not None, "a switch that is on is written"
            yield node.place.problem(f"{holder} has two defaults", "Keep one.")


def _is_true(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.value is True


def node_groups_exist(root: Node) -> Iterator[Problem]:
    """A workload's nodeGroup is a node group or a node pool of Karpenter."""
    known = [*names(root, "nodeGroups"), *names(root, "karpenter", "nodePools")]
    for workload in elements(root, "workloads"):
        yield from unknown(workload.get("nodeGroup"), "node group or node pool", known)


def governing_services_exist(root: Node) -> Iterator[Problem]:
    """serviceName is a headless Service of the platform for this workload."""
    for workload in elements(root, "workloads"):
        named = workload.get("serviceName")
        yield from unknown(named, "service", names(root, "services"))
        service = next((each for each in elements(root, "services") if name_of(each) == word(named)), None)
        if named is not None and service is not None and not _is_true(service.get("headless")):
            message = f'the service "{word(named)}" is not headless and gives pods no names'
            yield named.place.problem(message, "Write `headless: true` there, or leave out serviceName.")


def aliases_have_a_namespace(root: Node) -> Iterator[Problem]:
    """A Service with externalName says where it lives, where there are several namespaces."""
    known = names(root, "namespaces")
    for service in elements(root, "services"):
        if service.get("externalName") is None:
            continue
        if service.get("namespace") is not None:
            yield from unknown(service.get("namespace"), "namespace", known)
        elif len(known) > 1:
            message = f'"{name_of(service)}" names no namespace, and the platform has {len(known)}'
            yield service.place.problem(message, "Add `namespace: ...`.")


# --- connections ------------------------------------------------------------------------------------------------------


def connections_lead_somewhere(root: Node) -> Iterator[Problem]:
    """connects and allowFrom name services and workloads of the platform, on ports that these have."""
    workloads, services = names(root, "workloads"), names(root, "services")
    stores = [name for key in _STORES for name in names(root, "serverless", key)]
    for workload in elements(root, "workloads"):
        for each in _listed(workload.get("connects")):
            target, place = _target(each, "to")
            if _needs_a_name(target, each):
                yield from unknown(place, "service or workload", sorted({*services, *workloads, *stores}))
            yield from _ports_exist(target, each, root)
        for each in _listed(workload.get("allowFrom")):
            source, place = _target(each, "from")
            if source is not None and is_host(source) and place is not None:
                yield place.place.problem(f'"{source}" is a host: pods see addresses', "Write its range.")
            elif _needs_a_name(source, each):
                yield from unknown(place, "workload", workloads)


def _listed(node: Node | None) -> tuple[Node, ...]:
    return children(node) if children(node) else (node,) if node is not None else ()


def _target(each: Node, key: str) -> tuple[str | None, Node | None]:
    """The name of an entry and where it stands, in short and long form."""
    node = each.get(key) if isinstance(each, Mapped) else each
    return word(node), node


def _needs_a_name(target: str | None, each: Node) -> bool:
    """Whether a target must be something of the platform: it is no place, no range, no host and in no foreign namespace."""
    if target is None or target in PLACES or "/" in target or is_host(target):
        return False
    return at(each, "namespace") is None


def _ports_exist(target: str | None, each: Node, root: Node) -> Iterator[Problem]:
    service = next((node for node in elements(root, "services") if name_of(node) == target), None)
    workload_name = word(at(service, "workload")) if service is not None else target
    workload = next((node for node in elements(root, "workloads") if name_of(node) == workload_name), None)
    if target is None or workload is None:
        return
    known = {*_service_ports(service), *_container_ports(workload)}
    if not known and at(each, "port") is None:
        yield each.place.problem(f'"{target}" declares no port, and the connection names none', "Add `port: ...`.")
    for node in _listed(at(each, "port")):
        port = node.value if isinstance(node, Scalar) else None
        asked = str(port).partition("/")[0]
        if port is not None and known and asked not in known:
            remedy = suggestion(asked, sorted(known)) or f"Its ports: {', '.join(sorted(known))}."
            yield node.place.problem(f'"{target}" has no port {asked}', remedy)


def _service_ports(service: Node | None) -> Iterator[str]:
    if service is None:
        return
    for holder in (service, *elements(service, "ports")):
        yield from _words(holder, "port", "name" if holder is not service else "portName")
    yield from (str(number(node)) for node in children(at(service, "ports")) if number(node) is not None)


def _container_ports(workload: Node) -> Iterator[str]:
    if at(workload, "port") is not None:
        yield "http"
        yield from _words(workload, "port")
    for holder in (workload, *elements(workload, "containers")):
        for node in _listed(at(holder, "ports")):
            if number(node) is not None:
                yield str(number(node))
            yield from _words(node, "containerPort", "name")


def _words(node: Node, *keys: str) -> Iterator[str]:
    for key in keys:
        value = at(node, key)
        if isinstance(value, Scalar) and value.value is not None:
            yield str(value.value)


RULES = (
    fields_fit_the_kind,
    classes_exist,
    queues_exist,
    one_default_class,
    node_groups_exist,
    governing_services_exist,
    aliases_have_a_namespace,
    connections_lead_somewhere,
)
