"""Plays the recorded CronJobs: what Jobs there are, and when, in the first three minutes."""

from __future__ import annotations

from wavetank.kube.conditions import is_true
from wavetank.kube.types import Obj

from .bench import Bench, PodScript
from .given import NAMESPACE, Case, complete, require_exactly

#: When in its first minute a CronJob was made, and how long it was watched.
CREATED_SECONDS, WATCHED_SECONDS = 45.0, 190.0

_USUAL_SECONDS = (("start", 0.3), ("ready", 0.3), ("stop", 0.2))


class CronReplay:
    """One case."""

    def __init__(self, case: Case) -> None:
        self._given = case["given"]
        require_exactly("given", self._given, {"object", "podRunsForSeconds", "t0"})
        self._cron = complete(self._given["object"])
        self._bench = Bench(_script(self._cron, float(self._given["podRunsForSeconds"])))
        self._first_minute = int(self._bench.engine.epoch.timestamp()) // 60
        self._changes: list[Obj] = []

    def observed(self) -> Obj:
        bench = self._bench
        bench.engine.run_until(CREATED_SECONDS)
        bench.cluster.create(self._cron)
        while bench.engine.now < WATCHED_SECONDS:
            self._look()
            bench.engine.run_for(0.1)
        about = [e for e in bench.cluster.list("events") if e["involvedObject"]["kind"] == "CronJob"]
        reasons = sorted({(e["type"], e["reason"]) for e in about})
        return {"changes": self._changes, "events": [list(pair) for pair in reasons]}

    def _look(self) -> None:
        live = self._bench.cluster.get("cronjobs.batch", NAMESPACE, self._cron["metadata"]["name"])
        jobs = [j for j in self._bench.cluster.list("jobs.batch") if not j["metadata"].get("deletionTimestamp")]
        state = {
            "active": len((live.get("status") or {}).get("active") or ()),
            "jobs": sorted([self._number(job), _state(job)] for job in jobs),
        }
        if not self._changes or {k: self._changes[-1][k] for k in state} != state:
            self._changes.append({"t": round(self._bench.engine.now, 1), **state})

    def _number(self, job: Obj) -> int:
        return int(job["metadata"]["name"].rpartition("-")[2]) - self._first_minute


def _state(job: Obj) -> str:
    return next((kind for kind in ("Complete", "Failed") if is_true(job, kind)), "Running")


def _script(cron: Obj, runs_seconds: float) -> PodScript:
    """How the pods behave: as annotations of the template told the recorder."""
    template = cron["spec"]["jobTemplate"]["spec"]["template"]
    notes = (template.get("metadata") or {}).get("annotations") or {}
    start, ready, stop = (float(notes.get(f"sim/{name}", default)) for name, default in _USUAL_SECONDS)
    code = int(notes.get("sim/exit", 0))
    return PodScript(start=start, ready=ready, stop=stop, complete=runs_seconds, exit_code=code)
