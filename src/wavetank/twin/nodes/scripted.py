"""Machines that run nothing: pods become Running and Ready after fixed delays, whatever their images or probes.

For worlds in which only the API matters, and for replaying what was recorded against such machines. Two annotations script a
pod: ``fake/never-ready: "true"``, and ``fake/completes: "SECONDS"`` (it succeeds that long after it became ready).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wavetank.base.units import MIB
from wavetank.kube.errors import ApiError
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster
from wavetank.twin.cluster.ports import NodeUsage, PodUsage, Usage

NEVER_READY, COMPLETES = "fake/never-ready", "fake/completes"


@dataclass(frozen=True)
class ScriptedNode:
    name: str
    address: str
    capacity: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[Obj] = ()
    #: None: all of the capacity.
    allocatable: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Delays:
    """Seconds from binding to Running, from there to Ready, and from deletion to gone."""

    start_seconds: float = 0.3
    ready_seconds: float = 0.7
    stop_seconds: float = 0.3


def node_object(node: ScriptedNode, release: str, now: str) -> Obj:
    """The Node as its kubelet registers it, Ready."""
    always = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": "linux",
    }
    spec: Obj = {"providerID": f"fake:///{node.name}"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node.name,
            "labels": {**always, **node.labels},
            "annotations": {"node.alpha.kubernetes.io/ttl": "0"},
        },
        "spec": {**spec, "taints": list(node.taints)} if node.taints else spec,
        "status": {
            "capacity": dict(node.capacity),
            "allocatable": dict(node.capacity if node.allocatable is None else node.allocatable),
            "conditions": [_node_condition(*row, now) for row in _NODE_CONDITIONS],
            "addresses": [
                {"type": "InternalIP", "address": node.address},
                {"type": "Hostname", "address": node.name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": _node_info(release),
        },
    }


_NODE_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID"),
    ("Ready", "True", "KubeletReady"),
)


def _node_condition(kind: str, status: str, reason: str, now: str) -> Obj:
    times = {"lastHeartbeatTime": now, "lastTransitionTime": now}
    return {"type": kind, "status": status, **times, "reason": reason, "message": ""}


def _node_info(release: str) -> Obj:
    return {
        "machineID": "",
        "systemUUID": "",
        "bootID": "",
        "kernelVersion": "6.1",
        "osImage": "Fake",
        "containerRuntimeVersion": "containerd://2.0.0",
        "kubeletVersion": release,
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }


class ScriptedKubelets:
    """The kubelets of all scripted nodes. ``join`` registers the nodes and begins."""

    def __init__(self, cluster: Cluster, nodes: Sequence[ScriptedNode], delays: Delays | None = None) -> None:
        self._cluster, self._nodes = cluster, {node.name: node for node in nodes}
        self._delays = delays or Delays()
        self._begun: set[str] = set()
        self._stopping: set[str] = set()
        self._addresses = 0
        #: Addresses that pods brought with them.
        self._taken: set[str] = set()

    def join(self) -> None:
        now = rfc3339(self._cluster.now)
        release = f"v{self._cluster.version}.2"
        self._cluster.subscribe("pods", self._pod_changed)
        for pod in self._cluster.list("pods"):
            self._take_over(pod)
        for node in self._nodes.values():
            if self._cluster.find("nodes", "", node.name) is None:
                self._cluster.create(node_object(node, release, now))
            self._create_lease(node.name)

    def _take_over(self, pod: Obj) -> None:
        """A pod that was there before its machine: what runs goes on as it is, what does not begins now."""
        status = pod.get("status") or {}
        self._taken |= {entry.get("ip", "") for entry in status.get("podIPs") or ()}
        if pod["spec"].get("nodeName") not in self._nodes:
            return
        if status.get("phase", "Pending") != "Pending":
            self._begun.add(pod["metadata"]["uid"])
        self._look_at(pod, pod["metadata"]["uid"])

    def _free_address(self) -> str:
        while True:
            self._addresses += 1
            address = f"10.1.{self._addresses // 254}.{self._addresses % 254 + 1}"
            if address not in self._taken:
                return address

    def _create_lease(self, name: str) -> None:
        owner = self._cluster.get("nodes", "", name)
        reference = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": owner["metadata"]["uid"]}
        moment = self._cluster.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._cluster.create(
            {
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": name, "namespace": "kube-node-lease", "ownerReferences": [reference]},
                "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": moment},
            }
        )

    def last_heartbeat_seconds(self, node_name: str) -> float | None:
        """Scripted machines never fail: their heartbeat is always now."""
        return self._cluster.engine.now if node_name in self._nodes else None

    # --- pods --------------------------------------------------------------------------------------------------

    def _pod_changed(self, change: Change) -> None:
        pod, uid = change.object, change.object["metadata"]["uid"]
        if change.type == "DELETED":
            self._begun.discard(uid)
            self._stopping.discard(uid)
        elif pod["spec"].get("nodeName") in self._nodes:
            self._look_at(pod, uid)

    def _look_at(self, pod: Obj, uid: str) -> None:
        if pod["metadata"].get("deletionTimestamp"):
            if uid not in self._stopping:
                self._stopping.add(uid)
                self._later(self._delays.stop_seconds, pod, self._stop)
        elif uid not in self._begun:
            self._begun.add(uid)
            self._later(self._delays.start_seconds, pod, self._start)

    def _later(self, seconds: float, pod: Obj, action: Callable[[Obj], None]) -> None:
        """Act on the pod as it is by then, if it is still the same one."""
        metadata = pod["metadata"]
        address = (metadata.get("namespace", ""), metadata["name"])

        def act() -> None:
            live = self._cluster.find("pods", *address)
            if live is not None and live["metadata"]["uid"] == metadata["uid"]:
                self._cluster.engine.actor = f"kubelet/{live['spec'].get('nodeName', '')}"
                action(live)

        self._cluster.engine.call_later(seconds, act)

    def _start(self, pod: Obj) -> None:
        if pod["metadata"].get("deletionTimestamp"):
            return
        self._write(pod, ready=False, address=self._free_address())
        if (pod["metadata"].get("annotations") or {}).get(NEVER_READY) != "true":
            self._later(self._delays.ready_seconds, pod, self._make_ready)

    def _make_ready(self, pod: Obj) -> None:
        if pod["metadata"].get("deletionTimestamp"):
            return
        self._write(pod, ready=True, address=pod["status"]["podIP"])
        completes = (pod["metadata"].get("annotations") or {}).get(COMPLETES)
        if completes is not None:
            self._later(float(completes), pod, self._complete)

    def _write(self, pod: Obj, *, ready: bool, address: str) -> None:
        now = rfc3339(self._cluster.now)
        host = self._nodes[pod["spec"]["nodeName"]].address
        status = {
            **pod.get("status", {}),
            "phase": "Running",
            "conditions": _conditions(pod, now, ready=ready),
            "hostIP": host,
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": pod.get("status", {}).get("startTime") or now,
            "containerStatuses": [self._container_status(pod, c, ready) for c in pod["spec"]["containers"]],
        }
        self._cluster.set_status(pod, status)

    def _container_status(self, pod: Obj, container: Obj, ready: bool) -> Obj:
        known = {s["name"]: s for s in pod.get("status", {}).get("containerStatuses") or ()}
        running = {"running": {"startedAt": rfc3339(self._cluster.now)}}
        before = known.get(container["name"], {})
        return {
            "containerID": before.get("containerID") or f"containerd://{self._addresses}",
            "image": container["image"],
            "imageID": container["image"],
            "lastState": {},
            "name": container["name"],
            "ready": ready,
            "restartCount": 0,
            "started": True,
            "state": before.get("state") or running,
        }

    def _complete(self, pod: Obj) -> None:
        now, status = rfc3339(self._cluster.now), pod["status"]
        ended = [_terminated(s, now) for s in status.get("containerStatuses") or ()]
        conditions = _conditions(pod, now, ready=False, reason="PodCompleted")
        self._cluster.set_status(
            pod, {**status, "phase": "Succeeded", "conditions": conditions, "containerStatuses": ended}
        )

    def _stop(self, pod: Obj) -> None:
        metadata = pod["metadata"]
        try:
            self._cluster.delete("pods", metadata["namespace"], metadata["name"], grace_seconds=0, propagation="")
        except ApiError as error:
            if error.code != 404:
                raise


def _conditions(pod: Obj, now: str, *, ready: bool, reason: str = "ContainersNotReady") -> list[Obj]:
    existing = {c["type"]: c for c in pod.get("status", {}).get("conditions") or ()}
    names = " ".join(c["name"] for c in pod["spec"]["containers"])
    wanted: list[tuple[str, bool]] = [
        ("PodReadyToStartContainers", True),
        ("Initialized", True),
        ("ContainersReady", ready),
        ("Ready", ready),
    ]
    conditions = [c for c in existing.values() if c["type"] not in dict(wanted)]
    for kind, holds in wanted:
        status = "True" if holds else "False"
        before = existing.get(kind, {})
        since = before["lastTransitionTime"] if before.get("status") == status else now
        condition: dict[str, Any] = {"lastProbeTime": None, "lastTransitionTime": since, "status": status, "type": kind}
        if not holds:
            condition["reason"] = reason
            if reason == "ContainersNotReady":
                condition["message"] = f"containers with unready status: [{names}]"
        conditions.append(condition)
    return conditions


def _terminated(status: Obj, now: str) -> Obj:
    started = status["state"].get("running", {}).get("startedAt", now)
    ended = {
        "exitCode": 0,
        "reason": "Completed",
        "startedAt": started,
        "finishedAt": now,
        "containerID": status["containerID"],
    }
    return {**status, "ready": False, "started": False, "state": {"terminated": ended}}


class FixedMetrics:
    """Every container uses the same, and every node."""

    def __init__(
        self,
        cluster: Cluster,
        container: Usage = Usage(100, 64 * MIB),  # noqa: B008 - a frozen value
        node: Usage = Usage(500, 1024 * MIB),  # noqa: B008 - a frozen value
    ) -> None:
        self._cluster, self._container, self._node = cluster, container, node

    def available(self) -> bool:
        return True

    def pods(self, namespace: str = "", names: Collection[str] | None = None) -> list[PodUsage]:
        now = self._cluster.engine.now
        running = self._cluster.list("pods", namespace, lambda p: p.get("status", {}).get("phase") == "Running")
        return [self._pod(pod, now) for pod in running]

    def _pod(self, pod: Obj, now: float) -> PodUsage:
        containers = {c["name"]: self._container for c in pod["spec"]["containers"]}
        return PodUsage(pod["metadata"]["namespace"], pod["metadata"]["name"], now, 1.0, containers)

    def nodes(self) -> list[NodeUsage]:
        now = self._cluster.engine.now
        return [NodeUsage(n["metadata"]["name"], now, 1.0, self._node) for n in self._cluster.list("nodes")]
