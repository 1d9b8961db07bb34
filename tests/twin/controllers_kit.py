"""What tests of controllers share: builders of objects, and a hand that does what machines and the scheduler would do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wavetank.kube.conditions import Status, with_condition
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.admission import Plugin
from wavetank.twin.controllers import ControllerSettings, start_controllers
from wavetank.twin.controllers.daemon_pods import target_node
from wavetank.twin.engine import Engine

QUIET_SECONDS = 0.1


class Bench:
    """A lenient cluster with all controllers, and short ways to set up a situation."""

    def __init__(
        self,
        settings: ControllerSettings | None = None,
        *,
        admission: Sequence[Plugin] = (),
        heartbeats: Callable[[str], float | None] | None = None,
    ) -> None:
        self.engine = Engine()
        self.cluster = Cluster(self.engine, admission=admission)
        start_controllers(self.cluster, settings, heartbeats=heartbeats)

    def settle(self, seconds: float = QUIET_SECONDS) -> None:
        self.engine.run_for(seconds)

    def pods(self) -> list[Obj]:
        """The pods of the namespace ``default``, by name."""
        return sorted(self.cluster.list("pods", "default"), key=lambda pod: str(pod["metadata"]["name"]))

    def pod(self, name: str) -> Obj:
        return self.cluster.get("pods", "default", name)

    def node(self, name: str) -> Obj:
        return self.cluster.get("nodes", "", name)

    def set_template(self, key: str, name: str, wanted: Obj) -> None:
        self.cluster.modify(key, "default", name, lambda obj: {**obj, "spec": {**obj["spec"], "template": wanted}})

    def event_reasons(self, name: str) -> list[str]:
        events = self.cluster.list("events")
        return [str(event["reason"]) for event in events if event["involvedObject"]["name"] == name]

    def bind_all(self, node_name: str = "") -> None:
        """Bind every pod that waits: to this node, or to the one that it names."""
        for pod in self.pods():
            wanted = node_name or target_node(pod)
            if not pod["spec"].get("nodeName") and wanted and self.cluster.find("nodes", "", wanted):
                self.cluster.bind("default", pod["metadata"]["name"], wanted)

    def make_ready(self, name: str, *, ready: bool = True) -> None:
        pod = self.pod(name)
        status = {**pod["status"], "phase": "Running"}
        truth: Status = "True" if ready else "False"
        status["conditions"] = with_condition(status.get("conditions"), "Ready", truth, self.cluster.now)
        self.cluster.set_status(pod, status)

    def make_all_ready(self) -> None:
        for pod in self.pods():
            if not pod["metadata"].get("deletionTimestamp"):
                self.make_ready(pod["metadata"]["name"])

    def set_phase(self, name: str, phase: str) -> None:
        pod = self.pod(name)
        self.cluster.set_status(pod, {**pod["status"], "phase": phase})

    def finish_terminating(self) -> None:
        """What kubelets do in the end: pods that are to go are gone."""
        for pod in self.pods():
            if pod["metadata"].get("deletionTimestamp"):
                self.cluster.delete("pods", "default", pod["metadata"]["name"], grace_seconds=0)


def node(
    name: str,
    *,
    ready: str = "True",
    labels: dict[str, str] | None = None,
    taints: Sequence[Obj] = (),
    zone: str = "",
) -> Obj:
    reason = {"True": "KubeletReady", "False": "KubeletNotReady", "Unknown": "NodeStatusUnknown"}[ready]
    zones = {"topology.kubernetes.io/region": "eu-north-1", "topology.kubernetes.io/zone": zone} if zone else {}
    made: Obj = {"name": name, "labels": {"kubernetes.io/hostname": name, **zones, **(labels or {})}}
    conditions = [{"type": "Ready", "status": ready, "reason": reason, "lastTransitionTime": "2026-01-01T00:00:00Z"}]
    spec = {"taints": list(taints)} if taints else {}
    return {"apiVersion": "v1", "kind": "Node", "metadata": made, "spec": spec, "status": {"conditions": conditions}}


def pod(name: str, *, labels: dict[str, str] | None = None, node_name: str = "", **spec: object) -> Obj:
    metadata = {"name": name, "namespace": "default", "labels": labels or {"app": "app"}}
    placed = {"nodeName": node_name} if node_name else {}
    containers = [{"name": "main", "image": "registry.example/app:1"}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": containers, **placed, **spec},
    }


def template(version: str = "1", **spec: object) -> Obj:
    containers = [{"name": "main", "image": f"registry.example/app:{version}"}]
    return {"metadata": {"labels": {"app": "app", "v": version}}, "spec": {"containers": containers, **spec}}


def in_default(obj: Obj, api_version: str = "") -> Obj:
    """An object of a recording as it is submitted: with its apiVersion and namespace."""
    versions = {"Pod": "v1", "PodDisruptionBudget": "policy/v1"}
    metadata = {**obj["metadata"], "namespace": "default"}
    return {"apiVersion": api_version or versions.get(obj["kind"], "apps/v1"), **obj, "metadata": metadata}
