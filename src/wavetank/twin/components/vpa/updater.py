"""The updater: every minute it evicts (or resizes in place) pods whose requests are far from the recommendation.

Upstream ``pkg/updater/logic/updater.go``, ``priority`` and ``restriction``. Evictions go through the eviction API, so that
disruption budgets hold; without a running admission controller nothing is evicted, since the new pod would be as the old.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wavetank.kube.errors import ApiError
from wavetank.kube.pod_phase import is_terminal, phase
from wavetank.kube.times import parse
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.controllers.informer import controller_of

from .changes import Priority, changed_resources, priority_of, recommendations_of
from .recommendation import amounts_of, policy_of
from .targets import KEY, TargetError, is_target, selector_of, top_of, update_mode

COMPONENT = "vpa-updater"
INTERVAL_SECONDS = 60.0
MIN_REPLICAS, EVICTION_TOLERANCE = 2, 0.5
#: A pod that is within its bounds changes only after this time, and only for this relative difference.
LONG_LIVED_SECONDS, LEAST_DIFFERENCE = 12 * 3600.0, 0.1
#: A kill for want of memory counts when the container had run for less than this.
QUICK_OOM_SECONDS = 600.0
EVICTING_MODES = ("Recreate", "Auto", "InPlaceOrRecreate")
EVICTED = "Pod was evicted by VPA Updater to apply resource recommendation."
RESIZED = "Pod was resized in place by VPA Updater."


@dataclass
class Group:
    """The pods of one controller and how many of them may go in this pass."""

    configured: int
    actual: int
    #: Those that are not Pending, ready or not.
    running: int
    least: int
    evicted: int = 0

    def may_lose(self, pod: Obj) -> bool:
        """Upstream ``pods_eviction_restriction.go`` (``CanEvict``)."""
        if self.actual < self.least:
            return False
        if phase(pod) == "Pending":
            return True
        tolerance = int(self.configured * EVICTION_TOLERANCE)
        if self.running - self.evicted > self.configured - tolerance:
            return True
        return self.running == self.configured and tolerance == 0 and self.evicted == 0


class Updater:
    """``serves`` says whether the updater is Ready, ``admits`` whether the admission controller is."""

    def __init__(self, cluster: Cluster, serves: Callable[[], bool], admits: Callable[[], bool]) -> None:
        self._cluster, self._serves, self._admits = cluster, serves, admits

    def round(self) -> None:
        if not self._serves() or not self._admits():
            return
        for vpa in self._cluster.list(KEY, where=lambda vpa: update_mode(vpa) in EVICTING_MODES):
            try:
                selector = selector_of(self._cluster, vpa)
            except TargetError:
                continue
            pods = [p for p in self._cluster.list("pods", vpa["metadata"]["namespace"]) if _lives(p)]
            mine = [p for p in pods if selector.matches(p["metadata"].get("labels"))]
            self._update(vpa, [p for p in mine if is_target(vpa, top_of(self._cluster, p))])

    def _update(self, vpa: Obj, pods: list[Obj]) -> None:
        if not recommendations_of(vpa):
            return
        groups: dict[str, Group] = {}
        for pod in pods:
            groups.setdefault(_owner(pod), self._group(vpa, pod, pods))
        for pod in self._in_order(vpa, pods):
            if update_mode(vpa) == "InPlaceOrRecreate" and self._resize(vpa, pod):
                continue
            group = groups[_owner(pod)]
            if group.may_lose(pod) and self._evict(pod):
                group.evicted += 1

    def _group(self, vpa: Obj, pod: Obj, pods: list[Obj]) -> Group:
        mine = [p for p in pods if _owner(p) == _owner(pod)]
        running = sum(1 for p in mine if phase(p) != "Pending")
        stated = (vpa["spec"].get("updatePolicy") or {}).get("minReplicas")
        return Group(
            self._configured(pod, len(mine)), len(mine), running, MIN_REPLICAS if stated is None else int(stated)
        )

    def _configured(self, pod: Obj, otherwise: int) -> int:
        """The size that the pods' controller is set to."""
        owner = controller_of(pod)
        if owner is None:
            return otherwise
        try:
            found = self._cluster.find(
                self._cluster.resource_of(owner).key, pod["metadata"]["namespace"], owner["name"]
            )
        except ApiError:
            return otherwise
        replicas = ((found or {}).get("spec") or {}).get("replicas")
        return otherwise if replicas is None else int(replicas)

    def _in_order(self, vpa: Obj, pods: list[Obj]) -> list[Obj]:
        """Those that should change, the most urgent first."""
        ranked: list[tuple[Priority, Obj]] = []
        for pod in pods:
            priority = priority_of(pod, vpa)
            if self._should_change(vpa, pod, priority) and _is_required(vpa, pod):
                ranked.append((priority, pod))
        ranked.sort(
            key=lambda each: (not (each[0].outside and each[0].grows), not each[0].outside, -each[0].difference)
        )
        return [pod for _, pod in ranked]

    def _should_change(self, vpa: Obj, pod: Obj, priority: Priority) -> bool:
        if _was_killed_early(vpa, pod):
            return priority.difference > 0
        if priority.outside:
            return True
        started = (pod.get("status") or {}).get("startTime")
        if not started or (self._cluster.now - parse(started)).total_seconds() < LONG_LIVED_SECONDS:
            return False
        return priority.difference >= LEAST_DIFFERENCE

    def _evict(self, pod: Obj) -> bool:
        metadata = pod["metadata"]
        try:
            self._cluster.evict(metadata["namespace"], metadata["name"])
        except ApiError as error:
            self._cluster.engine.record(COMPONENT, "cannot evict", metadata["name"], error.message)
            return False
        self._cluster.record_event(pod, "Normal", "EvictedByVPA", EVICTED, COMPONENT)
        return True

    def _resize(self, vpa: Obj, pod: Obj) -> bool:
        """Change the running pod; False when that cannot be done and it must be evicted instead."""
        if _cannot_resize(pod):
            return False
        containers: list[Obj] = []
        for container in pod["spec"]["containers"]:
            changed = changed_resources(container, vpa)
            containers.append({**container, "resources": changed.resources} if changed is not None else container)
        annotations = {**(pod["metadata"].get("annotations") or {}), "vpaInPlaceUpdated": "true"}
        try:
            wanted = {**pod, "spec": {**pod["spec"], "containers": containers}}
            live = self._cluster.update(wanted, subresource="resize", manager=COMPONENT)
            self._cluster.update(
                {**live, "metadata": {**live["metadata"], "annotations": annotations}}, manager=COMPONENT
            )
        except ApiError as error:
            self._cluster.engine.record(COMPONENT, "cannot resize", pod["metadata"]["name"], error.message)
            return False
        self._cluster.record_event(pod, "Normal", "InPlaceResizedByVPA", RESIZED, COMPONENT)
        return True


def _lives(pod: Obj) -> bool:
    return not pod["metadata"].get("deletionTimestamp") and not is_terminal(pod)


def _owner(pod: Obj) -> str:
    owner = controller_of(pod)
    return str(owner["uid"]) if owner is not None else ""


def _was_killed_early(vpa: Obj, pod: Obj) -> bool:
    for status in (pod.get("status") or {}).get("containerStatuses") or ():
        ended = (status.get("lastState") or {}).get("terminated") or {}
        if ended.get("reason") != "OOMKilled" or not policy_of(vpa, status["name"]).scales:
            continue
        if (parse(ended["finishedAt"]) - parse(ended["startedAt"])).total_seconds() < QUICK_OOM_SECONDS:
            return True
    return False


def _is_required(vpa: Obj, pod: Obj) -> bool:
    """``evictionRequirements``: each must hold for some container and one of its resources."""
    requirements = (vpa["spec"].get("updatePolicy") or {}).get("evictionRequirements") or ()
    found = recommendations_of(vpa)
    return all(
        any(_holds(requirement, container, found.get(container["name"])) for container in pod["spec"]["containers"])
        for requirement in requirements
    )


def _holds(requirement: Obj, container: Obj, found: Obj | None) -> bool:
    target = amounts_of((found or {}).get("target"))
    requests = amounts_of((container.get("resources") or {}).get("requests"))
    higher = requirement["changeRequirement"] == "TargetHigherThanRequests"
    pairs = ((requests[r], target[r]) for r in requirement["resources"] if r in requests and r in target)
    return any(wanted > request if higher else wanted < request for request, wanted in pairs)


def _cannot_resize(pod: Obj) -> bool:
    """A resize that its node has put off or refused is not asked for again."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return phase(pod) != "Running" or any(c["type"] == "PodResizePending" and c["status"] == "True" for c in conditions)
