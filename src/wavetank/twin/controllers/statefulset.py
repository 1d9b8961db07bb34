"""The StatefulSet controller: numbered pods, one after the other unless they may come in parallel.

Upstream: ``pkg/controller/statefulset/stateful_set_control.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wavetank.kube import conditions
from wavetank.kube.errors import ApiError
from wavetank.kube.pod_phase import is_terminal, is_terminating, phase
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj

from . import revisions
from .base import Controller, Key
from .informer import address
from .ownership import claimed
from .pod_control import slow_start_batches
from .revisions import History, hash_of
from .stateful_claims import owned
from .stateful_pods import (
    claim_names,
    claims_for,
    is_available,
    is_healthy,
    ordinal_of,
    pod_name,
    replicas_of,
    start_of,
    stateful_pod,
)

RESOURCE = "statefulsets.apps"


@dataclass(frozen=True)
class Pass:
    """One pass over one set: its revisions, and its pods by ordinal."""

    stateful_set: Obj
    history: History
    current_revision: str
    pods: dict[int, Obj]

    @property
    def update_revision(self) -> str:
        return str(self.history.current["metadata"]["name"])

    @property
    def ordinals(self) -> range:
        start = start_of(self.stateful_set)
        return range(start, start + replicas_of(self.stateful_set))

    @property
    def condemned(self) -> list[Obj]:
        """Pods beyond the wanted ones, highest first."""
        outside = [o for o in self.pods if o >= 0 and o not in self.ordinals]
        return [self.pods[o] for o in sorted(outside, reverse=True)]

    @property
    def in_order(self) -> bool:
        return bool(self.stateful_set["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady")

    @property
    def min_ready_seconds(self) -> int:
        return int(self.stateful_set["spec"].get("minReadySeconds") or 0)

    @property
    def partition(self) -> int:
        strategy = self.stateful_set["spec"].get("updateStrategy") or {}
        return int((strategy.get("rollingUpdate") or {}).get("partition") or 0)

    def revision_of(self, ordinal: int) -> str:
        """The revision that a new pod of this ordinal is made of."""
        kept = ordinal < start_of(self.stateful_set) + self.partition
        return self.current_revision if kept else self.update_revision

    def template_of(self, revision: str) -> Obj:
        for known in self.history.old:
            if known["metadata"]["name"] == revision:
                template: Obj = {k: v for k, v in known["data"]["spec"]["template"].items() if k != "$patch"}
                return template
        own: Obj = self.stateful_set["spec"]["template"]
        return own


class StatefulSetController(Controller):
    name = "statefulset-controller"

    def watch(self) -> None:
        self.on(RESOURCE, self.itself)
        self.on("pods", self.owner_of_kind("StatefulSet"))

    def reconcile(self, key: Key) -> None:
        stateful_set = self.cluster.find(RESOURCE, *key)
        if stateful_set is None or stateful_set["metadata"].get("deletionTimestamp"):
            return
        selector = LabelSelector.from_object(stateful_set["spec"].get("selector"))
        found = claimed(self.cluster, self.informer, "pods", stateful_set, selector)
        history = revisions.history_of(self, stateful_set)
        stateful_set = self.cluster.get(RESOURCE, *key)
        current = (stateful_set.get("status") or {}).get("currentRevision") or history.current["metadata"]["name"]
        now = Pass(stateful_set, history, current, {ordinal_of(pod): pod for pod in found})
        failure = self._advance(now)
        fresh = {ordinal_of(p): p for p in claimed(self.cluster, self.informer, "pods", stateful_set, selector)}
        after = Pass(stateful_set, history, current, fresh)
        self._write(after)
        hashes = {hash_of(pod) for pod in fresh.values()} | {current, after.update_revision}
        revisions.clean_up(self, stateful_set, history, _hash_labels(history, hashes))
        self._look_again_when_available(key, after)
        if failure is not None:
            raise failure

    def _advance(self, now: Pass) -> ApiError | None:
        """One step: make what is missing, then remove what is too much, then update what is old."""
        try:
            self._set_claim_owners(now)
            if self._fill(now) or self._condemn(now):
                return None
            self._update(now)
        except ApiError as error:
            return error
        return None

    # --- making pods -------------------------------------------------------------------------------------------

    def _fill(self, now: Pass) -> bool:
        """Whether the pass ends here: something was done, or an earlier pod is not yet as it should be."""
        if not now.in_order:
            return self._fill_in_parallel(now)
        for ordinal in now.ordinals:
            pod = now.pods.get(ordinal)
            if pod is None:
                self._create(now, ordinal)
                return True
            if is_terminal(pod):
                self._delete(now, pod)
                return True
            if not is_healthy(pod) or not is_available(pod, now.min_ready_seconds, self.now):
                return True
        return False

    def _fill_in_parallel(self, now: Pass) -> bool:
        ended = [pod for o in now.ordinals if (pod := now.pods.get(o)) is not None and is_terminal(pod)]
        for pod in ended:
            self._delete(now, pod)
        missing = [o for o in now.ordinals if o not in now.pods]
        done = 0
        for batch in slow_start_batches(len(missing)):
            for ordinal in missing[done : done + batch]:
                self._create(now, ordinal)
            done += batch
        return bool(ended)

    def _create(self, now: Pass, ordinal: int) -> None:
        stateful_set, name = now.stateful_set, pod_name(now.stateful_set, ordinal)
        for claim in claims_for(stateful_set, ordinal):
            self._create_claim(stateful_set, claim, name)
        revision = now.revision_of(ordinal)
        pod = stateful_pod(stateful_set, now.template_of(revision), ordinal, revision)
        set_name = stateful_set["metadata"]["name"]
        try:
            self.cluster.create(pod, manager="kube-controller-manager")
        except ApiError as error:
            text = f"Create Pod {name} in StatefulSet {set_name} failed error: {error.message}"
            self.event(stateful_set, "Warning", "FailedCreate", text)
            raise
        self.event(
            stateful_set, "Normal", "SuccessfulCreate", f"Create Pod {name} in StatefulSet {set_name} successful"
        )

    def _create_claim(self, stateful_set: Obj, claim: Obj, name: str) -> None:
        if self.cluster.find("persistentvolumeclaims", *address(claim)) is not None:
            return
        self.cluster.create(claim, manager="kube-controller-manager")
        set_name, claim_name = stateful_set["metadata"]["name"], claim["metadata"]["name"]
        text = f"Create Claim {claim_name} Pod {name} in StatefulSet {set_name} success"
        self.event(stateful_set, "Normal", "SuccessfulCreate", text)

    def _set_claim_owners(self, now: Pass) -> None:
        """Before a pod goes, its claims have to know whether they go with it."""
        for ordinal, pod in now.pods.items():
            for name in claim_names(now.stateful_set, ordinal).values():
                claim = self.cluster.find("persistentvolumeclaims", pod["metadata"]["namespace"], name)
                if claim is None:
                    continue
                wanted = owned(claim, now.stateful_set, pod, condemned=ordinal not in now.ordinals)
                if wanted is not claim:
                    self.cluster.update(wanted)

    # --- removing pods -----------------------------------------------------------------------------------------

    def _condemn(self, now: Pass) -> bool:
        """Remove what is beyond the wanted size, highest first; in order, one at a time and only above healthy pods.

        Whether the pass ends here: in order it waits for each pod, and in any case nothing is updated beside a removal.
        """
        removed = False
        for pod in now.condemned:
            if now.in_order and is_terminating(pod):
                return True
            unhealthy = self._first_unhealthy(now)
            idle = not is_available(pod, now.min_ready_seconds, self.now)
            if now.in_order and idle and unhealthy is not pod:
                return True
            if not is_terminating(pod):
                self._delete(now, pod)
                removed = True
                if now.in_order:
                    return True
        return removed

    @staticmethod
    def _first_unhealthy(now: Pass) -> Obj | None:
        return next((now.pods[o] for o in sorted(now.pods) if not is_healthy(now.pods[o])), None)

    def _update(self, now: Pass) -> None:
        """Delete the highest pod of an old revision, unless one that was visited is not available yet."""
        strategy = now.stateful_set["spec"].get("updateStrategy") or {}
        if strategy.get("type", "RollingUpdate") == "OnDelete":
            return
        for ordinal in reversed(now.ordinals):
            pod = now.pods.get(ordinal)
            if ordinal < start_of(now.stateful_set) + now.partition or pod is None:
                return
            if hash_of(pod) != now.update_revision and not is_terminating(pod):
                self._delete(now, pod)
                return
            if not is_healthy(pod) or not is_available(pod, now.min_ready_seconds, self.now):
                return

    def _delete(self, now: Pass, pod: Obj) -> None:
        if is_terminating(pod):
            return
        name, set_name = pod["metadata"]["name"], now.stateful_set["metadata"]["name"]
        if self.deleted("pods", address(pod)):
            text = f"Delete Pod {name} in StatefulSet {set_name} successful"
            self.event(now.stateful_set, "Normal", "SuccessfulDelete", text)

    # --- status ------------------------------------------------------------------------------------------------

    def _write(self, now: Pass) -> None:
        self.write_status(now.stateful_set, status_of(now, self._available(now)))

    def _available(self, now: Pass) -> int:
        return sum(is_available(pod, now.min_ready_seconds, self.now) for pod in now.pods.values())

    def _look_again_when_available(self, key: Key, now: Pass) -> None:
        if not now.min_ready_seconds:
            return
        waits = (conditions.seconds_until_available(p, now.min_ready_seconds, self.now) for p in now.pods.values())
        pending = [wait for wait in waits if wait is not None and wait > 0]
        if pending:
            self.enqueue(key, min(pending))


def _hash_labels(history: History, names: set[str]) -> set[str]:
    """The hashes of the revisions of these names: pods of a StatefulSet carry the name of theirs."""
    known = (history.current, *history.old)
    return {hash_of(revision) for revision in known if revision["metadata"]["name"] in names}


def status_of(now: Pass, available: int) -> Obj:
    """Counts by revision; a rolling update makes its revision the current one when all pods are of it and ready.

    With OnDelete the current revision never moves (``completeRollingUpdate`` acts on RollingUpdate alone).
    """
    old = now.stateful_set.get("status") or {}
    pods, update, current = list(now.pods.values()), now.update_revision, now.current_revision
    # A pod that is going counts for as long as it is ready.
    ready = sum(phase(pod) == "Running" and conditions.is_pod_ready(pod) for pod in pods)
    counts = {
        "readyReplicas": ready,
        "currentReplicas": _of(pods, current),
        "updatedReplicas": _of(pods, update),
    }
    rolling = (now.stateful_set["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate"
    complete = rolling and counts["updatedReplicas"] == ready == len(pods) == replicas_of(now.stateful_set)
    if complete:
        current, counts["currentReplicas"] = update, counts["updatedReplicas"]
    status: Obj = {"observedGeneration": now.stateful_set["metadata"].get("generation", 1), "replicas": len(pods)}
    status |= {name: count for name, count in counts.items() if count}
    status |= {"currentRevision": current, "updateRevision": update, "availableReplicas": available}
    status["collisionCount"] = old.get("collisionCount") or 0
    return status


def _of(pods: Sequence[Obj], revision: str) -> int:
    return sum(1 for pod in pods if hash_of(pod) == revision and not is_terminating(pod))
