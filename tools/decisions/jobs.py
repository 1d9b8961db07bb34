"""Plays the recorded Jobs: pods run and end as the recording says, one at a time."""

from __future__ import annotations

from typing import Any

from wavetank.kube.types import Obj
from wavetank.twin.controllers.job_indexes import INDEX_NOTE

from .bench import Bench, PodScript
from .given import NAMESPACE, Case, complete
from .rollouts import check

JOBS = "jobs.batch"
#: Counters that the recordings leave out.
_NOT_RECORDED = {"startTime", "completionTime", "conditions", "uncountedTerminatedPods"}
QUIET_SECONDS = 1.2


class JobReplay:
    """One case."""

    def __init__(self, case: Case) -> None:
        self._given = case["given"]
        check(self._given, {"ends", "wait"})
        self._job = complete(self._given["object"])
        self._bench = Bench(PodScript(start=None), nodes=self._given["nodes"])
        self._records: list[Obj] = []

    def observed(self) -> list[Obj]:
        self._bench.cluster.create(self._job)
        self._bench.engine.run_for(QUIET_SECONDS)
        self._record("initial")
        self._start_pods()
        self._record("all pods running")
        for action in self._given["actions"]:
            for code in action["ends"]:
                if not self._running():
                    break
                self._end_one(code, action.get("wait"))
            if not action["ends"]:
                self._bench.engine.run_for(action.get("wait") or 0)
                self._record("waited")
        return self._records

    def _start_pods(self) -> bool:
        waiting = [p for p in self._bench.unready() if p["status"]["phase"] == "Pending"]
        for pod in waiting:
            self._bench.kubelet.run_and_make_ready(pod)
        self._bench.engine.run_for(QUIET_SECONDS)
        return bool(waiting)

    def _end_one(self, code: int, wait: float | None) -> None:
        words = f"first running pod (by index, then age) ended with exit code {code}"
        ended_at = self._bench.engine.now
        self._bench.kubelet.finish(self._running()[0], code)
        self._bench.engine.run_for(QUIET_SECONDS)
        if code and wait is not None:
            self._record(words)
            self._records.append({"after": "retry delay", "seconds": self._wait_for_pod(ended_at, wait)})
        self._start_pods()
        self._record(f"{words}; new pods running")

    def _running(self) -> list[Obj]:
        """By index, then by age."""
        running = [p for p in self._bench.pods() if p["status"]["phase"] == "Running"]
        return sorted(running, key=lambda p: int((p["metadata"].get("annotations") or {}).get(INDEX_NOTE, 0)))

    def _wait_for_pod(self, since: float, most_seconds: float) -> float:
        """How long until a pod is made, counted from the end of the last."""
        engine = self._bench.engine
        while engine.now < since + most_seconds and not self._bench.unready():
            engine.run_for(0.1)
        return round(engine.now - since, 1)

    def _record(self, after: str) -> None:
        live = self._bench.cluster.find(JOBS, NAMESPACE, self._job["metadata"]["name"]) or {}
        status = live.get("status") or {}
        pods = sorted([self._index(p), p["status"]["phase"]] for p in self._bench.pods())
        listed = [
            [c["type"], c["status"], c.get("reason"), self._masked(c.get("message"))]
            for c in status.get("conditions", [])
        ]
        counts = {k: v for k, v in status.items() if k not in _NOT_RECORDED}
        self._records.append({"after": after, "pods": pods, "status": counts, "conditions": sorted(listed)})

    def _index(self, pod: Obj) -> str:
        return str((pod["metadata"].get("annotations") or {}).get(INDEX_NOTE, "-"))

    def _masked(self, text: Any) -> Any:
        for pod in self._bench.pods():
            text = str(text).replace(pod["metadata"]["name"], "POD")
        return text if text is None else str(text).replace(NAMESPACE, "NS")
