"""Plays the recorded rollouts step by step, as the recorder did, and tells what our controllers made of them."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from wavetank.kube.conditions import is_pod_ready
from wavetank.kube.patch import merge_patch
from wavetank.kube.types import Obj

from .bench import Bench, PodScript
from .given import NAMESPACE, Case, complete, require_exactly, require_known, require_value

KEYS = {"Deployment": "deployments.apps", "StatefulSet": "statefulsets.apps", "DaemonSet": "daemonsets.apps"}
#: Of an action, what says how to go on after it.
_MANNER = {"steps", "mode", "settle"}
_VERBS = {"update", "scale", "pause", "partition", "delete", "unready"}
ONE_BY_ONE, ALL_AT_ONCE, NONE = "one pod at a time", "all pods at once", "no pod"
_DEPLOYMENT_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")


def version_of(obj: Obj) -> str:
    return str((obj["metadata"].get("labels") or {}).get("v", ""))


class RolloutReplay:
    """One Deployment, StatefulSet or DaemonSet."""

    def __init__(self, case: Case) -> None:
        self._given = case["given"]
        check(self._given, _VERBS | _MANNER)
        self._object = complete(self._given["object"])
        self._kind, self._name = self._object["kind"], self._object["metadata"]["name"]
        self._key = KEYS[self._kind]
        self._bench = Bench(PodScript(start=None), nodes=self._given["nodes"])
        self._records: list[Obj] = []
        self._quiet = float(self._object["spec"].get("minReadySeconds") or 0) + 1.0

    def observed(self) -> list[Obj]:
        self._bench.engine.run_for(10)
        self._bench.cluster.create(self._object)
        self._settle()
        self._make_ready(self._given["initiallyReady"])
        self._record("initial")
        for action in self._given["actions"]:
            self._act(action)
        return self._records

    def _make_ready(self, manner: str) -> None:
        if manner == ONE_BY_ONE:
            self._record("created")
        while manner != NONE and self._step("one" if manner == ONE_BY_ONE else "all"):
            if manner == ONE_BY_ONE:
                self._record("one pod ready")

    def _settle(self) -> None:
        self._bench.settle(self._quiet)

    def _act(self, action: Obj) -> None:
        done = {k: v for k, v in action.items() if k not in _MANNER}
        for verb, value in done.items():
            self._do(verb, value)
        self._settle()
        if action.get("settle"):
            self._take_steps(action)
            self._record(json.dumps(done))
            self._bench.engine.run_for(action["settle"])
            self._record("progress deadline passed")
        else:
            self._record(json.dumps(done))
            self._take_steps(action)

    def _take_steps(self, action: Obj) -> None:
        for _ in range(action.get("steps", 0)):
            count = self._step(action.get("mode", "one"))
            if not count:
                return
            self._record(f"{count} pod(s) ready")

    def _do(self, verb: str, value: Any) -> None:
        match verb:
            case "update":
                self._change_template(str(value))
            case "scale":
                self._change_spec(replicas=value)
            case "pause":
                self._change_spec(paused=value)
            case "partition":
                self._change_spec(updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": value}})
            case "delete":
                self._bench.cluster.delete("pods", NAMESPACE, value)
            case "unready":
                for pod in sorted(self._bench.pods(), key=lambda p: str(p["metadata"]["name"]))[:value]:
                    self._bench.kubelet.make_ready(pod, "False")
            case _:
                raise AssertionError(f"no recorded action is called {verb}")

    def _change_spec(self, **fields: Any) -> None:
        self._bench.cluster.modify(
            self._key, NAMESPACE, self._name, lambda live: {**live, "spec": merge_patch(live["spec"], fields)}
        )

    def _change_template(self, version: str) -> None:
        live = self._bench.cluster.get(self._key, NAMESPACE, self._name)
        template = live["spec"]["template"]
        labels = {**template["metadata"]["labels"], "v": version}
        first = template["spec"]["containers"][0]
        image = f"{first['image'].rpartition(':')[0]}:{version}"
        spec = {**template["spec"], "containers": [{**first, "image": image}]}
        self._change_spec(template={"metadata": {**template["metadata"], "labels": labels}, "spec": spec})

    def _step(self, mode: str) -> int:
        """Make the next pod ready, or all; how many."""
        waiting = sorted(self._bench.unready(), key=self._turn)
        chosen = waiting if mode == "all" else waiting[:1]
        for pod in chosen:
            self._bench.kubelet.run_and_make_ready(pod)
        if chosen:
            self._settle()
        return len(chosen)

    def _turn(self, pod: Obj) -> tuple[Any, ...]:
        name = pod["metadata"]["name"]
        if self._kind == "StatefulSet":
            return (int(name.rpartition("-")[2]),)
        newest_first = -int(version_of(pod) or 0)
        return (newest_first, pod["spec"].get("nodeName", "") if self._kind == "DaemonSet" else name)

    # --- recording ---------------------------------------------------------------------------------------------

    def _record(self, after: str) -> None:
        live = self._bench.cluster.get(self._key, NAMESPACE, self._name)
        state = {"Deployment": self._deployment, "StatefulSet": self._stateful_set, "DaemonSet": self._daemon_set}
        self._records.append({"after": after, **state[self._kind](live)})

    def _deployment(self, live: Obj) -> Obj:
        status = live["status"]
        sets = self._bench.cluster.list("replicasets.apps", NAMESPACE)
        return {
            "replicaSets": {version_of(rs): _set_counts(rs) for rs in sets},
            "status": {field: status.get(field, 0) for field in _DEPLOYMENT_COUNTS},
            "conditions": [
                [c["type"], c["status"], c.get("reason"), c.get("message")] for c in status.get("conditions", [])
            ],
        }

    def _pods(self) -> list[list[Any]]:
        """[name, node, version, phase, ready] of every pod."""
        return [
            [p["metadata"]["name"], p["spec"].get("nodeName"), version_of(p), p["status"]["phase"], is_pod_ready(p)]
            for p in sorted(self._bench.pods(), key=lambda p: str(p["metadata"]["name"]))
        ]

    def _stateful_set(self, live: Obj) -> Obj:
        status = live["status"]
        fields = ("replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas")
        pods = [[name, version, phase, ready] for name, _, version, phase, ready in self._pods()]
        return {"pods": pods, "status": {field: status[field] for field in fields if field in status}}

    def _daemon_set(self, live: Obj) -> Obj:
        status = live["status"]
        fields = (
            "desiredNumberScheduled",
            "numberMisscheduled",
            "currentNumberScheduled",
            "updatedNumberScheduled",
            "numberReady",
            "numberAvailable",
            "numberUnavailable",
        )
        pods = [[node, version, phase, ready] for _, node, version, phase, ready in self._pods()]
        return {"pods": pods, "status": {field: status[field] for field in fields if field in status}}


def check(given: Obj, actions: Collection[str]) -> None:
    """Everything that a stepped case says is known."""
    require_exactly("given", given, {"object", "initiallyReady", "actions", "nodes", "rule"})
    require_value("initiallyReady", given["initiallyReady"], (ONE_BY_ONE, ALL_AT_ONCE, NONE))
    for action in given["actions"]:
        require_known("actions", action, actions)
        require_value("actions.mode", action.get("mode", "one"), ("one", "all"))


def _set_counts(replica_set: Obj) -> Obj:
    status = replica_set.get("status") or {}
    return {
        "spec": replica_set["spec"]["replicas"],
        "replicas": status.get("replicas", 0),
        "ready": status.get("readyReplicas", 0),
        "available": status.get("availableReplicas", 0),
    }
