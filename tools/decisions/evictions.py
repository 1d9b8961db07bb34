"""Plays the recorded evictions: what the eviction API answers, and what the budget shows after each answer."""

from __future__ import annotations

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj

from .bench import Bench, PodScript
from .given import NAMESPACE, Case, complete, require_exactly, require_value

BUDGETS = "poddisruptionbudgets.policy"
BUDGET_NUMBERS = ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods")
#: The recorder did not go on after that many.
EVICTIONS_PER_CASE = 4
_QUIET_SECONDS = 0.2
_STOP_SECONDS = 0.05
_READY_AGAIN = "are ready before the next eviction"
_GIVEN = {"objects", "notReadyPods", "evictions", "evictedPodsKeepTerminating", "replacementPods"}


class EvictionReplay:
    """One case: evict all pods of the beginning one after another, the ready ones first."""

    def __init__(self, case: Case) -> None:
        self._given = case["given"]
        _check(self._given)
        stop = None if self._given["evictedPodsKeepTerminating"] else _STOP_SECONDS
        self._bench = Bench(PodScript(start=None, stop=stop))
        budget = next(o for o in self._given["objects"] if o["kind"] == "PodDisruptionBudget")
        self._budget = budget["metadata"]["name"]

    def observed(self) -> list[Obj]:
        pods = self._ready_pods()
        ready = len(pods) - self._given["notReadyPods"]
        answers: list[Obj] = [{"pdb": self._numbers()}]
        for i, name in enumerate(pods[:EVICTIONS_PER_CASE]):
            answer = self._evicted(name)
            self._settle()
            if self._given["replacementPods"] == _READY_AGAIN:
                self._make_replacements_ready()
            kind = "ready" if i < ready else "not ready"
            answers.append({"evict": f"pod #{i} ({kind})", "answer": answer, "pdb": self._numbers()})
        return answers

    def _settle(self) -> None:
        self._bench.settle(_QUIET_SECONDS)

    def _ready_pods(self) -> list[str]:
        """The names of the pods of the beginning, all of them ready but the last ``notReadyPods``."""
        for obj in self._given["objects"]:
            self._bench.cluster.create(complete(obj))
        self._settle()
        self._make_replacements_ready()
        pods = self._bench.pods()
        for pod in pods[len(pods) - self._given["notReadyPods"] :]:
            self._bench.kubelet.make_ready(pod, "False")
        self._settle()
        return [pod["metadata"]["name"] for pod in pods]

    def _make_replacements_ready(self) -> None:
        for pod in self._bench.unready():
            self._bench.kubelet.run_and_make_ready(pod)
        self._settle()

    def _evicted(self, name: str) -> Obj:
        try:
            self._bench.cluster.evict(NAMESPACE, name)
        except ApiError as error:
            causes = [{"reason": cause.reason, "message": cause.message} for cause in error.causes]
            return {"code": error.code, "reason": error.reason, "message": error.message, "causes": causes}
        return {"code": 201, "reason": None, "message": "", "causes": None}

    def _numbers(self) -> Obj:
        status = self._bench.cluster.get(BUDGETS, NAMESPACE, self._budget)["status"]
        listed = [[c["type"], c["status"], c["reason"]] for c in status.get("conditions") or ()]
        numbers = {name: status[name] for name in BUDGET_NUMBERS}
        return {**numbers, "conditions": listed, "disruptedPods": len(status.get("disruptedPods") or ())}


def _check(given: Obj) -> None:
    require_exactly("given", given, _GIVEN)
    require_value("evictions", given["evictions"], ("ready pods first, then the not ready ones",))
    require_value("evictedPodsKeepTerminating", given["evictedPodsKeepTerminating"], (True, False))
    require_value("replacementPods", given["replacementPods"], ("never become ready", _READY_AGAIN))
