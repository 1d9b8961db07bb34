"""Containers of a workload: image, environment, probes, security, hooks, writable paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wavetank.kube.types import Obj
from wavetank.plan.components import overlaid
from wavetank.plan.external_secrets import secret_environment, secret_mounts
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Container, Repository
from wavetank.plan.placement import GPU
from wavetank.plan.reasons import Default
from wavetank.plan.storage import storage_mounts
from wavetank.spec.container_shapes import Probe
from wavetank.spec.containers import Container as WrittenContainer
from wavetank.spec.containers import ContainerBase
from wavetank.spec.shapes import shape
from wavetank.spec.workloads import Workload

_PODS = "kubernetes.io/docs/concepts"

IF_NOT_PRESENT = Default(
    "workloads.imagePullPolicy", "a tag that never changes is pulled once per node", f"{_PODS}/containers/images"
)
NO_PROBE = Default("workloads.probes", "nothing was said about how to ask this container")
IMAGE_ENTRY = Default("workloads.command", "the image knows how to start")
NO_RESOURCES = Default("workloads.resources", "nothing was said about what it needs")
HARDENED = Default(
    "workloads.securityContext",
    "what Pod Security `restricted` asks for, and a root filesystem that cannot be changed",
    f"{_PODS}/security/pod-security-standards",
)
TMP = Default("workloads.writablePaths", "programs expect /tmp, and the root filesystem is read-only")
PRE_STOP = Default(
    "workloads.preStopSleepSeconds",
    "load balancers and proxies need some seconds to forget a pod; it answers until they have",
    "docs.aws.amazon.com/eks/latest/best-practices/load-balancing.html",
)
NOBODY_ROUTES = Default("workloads.preStopSleepSeconds", "nobody sends requests to pods of this kind")
#: kinds whose pods stand behind Services
SERVING_KINDS = ("Deployment", "StatefulSet", "Rollout")
_HARDENED_CONTEXT: Obj = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


@dataclass(frozen=True)
class Seat:
    """A container's place: its path in the plan, and where the spec has it."""

    path: str
    at: str
    #: of the container's own port, for probes that name none
    port: str | int | None


def main_container(stated: Workload, repositories: tuple[Repository, ...], ledger: Ledger) -> Container:
    """The container that the workload itself describes."""
    at = f"workloads[{stated.name}]"
    seat = Seat(f"{at}.containers[{stated.name}]", at, "http" if stated.port else None)
    ledger.stated(seat.path, stated, at)
    ports: tuple[Obj, ...] = ()
    if stated.port is not None:
        ports = ({"name": "http", "containerPort": stated.port, "protocol": "TCP"},)
        ledger.stated(f"{seat.path}.ports[http]", ports, f"{at}.port")
    if stated.ports is not None:
        further = ledger.shape(f"{seat.path}.ports", tuple(shape(port) for port in stated.ports), f"{at}.ports")
        ports = (*ports, *({"protocol": "TCP"} | port for port in further))
    elif stated.port is not None:
        ledger.stated(f"{seat.path}.ports", ports, f"{at}.port")
    return _container(stated, stated.name, ports, seat, repositories, ledger)


def further_container(
    stated: WrittenContainer, holder: str, repositories: tuple[Repository, ...], ledger: Ledger
) -> Container:
    """One of ``containers`` or ``initContainers``; ``holder`` is the path of the list."""
    path = f"{holder}[{stated.name}]"
    ledger.stated(path, stated)
    ports = tuple(shape(port) for port in stated.ports or ())
    first: Any = ports[0].get("name", ports[0]["containerPort"]) if ports else None
    return _container(stated, stated.name, ports, Seat(path, path, first), repositories, ledger)


def _container(
    stated: ContainerBase,
    name: str,
    ports: tuple[Obj, ...],
    seat: Seat,
    repositories: tuple[Repository, ...],
    ledger: Ledger,
) -> Container:
    path, at = seat.path, seat.at
    return Container(
        name=name,
        image=_image(stated.image, seat, repositories, ledger),
        image_pull_policy=ledger.chosen(
            f"{path}.imagePullPolicy", stated.image_pull_policy, "IfNotPresent", IF_NOT_PRESENT, f"{at}.imagePullPolicy"
        ),
        command=ledger.chosen(f"{path}.command", stated.command, (), IMAGE_ENTRY, f"{at}.command"),
        args=ledger.chosen(f"{path}.args", stated.args, (), IMAGE_ENTRY, f"{at}.args"),
        ports=ports,
        env=_env(stated, seat, ledger),
        env_from=_env_from(stated, name, seat, ledger),
        resources=_resources(stated, seat, ledger),
        startup_probe=_probe(stated.startup_probe, "startupProbe", seat, ledger),
        readiness_probe=_probe(stated.readiness_probe, "readinessProbe", seat, ledger),
        liveness_probe=_probe(stated.liveness_probe, "livenessProbe", seat, ledger),
        security_context=_security_context(stated, seat, ledger),
        lifecycle=_lifecycle(stated, seat, ledger),
        volume_mounts=_volume_mounts(stated, seat, ledger),
    )


def _image(image: str, seat: Seat, repositories: tuple[Repository, ...], ledger: Ledger) -> str:
    """An image of one of the platform's repositories gets the account's registry; any other is taken as written."""
    name, separator, tag = image.partition("@") if "@" in image else image.rpartition(":")
    repository = next((each for each in repositories if each.name == (name or image)), None)
    if repository is None:
        return ledger.stated(f"{seat.path}.image", image, f"{seat.at}.image")
    if seat.path != seat.at:
        ledger.stated(f"{seat.at}.image", image)
    origins = (f"{seat.at}.image" if seat.path != seat.at else seat.path, f"repositories[{repository.name}].url")
    full = f"{repository.url}{separator}{tag}" if name else repository.url
    return ledger.derived(f"{seat.path}.image", full, origins, "an image of the platform's own repository")


def _env(stated: ContainerBase, seat: Seat, ledger: Ledger) -> tuple[Obj, ...]:
    if stated.env is None:
        return ()
    return ledger.shape(f"{seat.path}.env", tuple(shape(each) for each in stated.env), f"{seat.at}.env")


def _env_from(stated: ContainerBase, name: str, seat: Seat, ledger: Ledger) -> tuple[Obj, ...]:
    own: tuple[Obj, ...] = ()
    if isinstance(stated, Workload) and stated.config:
        own = ({"configMapRef": {"name": f"{name}-config"}},)
        ledger.derived(f"{seat.path}.envFrom", own, (f"{seat.at}.config",), "every key of config is a variable")
    if isinstance(stated, Workload):
        own = (*own, *secret_environment(stated, seat.path, ledger))
    if stated.env_from is not None:
        ledger.stated(f"{seat.path}.envFrom", stated.env_from, f"{seat.at}.envFrom")
    return (*own, *(stated.env_from or ()))


def _resources(stated: ContainerBase, seat: Seat, ledger: Ledger) -> Obj:
    path, at = f"{seat.path}.resources", f"{seat.at}.resources"
    if stated.resources is None:
        return _with_gpus(ledger.because(path, {}, NO_RESOURCES), stated, seat, ledger)
    resources = ledger.shape(path, shape(stated.resources), at)
    for part, quantities in resources.items():
        for name, quantity in quantities.items():
            if ledger.is_written(f"{at}[{name}]"):
                ledger.stated(
                    f"{path}.{part}.{name}" if "." not in name else f"{path}.{part}[{name}]", quantity, f"{at}[{name}]"
                )
    return _with_gpus(resources, stated, seat, ledger)


def _with_gpus(resources: Obj, stated: ContainerBase, seat: Seat, ledger: Ledger) -> Obj:
    """GPUs are asked for in both halves: a request of a device without its limit is refused."""
    if not isinstance(stated, Workload) or not stated.gpus:
        return resources
    counted = {}
    for half in ("requests", "limits"):
        path = f"{seat.path}.resources.{half}[{GPU}]"
        ledger.derived(path, str(stated.gpus), (f"{seat.at}.pod.gpus",), "GPUs are asked for whole")
        counted[half] = {**resources.get(half, {}), GPU: str(stated.gpus)}
    return {**resources, **counted}


def _probe(stated: Probe | None, kind: str, seat: Seat, ledger: Ledger) -> Obj | None:
    path = f"{seat.path}.{kind}"
    if stated is None:
        return ledger.because(path, None, NO_PROBE)
    probe = ledger.shape(path, shape(stated), f"{seat.at}.{kind}")
    request = probe.get("httpGet")
    if request is None or "port" in request or seat.port is None:
        return probe
    ledger.derived(f"{path}.httpGet.port", seat.port, (f"{seat.path}.ports",), "the container's own port")
    return probe | {"httpGet": {"path": "/"} | request | {"port": seat.port}}


def _security_context(stated: ContainerBase, seat: Seat, ledger: Ledger) -> Obj:
    path, at = f"{seat.path}.securityContext", f"{seat.at}.securityContext"
    if stated.security_context is None:
        return ledger.because(path, _HARDENED_CONTEXT, HARDENED)
    written = shape(stated.security_context)
    ledger.shape(path, written, at)
    for key in _HARDENED_CONTEXT.keys() - written.keys():
        ledger.because(f"{path}.{key}", None, HARDENED)
    return overlaid(_HARDENED_CONTEXT, written)


def _lifecycle(stated: ContainerBase, seat: Seat, ledger: Ledger) -> Obj | None:
    path = f"{seat.path}.lifecycle"
    if stated.lifecycle is not None:
        return ledger.shape(path, stated.lifecycle, f"{seat.at}.lifecycle")
    if not isinstance(stated, Workload):
        return ledger.because(path, None, IMAGE_ENTRY)
    usual, why = (15, PRE_STOP) if (stated.kind or "Deployment") in SERVING_KINDS else (0, NOBODY_ROUTES)
    seconds = ledger.chosen(path, stated.pre_stop_sleep_seconds, usual, why, f"{seat.at}.preStopSleepSeconds")
    return {"preStop": {"sleep": {"seconds": seconds}}} if seconds else None


def _volume_mounts(stated: ContainerBase, seat: Seat, ledger: Ledger) -> tuple[Obj, ...]:
    path = f"{seat.path}.volumeMounts"
    written = tuple(shape(mount) for mount in stated.volume_mounts or ())
    ledger.chosen(path, stated.volume_mounts, (), TMP, f"{seat.at}.volumeMounts")
    if not isinstance(stated, Workload):
        return written
    paths = ledger.chosen(
        f"{seat.path}.writablePaths", stated.writable_paths, ("/tmp",), TMP, f"{seat.at}.writablePaths"
    )
    own: tuple[Obj, ...] = tuple({"name": volume_name(each), "mountPath": each} for each in paths)
    for mount in own:
        ledger.derived(f"{path}[{mount['name']}]", mount, (f"{seat.path}.writablePaths",), "a writable path")
    stored = storage_mounts(stated)
    for mount in stored:
        origins = (f"{seat.at}.storage[{mount['name']}]",)
        ledger.derived(f"{path}[{mount['name']}]", mount, origins, "its storage")
    return (*own, *stored, *secret_mounts(stated, path, ledger), *written)


def volume_name(path: str) -> str:
    """The emptyDir volume behind a writable path: /var/cache is ``var-cache``."""
    kept = "".join(letter if letter.isalnum() else "-" for letter in path.lower()).strip("-")
    return kept[:63] or "root"


def writable_volumes(container: Container) -> tuple[Obj, ...]:
    """The emptyDir volumes of the writable paths that a container mounts by itself."""
    own = [mount for mount in container.volume_mounts if mount["name"] == volume_name(mount["mountPath"])]
    return tuple({"name": mount["name"], "emptyDir": {}} for mount in own)
