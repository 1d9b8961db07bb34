"""The disruption controller: how many pods each PodDisruptionBudget lets go now, and evictions that led to nothing.

The eviction API charges the budgets (``twin.cluster.eviction``); this loop confirms and refills them.
Upstream: ``pkg/controller/disruption/disruption.go``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from wavetank.kube.conditions import condition, with_condition
from wavetank.kube.errors import ApiError
from wavetank.kube.pod_phase import is_terminating
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.times import parse
from wavetank.kube.types import Obj
from wavetank.twin.cluster import scale

from .base import LONG_AGO, Controller, Key
from .disruption_counts import (
    CONFIRMATION,
    Counts,
    desired_healthy,
    failed_status,
    healthy,
    needs_scale,
    status_of,
    still_disrupted,
)
from .informer import address, controller_of

BUDGETS = "poddisruptionbudgets.policy"
_CONTROLLERS = ("replicasets.apps", "deployments.apps", "statefulsets.apps", "replicationcontrollers")
#: A DisruptionTarget condition of a pod that was not deleted is taken back after this time.
STALE = timedelta(minutes=2)


class UncountableError(Exception):
    """What a pod's controller wants cannot be told; the text is upstream's."""


class DisruptionController(Controller):
    name = "controllermanager"

    def watch(self) -> None:
        self.on(BUDGETS, self.itself, relevant=_spec)
        self.on("pods", self._budgets_of)
        for resource_key in _CONTROLLERS:
            self.on(resource_key, self._budgets_in_namespace, relevant=_spec)

    def _budgets_of(self, pod: Obj) -> Iterable[Key]:
        labels = pod["metadata"].get("labels")
        budgets = self.informer.in_namespace(BUDGETS)[pod["metadata"].get("namespace", "")]
        return [address(budget) for budget in budgets if _selector(budget).matches(labels)]

    def _budgets_in_namespace(self, obj: Obj) -> Iterable[Key]:
        return [address(b) for b in self.informer.in_namespace(BUDGETS)[obj["metadata"].get("namespace", "")]]

    def reconcile(self, key: Key) -> None:
        budget = self.cluster.find(BUDGETS, *key)
        if budget is None:
            return
        selector, in_namespace = _selector(budget), self.informer.in_namespace("pods")[key[0]]
        pods = [pod for pod in in_namespace if selector.matches(pod["metadata"].get("labels"))]
        if not pods:
            self.event(budget, "Normal", "NoPods", "No matching pods found")
        try:
            expected = self._expected(budget, pods)
        except UncountableError as error:
            text = f"Failed to calculate the number of expected pods: {error}"
            self.event(budget, "Warning", "CalculateExpectedPodCountFailed", text)
            self.write_status(budget, failed_status(budget, str(error), self.now))
            return
        disrupted = self._unconfirmed(budget, pods)
        counts = Counts(expected, desired_healthy(budget["spec"], expected), healthy(pods, disrupted))
        if not needs_scale(budget["spec"]):
            counts = Counts(expected, int(budget["spec"].get("minAvailable", 0)), counts.current_healthy)
        self.write_status(budget, status_of(budget, counts, disrupted, self.now))

    def _unconfirmed(self, budget: Obj, pods: Sequence[Obj]) -> dict[str, str]:
        """Evictions under way; the budget is looked at again when the first of them times out."""
        listed: dict[str, str] = (budget.get("status") or {}).get("disruptedPods") or {}
        left = still_disrupted(listed, pods, self.now)
        for pod in pods:
            name = pod["metadata"]["name"]
            if name in listed and name not in left and not is_terminating(pod):
                place = "/".join(address(budget))
                text = f"Pod was expected by PDB {place} to be deleted but it wasn't"
                self.event(pod, "Warning", "NotDeleted", text)
        if left:
            due = min(parse(at) for at in left.values()) + CONFIRMATION
            self.enqueue(address(budget), max((due - self.now).total_seconds(), 0) + 1)
        return left

    # --- how many pods there should be ------------------------------------------------------------------------------

    def _expected(self, budget: Obj, pods: Sequence[Obj]) -> int:
        """``getExpectedPodCount``."""
        if not needs_scale(budget["spec"]):
            return len(pods)
        scales: dict[str, int] = {}
        unmanaged = False
        for pod in pods:
            owner = controller_of(pod)
            if owner is None:
                unmanaged = True
            elif owner["uid"] not in scales:
                uid, replicas = self._scale(pod, owner)
                # A Deployment is found through each of its ReplicaSets and counts once.
                scales |= {owner["uid"]: 0, uid: replicas}
        if unmanaged:
            self._warn_of_unmanaged(budget)
        return sum(scales.values())

    def _scale(self, pod: Obj, owner: Obj) -> tuple[str, int]:
        """The uid and the wanted replicas of what scales a pod: its owner, or the Deployment above its ReplicaSet."""
        namespace = pod["metadata"]["namespace"]
        found = self._owner(namespace, owner)
        above = controller_of(found) if found is not None and owner["kind"] == "ReplicaSet" else None
        if above is not None and above["kind"] == "Deployment":
            owner, found = above, self._owner(namespace, above)
        if found is None:
            raise UncountableError(f'found no controllers for pod "{pod["metadata"]["name"]}"')
        resource = self.cluster.resource_of(found)
        if not scale.is_scalable(resource):
            place = f"{namespace}/{owner['name']}"
            raise UncountableError(f"{resource.key} {place} does not implement the scale subresource")
        wanted = self.cluster.scale_of(resource.key, namespace, owner["name"])["spec"].get("replicas", 0)
        return str(found["metadata"]["uid"]), int(wanted)

    def _owner(self, namespace: str, reference: Obj) -> Obj | None:
        try:
            key = self.cluster.resource_of(reference).key
        except ApiError:
            return None
        found = self.cluster.find(key, namespace, reference["name"])
        return found if found is not None and found["metadata"]["uid"] == reference["uid"] else None

    def _warn_of_unmanaged(self, budget: Obj) -> None:
        text = (
            f"Pods selected by this PodDisruptionBudget (selector: {_selector(budget)}) were found to be unmanaged. As a "
            "result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To "
            'account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
        )
        self.event(budget, "Warning", "UnmanagedPods", text)


class StaleDisruptionController(Controller):
    """Takes back the DisruptionTarget of pods that were not deleted after all (``syncStalePodDisruption``)."""

    name = "stale-pod-disruption"

    def watch(self) -> None:
        self.on("pods", self._if_targeted)

    def _if_targeted(self, pod: Obj) -> Iterable[Key]:
        return (address(pod),) if _targeted_since(pod) is not None else ()

    def reconcile(self, key: Key) -> None:
        pod = self.cluster.find("pods", *key)
        since = _targeted_since(pod) if pod is not None else None
        if pod is None or since is None:
            return
        left_seconds = (parse(since) + STALE - self.now).total_seconds()
        if left_seconds > 0:
            self.enqueue(key, left_seconds)
            return
        status = pod.get("status") or {}
        conditions = with_condition(status.get("conditions"), "DisruptionTarget", "False", self.now)
        self.write_status(pod, {**status, "conditions": conditions})


def _targeted_since(pod: Obj) -> str | None:
    """Since when a pod that is not on its way out is marked as about to be disrupted."""
    marked = condition(pod, "DisruptionTarget")
    if marked is None or marked.get("status") != "True" or is_terminating(pod):
        return None
    return str(marked.get("lastTransitionTime") or LONG_AGO)


def _selector(budget: Obj) -> LabelSelector:
    return LabelSelector.from_object((budget.get("spec") or {}).get("selector"))


def _spec(obj: Obj) -> object:
    return obj.get("spec")
