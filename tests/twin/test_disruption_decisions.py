"""Evictions are answered and silent nodes handled as Kubernetes 1.36.2 was recorded to do it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from controllers_kit import Bench, in_default, node
from decision_judge import Case, judge_disruption, recorded_cases

from wavetank.kube.conditions import condition, is_pod_ready, with_condition
from wavetank.kube.errors import ApiError
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.cluster.admission.default_toleration_seconds import DEFAULT_TOLERATION_SECONDS
from wavetank.twin.controllers import ControllerSettings, NodeLifecycleSettings

CASES = recorded_cases("disruption")
BUDGET_NUMBERS = ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods")
#: Long enough for everything that was recorded; nothing else happens before the default 300 s.
NODE_CASE_SECONDS = 20.0
SAMPLE_SECONDS = 0.1
RECORDED_ANSWERS_AND_TIMELINES = 125
#: The recorder did not go on after that many.
EVICTIONS_PER_CASE = 4


@pytest.mark.parametrize("case", CASES, ids=[str(case["name"]) for case in CASES])
def test_decides_as_recorded(case: Case) -> None:
    _, report = judge_disruption(case, observed(case))
    assert report.differences == []


def test_all_recorded_decisions_are_judged() -> None:
    assert sum(judge_disruption(case, case["observed"])[0] for case in CASES) == RECORDED_ANSWERS_AND_TIMELINES


def observed(case: Case) -> list[Obj]:
    return NodeReplay(case["given"]).record() if "node" in case["given"] else evictions(case["given"])


# --- evictions -------------------------------------------------------------------------------------------------------


def evictions(given: Obj) -> list[Obj]:
    """Evict all pods of the beginning one after another: the ready ones first."""
    bench = Bench(admission=[DEFAULT_TOLERATION_SECONDS])
    bench.cluster.create(node("n1"))
    for obj in given["objects"]:
        bench.cluster.create(in_default(obj))
    bench.settle()
    bench.bind_all("n1")
    bench.make_all_ready()
    pods = bench.cluster.list("pods", "default")
    first_unready = len(pods) - given["notReadyPods"]
    for pod in pods[first_unready:]:
        bench.make_ready(pod["metadata"]["name"], ready=False)
    bench.settle()
    answers: list[Obj] = [{"pdb": budget_numbers(bench)}]
    for i, pod in enumerate(pods[:EVICTIONS_PER_CASE]):
        answer = evicted(bench, pod["metadata"]["name"])
        bench.settle()
        if not given["evictedPodsKeepTerminating"]:
            replace_evicted(bench)
        kind = "ready" if i < first_unready else "not ready"
        answers.append({"evict": f"pod #{i} ({kind})", "answer": answer, "pdb": budget_numbers(bench)})
    return answers


def replace_evicted(bench: Bench) -> None:
    bench.finish_terminating()
    bench.settle()
    bench.bind_all("n1")
    bench.make_all_ready()
    bench.settle()


def evicted(bench: Bench, name: str) -> Obj:
    try:
        bench.cluster.evict("default", name)
    except ApiError as error:
        causes = [{"reason": cause.reason, "message": cause.message} for cause in error.causes]
        return {"code": error.code, "reason": error.reason, "message": error.message, "causes": causes}
    return {"code": 201, "reason": None, "message": "", "causes": None}


def budget_numbers(bench: Bench) -> Obj:
    status = bench.cluster.get("poddisruptionbudgets.policy", "default", "pdb")["status"]
    return {**{n: status[n] for n in BUDGET_NUMBERS}, "disruptedPods": len(status.get("disruptedPods") or ())}


# --- nodes -----------------------------------------------------------------------------------------------------------


class NodeReplay:
    """One node among healthy ones, what happens to it at t = 0, and what it does when it recovers."""

    def __init__(self, given: Obj) -> None:
        self._given, self._silent = given, False
        flags = given["settings"]
        settings = NodeLifecycleSettings(
            monitor_period_seconds=flags["nodeMonitorPeriodSeconds"],
            monitor_grace_seconds=flags["nodeMonitorGracePeriodSeconds"],
            eviction_rate=flags["nodeEvictionRate"],
        )
        self.bench = Bench(
            ControllerSettings(nodes=settings), admission=[DEFAULT_TOLERATION_SECONDS], heartbeats=self._beat
        )
        self._last_beat = 0.0

    def _beat(self, name: str) -> float:
        """Every node renews each second; the one in question stands still while it is silent."""
        now = self.bench.engine.now // float(self._given["settings"]["leaseRenewEverySeconds"])
        if name != self._given["node"]:
            return now
        self._last_beat = self._last_beat if self._silent else now
        return self._last_beat

    def record(self) -> list[Obj]:
        for i in range(self._given["settings"]["otherHealthyNodes"]):
            self.bench.cluster.create(node(f"healthy-{i}"))
        self.bench.cluster.create(node(self._given["node"]))
        for obj in self._given["objects"]:
            self.bench.cluster.create(in_default(obj))
        self.bench.make_all_ready()
        self.bench.settle(5)
        start = self.bench.engine.now
        self._happen(self._given["event"])
        return self._samples(start)

    def _happen(self, event: str) -> None:
        match event.removesuffix(" at t=0"):
            case "cordon":
                self._change_spec({"unschedulable": True})
            case "taint":
                self._change_spec({"taints": [{"key": "maintenance", "value": "x", "effect": "NoExecute"}]})
            case "DiskPressure":
                self._post("DiskPressure", ready=True)
            case "NotReady":
                self._post("Ready", ready=False)
            case _:
                self._silent = True

    def _change_spec(self, change: Obj) -> None:
        self.bench.cluster.modify("nodes", "", self._given["node"], lambda n: {**n, "spec": {**n["spec"], **change}})

    def _post(self, kind: str, *, ready: bool) -> None:
        """What the kubelet would post: a condition and the time of it."""
        live, now = self.bench.node(self._given["node"]), self.bench.cluster.now
        reason = "KubeletReady" if ready else "KubeletNotReady"
        truth = "True" if ready else "False"
        posted = with_condition(
            live["status"]["conditions"],
            kind,
            "True" if truth == "True" else "False",
            now,
            reason=reason,
            lastHeartbeatTime=rfc3339(now),
        )
        self.bench.cluster.set_status(live, {**live["status"], "conditions": posted})

    def _samples(self, start: float) -> list[Obj]:
        states: list[Obj] = []
        recovers = self._given["recoversAt"]
        for i in range(int(NODE_CASE_SECONDS / SAMPLE_SECONDS)):
            if recovers is not None and i == round(recovers / SAMPLE_SECONDS):
                self._silent = False
                self._post("Ready", ready=True)
            state = self._state()
            if not states or {**states[-1], "t": 0} != {**state, "t": 0}:
                states.append({**state, "t": round(self.bench.engine.now - start, 3)})
            self.bench.settle(SAMPLE_SECONDS)
        return states

    def _state(self) -> Obj:
        live = self.bench.node(self._given["node"])
        ready = condition(live, "Ready") or {}
        taints = sorted(map(taint_text, live["spec"].get("taints") or ()))
        pods = {pod["metadata"]["name"]: pod_state(pod) for pod in self.bench.pods()}
        return {"node": {"ready": [ready["status"], ready["reason"]], "taints": taints}, "pods": pods}


def taint_text(taint: Obj) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def pod_state(pod: Obj) -> Obj:
    listed: Sequence[Obj] = pod["status"].get("conditions") or ()
    shown = [[c["type"], c["reason"], c["message"]] for c in listed if c["type"] == "DisruptionTarget"]
    return {"ready": is_pod_ready(pod), "deleting": "deletionTimestamp" in pod["metadata"], "conditions": shown}
