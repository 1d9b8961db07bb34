"""A cluster in virtual time with controllers, a scheduler and a scripted kubelet, for replays of recorded workloads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wavetank.kube.conditions import Status, is_pod_ready, with_condition
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.cluster.admission import Plugin
from wavetank.twin.cluster.cluster import Change, Cluster
from wavetank.twin.cluster.ports import MetricsSource
from wavetank.twin.controllers import ControllerSettings, start_controllers
from wavetank.twin.controllers.custom_metrics import CustomMetrics
from wavetank.twin.engine import Engine
from wavetank.twin.scheduler import Scheduler

from .given import NAMESPACE


def node(name: str) -> Obj:
    """A ready node with room for everything."""
    room = {"cpu": "64", "memory": "256Gi", "pods": "500", "ephemeral-storage": "1Ti"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    metadata = {"name": name, "labels": {"kubernetes.io/hostname": name}}
    status = {"capacity": room, "allocatable": room, "conditions": [ready]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status}


@dataclass(frozen=True)
class PodScript:
    """Seconds from binding to Running, from there to Ready, from the deletion to the end; None is never.

    ``complete``: seconds from Running until the pod ends by itself, with the code ``exit_code``.
    """

    start: float | None = 0.01
    ready: float | None = None
    stop: float | None = 0.05
    complete: float | None = None
    exit_code: int = 0


class ScriptedKubelet:
    """Starts, readies and ends pods as the script says, and on demand."""

    def __init__(self, cluster: Cluster, script: PodScript) -> None:
        self.cluster, self.engine, self.script = cluster, cluster.engine, script
        self._addresses = 0
        cluster.subscribe("pods", self._on_change)

    def _on_change(self, change: Change) -> None:
        pod, old = change.object, change.old
        if change.type == "DELETED":
            return
        if pod["spec"].get("nodeName") and not (old and old["spec"].get("nodeName")) and self.script.start is not None:
            self._later(self.script.start, pod, self.run)
        ending = bool(pod["metadata"].get("deletionTimestamp")) and self.script.stop is not None
        if ending and not (old and old["metadata"].get("deletionTimestamp")):
            assert self.script.stop is not None, "pods of this script are never gone"
            self._later(self.script.stop, pod, self.remove)

    def _later(self, seconds: float, pod: Obj, action: Callable[[Obj], None]) -> None:
        metadata = pod["metadata"]

        def act() -> None:
            live = self.cluster.find("pods", metadata["namespace"], metadata["name"])
            if live is not None and live["metadata"]["uid"] == metadata["uid"]:
                action(live)

        self.engine.call_later(seconds, act)

    def run(self, pod: Obj) -> None:
        self._addresses += 1
        started = rfc3339(self.engine.utc)
        address = f"10.0.{self._addresses // 250}.{self._addresses % 250 + 1}"
        status = {**pod["status"], "phase": "Running", "startTime": started, "podIP": address}
        self.cluster.set_status(pod, self._with_ready(status, "False"))
        if self.script.ready is not None:
            self._later(self.script.ready, pod, self.make_ready)
        if self.script.complete is not None:
            self._later(self.script.complete, pod, lambda live: self.finish(live, self.script.exit_code))

    def _with_ready(self, status: Obj, value: str) -> Obj:
        truth: Status = "True" if value == "True" else "False"
        listed = with_condition(status.get("conditions"), "Ready", truth, self.engine.utc)
        return {**status, "conditions": listed}

    def make_ready(self, pod: Obj, value: str = "True") -> None:
        self.cluster.set_status(pod, self._with_ready(pod["status"], value))

    def run_and_make_ready(self, pod: Obj) -> None:
        self.run(pod)
        self.make_ready(self.cluster.get("pods", NAMESPACE, pod["metadata"]["name"]))

    def finish(self, pod: Obj, exit_code: int) -> None:
        """End the pod's container; the phase follows from the code."""
        now = rfc3339(self.engine.utc)
        ended = {"exitCode": exit_code, "reason": "Completed" if exit_code == 0 else "Error", "finishedAt": now}
        name = pod["spec"]["containers"][0]["name"]
        container = {"name": name, "ready": False, "restartCount": 0, "state": {"terminated": ended}}
        phase = "Succeeded" if exit_code == 0 else "Failed"
        status = {**pod["status"], "phase": phase, "containerStatuses": [container]}
        self.cluster.set_status(pod, self._with_ready(status, "False"))

    def remove(self, pod: Obj) -> None:
        metadata = pod["metadata"]
        self.cluster.delete("pods", metadata["namespace"], metadata["name"], grace_seconds=0)


class Bench:
    """Everything together."""

    def __init__(
        self,
        script: PodScript,
        *,
        nodes: Sequence[str] = ("n1", "n2", "n3", "n4"),
        settings: ControllerSettings | None = None,
        metrics: MetricsSource | None = None,
        custom_metrics: CustomMetrics | None = None,
        heartbeats: Callable[[str], float | None] | None = None,
        admission: Sequence[Plugin] = (),
        version: str = "1.36",
    ) -> None:
        self.engine = Engine()
        self.cluster = Cluster(self.engine, admission=admission, version=version)
        for name in nodes:
            self.cluster.create(node(name))
        self.kubelet = ScriptedKubelet(self.cluster, script)
        self.controllers = start_controllers(
            self.cluster,
            settings,
            metrics=metrics,
            custom_metrics=custom_metrics,
            heartbeats=heartbeats or (lambda _: self.engine.now),
        )
        Scheduler(self.cluster).start()

    def settle(self, quiet_seconds: float = 1.0) -> None:
        """Run until nothing was written for this long."""
        before = -1
        while before != self.cluster.store.revision:
            before = self.cluster.store.revision
            self.engine.run_for(quiet_seconds)

    def pods(self) -> list[Obj]:
        return self.cluster.list("pods", NAMESPACE)

    def unready(self) -> list[Obj]:
        """Pods with a node that are not ready, have not ended and are not on their way out."""
        pods = (p for p in self.pods() if p["spec"].get("nodeName") and not p["metadata"].get("deletionTimestamp"))
        return [p for p in pods if p["status"].get("phase") in ("Pending", "Running") and not is_pod_ready(p)]
