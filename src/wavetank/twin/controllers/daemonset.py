"""The DaemonSet controller: one pod on every node that the template fits. Upstream: ``pkg/controller/daemon``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from wavetank.kube import conditions
from wavetank.kube.errors import ApiError
from wavetank.kube.pod_phase import is_terminal, is_terminating, phase
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj

from . import revisions
from .base import Controller, Key
from .daemon_pods import Placement, Verdict, daemon_pod, target_node
from .daemon_rollout import Rollout, Step, allows_surge, max_surge, max_unavailable, next_step
from .informer import address, controller_of
from .ownership import claimed
from .pod_control import create_all, delete
from .revisions import hash_of

BURST = 250
#: Failed pods of one node are replaced at intervals that double (``failedPodsBackoff``).
FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 1.0, 900.0

PodsByNode = Mapping[str, Sequence[Obj]]
Verdicts = Mapping[str, Verdict]
Plan = Callable[[Obj, PodsByNode, Verdicts, str], Step]


class DaemonSetController(Controller):
    name = "daemonset-controller"

    def watch(self) -> None:
        #: (seconds when a failed pod may go, next wait) by (set uid, node).
        self._backoff: dict[tuple[str, str], tuple[float, float]] = {}
        self.on("daemonsets.apps", self.itself)
        self.on(revisions.RESOURCE, self.owner_of_kind("DaemonSet"))
        self.on("pods", self._keys_of_pod, relevant=_what_counts)
        self.on("nodes", self._every_set, relevant=_what_places)

    def _every_set(self, node: Obj) -> Iterable[Key]:
        return [address(daemon_set) for daemon_set in self.cluster.list("daemonsets.apps")]

    def _keys_of_pod(self, pod: Obj) -> Iterable[Key]:
        owner, namespace = controller_of(pod), pod["metadata"].get("namespace", "")
        if owner is not None:
            return ((namespace, owner["name"]),) if owner["kind"] == "DaemonSet" else ()
        labels = pod["metadata"].get("labels")
        sets = self.informer.in_namespace("daemonsets.apps")[namespace] if labels else ()
        return [address(ds) for ds in sets if LabelSelector.from_object(ds["spec"].get("selector")).matches(labels)]

    def reconcile(self, key: Key) -> None:
        daemon_set = self.cluster.find("daemonsets.apps", *key)
        if daemon_set is None or daemon_set["metadata"].get("deletionTimestamp"):
            return
        if LabelSelector.from_object(daemon_set["spec"].get("selector")).is_empty:
            text = "This daemon set is selecting all pods. A non-empty selector is required."
            self.event(daemon_set, "Warning", "SelectingAll", text)
            return
        placement = Placement(daemon_set["spec"]["template"])
        verdicts = {node["metadata"]["name"]: placement.on(node) for node in self.cluster.list("nodes")}
        history = revisions.history_of(self, daemon_set)
        by_node, failure = self._after(daemon_set, self._pods(daemon_set), history.hash, self._placing_step, verdicts)
        if failure is None:
            by_node, failure = self._after(daemon_set, by_node, history.hash, self._rolling_step, verdicts)
        revisions.clean_up(self, daemon_set, history, {hash_of(pod) for pods in by_node.values() for pod in pods})
        self._write_status(daemon_set, by_node, verdicts, history.hash)
        if failure is not None:
            raise failure

    def _after(
        self, daemon_set: Obj, by_node: PodsByNode, revision: str, plan: Plan, verdicts: Verdicts
    ) -> tuple[PodsByNode, ApiError | None]:
        """The pods after one planned step, and the first refusal that it met."""
        step = plan(daemon_set, by_node, verdicts, revision)
        if not step.delete and not step.create_on:
            return by_node, None
        pods = [partial(daemon_pod, daemon_set, node, revision) for node in step.create_on[:BURST]]
        failure = create_all(self, daemon_set, pods)
        refusals = [delete(self, daemon_set, pod) for pod in step.delete[:BURST]]
        failure = failure or next((refusal for refusal in refusals if refusal is not None), None)
        return self._pods(daemon_set), failure

    def _pods(self, daemon_set: Obj) -> dict[str, list[Obj]]:
        """The set's pods by the node they run on or are meant for, bound ones first, then by age (``getNodesToDaemonPods``)."""
        selector = LabelSelector.from_object(daemon_set["spec"].get("selector"))
        by_node: dict[str, list[Obj]] = {}
        for pod in claimed(self.cluster, self.informer, "pods", daemon_set, selector):
            if not (is_terminal(pod) and is_terminating(pod)):
                by_node.setdefault(target_node(pod), []).append(pod)
        for pods in by_node.values():
            # Stable: of pods of one second the one that was stored first is the older one (``podByCreation...AndPhase``).
            pods.sort(key=lambda pod: (not pod["spec"].get("nodeName"), str(pod["metadata"]["creationTimestamp"])))
        return by_node

    # --- one pod per node ------------------------------------------------------------------------------------------

    def _placing_step(self, daemon_set: Obj, by_node: PodsByNode, verdicts: Verdicts, revision: str) -> Step:
        doomed = [pod for node, pods in by_node.items() if node not in verdicts for pod in _unbound(pods)]
        needing: list[str] = []
        for node in sorted(verdicts):
            pods, verdict = by_node.get(node, ()), verdicts[node]
            if verdict.should_run and not pods:
                needing.append(node)
            elif not verdict.may_continue:
                doomed += [pod for pod in pods if not is_terminating(pod)]
            elif pods:
                finished = self._finished(daemon_set, node, pods)
                running = [pod for pod in pods if not is_terminating(pod) and not is_terminal(pod)]
                doomed += finished
                doomed += self._surplus(daemon_set, running, revision) if len(running) > 1 else []
                if not running and not finished and verdict.should_run and allows_surge(daemon_set):
                    needing.append(node)
        return Step(doomed, needing)

    def _finished(self, daemon_set: Obj, node: str, pods: Sequence[Obj]) -> list[Obj]:
        """Pods of a node that ended and are to make room now; a node where pods keep failing waits longer each time."""
        gone: list[Obj] = []
        for pod in pods:
            metadata = pod["metadata"]
            name = f"{metadata['namespace']}/{metadata['name']} on node {node}"
            if is_terminating(pod) or not is_terminal(pod):
                continue
            if phase(pod) == "Succeeded":
                text = f"Found succeeded daemon pod {name}, will try to delete it"
                self.event(daemon_set, "Normal", "SucceededDaemonPod", text)
            elif self._must_wait(daemon_set, node):
                continue
            else:
                text = f"Found failed daemon pod {name}, will try to kill it"
                self.event(daemon_set, "Warning", "FailedDaemonPod", text)
            gone.append(pod)
        return gone

    def _must_wait(self, daemon_set: Obj, node: str) -> bool:
        place, now = (daemon_set["metadata"]["uid"], node), self.engine.now
        since, wait = self._backoff.get(place, (float("-inf"), 0.0))
        if now - since < wait:
            self.enqueue(address(daemon_set), since + wait - now)
            return True
        lately = now - since < 2 * LONGEST_BACKOFF_SECONDS
        longer = min(wait * 2, LONGEST_BACKOFF_SECONDS) if lately and wait else FIRST_BACKOFF_SECONDS
        self._backoff[place] = (now, longer)
        return False

    def _surplus(self, daemon_set: Obj, running: Sequence[Obj], revision: str) -> list[Obj]:
        """Pods of a node beyond the one, or with surge the two, that it may have (``podsShouldBeOnNode``)."""
        if not allows_surge(daemon_set) or len(running) <= 1:
            return list(running[1:])
        new = [pod for pod in running if hash_of(pod) == revision]
        old = [pod for pod in running if hash_of(pod) != revision]
        surplus = new[1:] + old[1:]
        if new and old:
            seconds = daemon_set["spec"].get("minReadySeconds", 0)
            replaced = conditions.is_pod_available(new[0], seconds, self.now)
            surplus += [old[0]] if replaced or not conditions.is_pod_ready(old[0]) else []
        return surplus

    # --- rolling update ------------------------------------------------------------------------------------------

    def _rolling_step(self, daemon_set: Obj, by_node: PodsByNode, verdicts: Verdicts, revision: str) -> Step:
        spec = daemon_set["spec"]
        outdated = any(hash_of(pod) != revision for pods in by_node.values() for pod in pods)
        if not outdated or (spec.get("updateStrategy") or {}).get("type", "RollingUpdate") != "RollingUpdate":
            return Step()
        desired = sum(verdict.should_run for verdict in verdicts.values())
        limits = max_surge(daemon_set, desired), max_unavailable(daemon_set, desired)
        return next_step(by_node, Rollout(revision, spec.get("minReadySeconds", 0), *limits, self.now))

    # --- status --------------------------------------------------------------------------------------------------

    def _write_status(self, daemon_set: Obj, by_node: PodsByNode, verdicts: Verdicts, revision: str) -> None:
        live = self.cluster.find("daemonsets.apps", *address(daemon_set))
        if live is None:
            return
        min_ready = live["spec"].get("minReadySeconds", 0)
        first = [by_node[node][0] for node, verdict in verdicts.items() if verdict.should_run and by_node.get(node)]
        counts = {
            "updatedNumberScheduled": sum(hash_of(pod) == revision for pod in first),
            "numberAvailable": sum(conditions.is_pod_available(pod, min_ready, self.now) for pod in first),
        }
        desired = sum(verdict.should_run for verdict in verdicts.values())
        counts["numberUnavailable"] = desired - counts["numberAvailable"]
        collisions = (live.get("status") or {}).get("collisionCount")
        status: Obj = {
            "currentNumberScheduled": len(first),
            "numberMisscheduled": sum(not v.should_run and bool(by_node.get(node)) for node, v in verdicts.items()),
            "desiredNumberScheduled": desired,
            "numberReady": sum(map(conditions.is_pod_ready, first)),
            "observedGeneration": live["metadata"].get("generation", 1),
            **{name: count for name, count in counts.items() if count},
            **({"collisionCount": collisions} if collisions is not None else {}),
        }
        self.write_status(live, status)
        if min_ready:
            self._come_back_when_available(live, first, min_ready)

    def _come_back_when_available(self, daemon_set: Obj, pods: Sequence[Obj], min_ready_seconds: int) -> None:
        waits = [conditions.seconds_until_available(pod, min_ready_seconds, self.now) for pod in pods]
        pending = [wait for wait in waits if wait is not None and wait > 0]
        if pending:
            self.enqueue(address(daemon_set), min(pending))


def _what_places(node: Obj) -> object:
    return node["metadata"].get("labels"), (node.get("spec") or {}).get("taints")


def _what_counts(pod: Obj) -> object:
    """A pod as far as this controller looks at it; kubelets write much else."""
    metadata, ready = pod["metadata"], conditions.condition(pod, "Ready") or {}
    state = phase(pod), ready.get("status"), ready.get("lastTransitionTime"), pod["spec"].get("nodeName")
    owners = metadata.get("ownerReferences"), metadata.get("labels")
    return (*state, *owners, metadata.get("deletionTimestamp"))


def _unbound(pods: Sequence[Obj]) -> list[Obj]:
    """Pods that wait for a node that is no more; those that ran on it are the pod garbage collector's."""
    return [pod for pod in pods if not pod["spec"].get("nodeName") and not is_terminating(pod)]
