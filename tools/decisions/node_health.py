"""Plays what was recorded of single nodes: conditions, taints and pods after something happened to the node."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from wavetank.kube.conditions import Status, condition, is_pod_ready, with_condition
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.cluster.admission.default_toleration_seconds import DEFAULT_TOLERATION_SECONDS
from wavetank.twin.controllers import ControllerSettings, NodeLifecycleSettings

from .bench import Bench, PodScript, node
from .given import Case, UnplayableError, complete, require_exactly, require_known

#: Long enough for everything that was recorded; nothing else happens before the default 300 s.
WATCHED_SECONDS, SAMPLE_SECONDS = 20.0, 0.1
#: The nodes and pods exist for this long before the event.
BEFORE_SECONDS = 5.0
#: Recorded flag -> ours.
_FLAGS = {
    "nodeMonitorPeriodSeconds": "monitor_period_seconds",
    "nodeMonitorGracePeriodSeconds": "monitor_grace_seconds",
    "nodeEvictionRate": "eviction_rate",
    "secondaryNodeEvictionRate": "secondary_eviction_rate",
    "unhealthyZoneThreshold": "unhealthy_zone_threshold",
    "largeClusterSizeThreshold": "large_cluster_size",
}
_OF_THE_RECORDER = {"leaseRenewEverySeconds", "otherHealthyNodes"}
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


class NodeReplay:
    """One node among healthy ones, what happens to it at t = 0, and what it does when it recovers."""

    def __init__(self, case: Case) -> None:
        self._given = case["given"]
        #: Since when the node in question says nothing.
        self._silent_since = math.inf
        require_exactly("given", self._given, {"objects", "node", "event", "recoversAt", "settings"})
        flags = self._given["settings"]
        require_known("settings", flags, _FLAGS.keys() | _OF_THE_RECORDER, _OF_THE_RECORDER)
        ours = {_FLAGS[name]: value for name, value in flags.items() if name in _FLAGS}
        names = [f"healthy-{i}" for i in range(flags["otherHealthyNodes"])]
        self._bench = Bench(
            PodScript(start=None, stop=None),
            nodes=names,
            settings=ControllerSettings(nodes=NodeLifecycleSettings(**ours)),
            heartbeats=self._beat,
            admission=[DEFAULT_TOLERATION_SECONDS],
        )

    def _beat(self, name: str) -> float:
        """When a node renewed its lease last: all do it in step, but for the one in question while it is silent."""
        now, every = self._bench.engine.now, float(self._given["settings"]["leaseRenewEverySeconds"])
        last = min(now, self._silent_since) if name == self._given["node"] else now
        return last // every * every

    def observed(self) -> list[Obj]:
        bench, event = self._bench, str(self._given["event"])
        bench.cluster.create(node(self._given["node"]))
        for obj in self._given["objects"]:
            bench.cluster.create(complete(obj))
        for pod in bench.pods():
            bench.kubelet.run_and_make_ready(pod)
        bench.engine.run_for(BEFORE_SECONDS)
        start = bench.engine.now
        self._happen(event.removesuffix(" at t=0"))
        return self._samples(start)

    def _happen(self, event: str) -> None:
        pressure = next((p for p in _PRESSURES if p in event), None)
        if pressure is not None:
            self._post(pressure, "True", "KubeletHas" + pressure)
        elif event == "NotReady":
            self._post("Ready", "False", "KubeletNotReady")
        elif event == "cordon":
            self._change_spec({"unschedulable": True})
        elif event == "taint":
            self._change_spec({"taints": [{"key": "maintenance", "value": "x", "effect": "NoExecute"}]})
        elif re.search(r"stops renewing|silent", event):
            self._silent_since = self._bench.engine.now
        elif re.search(r"delet|remov", event):
            self._bench.cluster.delete("nodes", "", self._given["node"])
        else:
            raise UnplayableError(f"event: unknown {event!r}")

    def _recover(self) -> None:
        """The kubelet is back, and whatever it complained of is over."""
        self._silent_since = math.inf
        pressure = next((p for p in _PRESSURES if p in self._given["event"]), None)
        if pressure is not None:
            self._post(pressure, "False", f"KubeletHasNo{pressure}")
        elif self._given["event"].startswith("cordon"):
            self._change_spec({"unschedulable": False})
        elif self._given["event"].startswith("taint"):
            self._change_spec({"taints": []})
        else:
            self._post("Ready", "True", "KubeletReady")

    def _change_spec(self, change: Obj) -> None:
        self._bench.cluster.modify("nodes", "", self._given["node"], lambda n: {**n, "spec": {**n["spec"], **change}})

    def _post(self, kind: str, truth: str, reason: str) -> None:
        """What the kubelet would post: a condition and the time of it."""
        live, now = self._bench.cluster.get("nodes", "", self._given["node"]), self._bench.cluster.now
        status: Status = "True" if truth == "True" else "False"
        beat = rfc3339(now)
        listed = with_condition(live["status"]["conditions"], kind, status, now, reason=reason, lastHeartbeatTime=beat)
        self._bench.cluster.set_status(live, {**live["status"], "conditions": listed})

    def _samples(self, start: float) -> list[Obj]:
        states: list[Obj] = []
        recovers = self._given["recoversAt"]
        for i in range(int(WATCHED_SECONDS / SAMPLE_SECONDS)):
            if recovers is not None and i == round(recovers / SAMPLE_SECONDS):
                self._recover()
            state = self._state()
            if not states or {**states[-1], "t": 0} != {**state, "t": 0}:
                states.append({**state, "t": round(self._bench.engine.now - start, 3)})
            self._bench.engine.run_for(SAMPLE_SECONDS)
        return states

    def _state(self) -> Obj:
        pods = {pod["metadata"]["name"]: _pod_state(pod) for pod in self._bench.pods()}
        live = self._bench.cluster.find("nodes", "", self._given["node"])
        if live is None:
            return {"t": 0.0, "node": None, "pods": pods}
        ready = condition(live, "Ready") or {}
        taints = sorted(map(_taint_text, live["spec"].get("taints") or ()))
        return {"t": 0.0, "node": {"ready": [ready["status"], ready["reason"]], "taints": taints}, "pods": pods}


def _taint_text(taint: Obj) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def _pod_state(pod: Obj) -> Obj:
    listed: Sequence[Obj] = pod["status"].get("conditions") or ()
    shown = [[c["type"], c["reason"], c["message"]] for c in listed if c["type"] == "DisruptionTarget"]
    return {"ready": is_pod_ready(pod), "deleting": "deletionTimestamp" in pod["metadata"], "conditions": shown}
