"""Emptying one node: evict, try again, wait until the pods are gone. Upstream: ``core/scaledown/actuation/drain.go``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from wavetank.kube.errors import ApiError
from wavetank.twin.cluster import Cluster
from wavetank.twin.scheduler.pod_info import PodInfo

from .events import Events
from .flags import Settings
from .pod_facts import is_daemon, is_mirror
from .surroundings import running_pods

RETRY_SECONDS = 10.0
POLL_SECONDS = 5.0
#: Longer than the grace period, for pods that ignore SIGTERM.
HEADROOM_SECONDS = 30.0
DEFAULT_GRACE_SECONDS = 30
#: On a pod of a DaemonSet: evict it, or do not, whatever the flags say.
DAEMON_ANNOTATION = "cluster-autoscaler.kubernetes.io/enable-ds-eviction"

Later = Callable[[float, Callable[[], None]], None]


class NodeDrain:
    """Calls ``done`` once: with None when the node is empty, else with why it is not."""

    def __init__(
        self,
        cluster: Cluster,
        settings: Settings,
        events: Events,
        node_name: str,
        later: Later,
        done: Callable[[str | None], None],
    ) -> None:
        self._cluster, self._settings, self._events = cluster, settings, events
        self._node_name, self._later, self._done = node_name, later, done
        self._engine = cluster.engine
        self._pods: list[PodInfo] = []
        self._unanswered = 0
        self._errors: list[str] = []
        self._began_seconds = 0.0

    def begin(self, occupied: bool) -> None:
        """``occupied``: pods that are none of a DaemonSet have to go, too."""
        settings = self._settings
        pods = [pod for pod in running_pods(self._cluster, self._node_name) if not is_mirror(pod.pod)]
        flag = (
            settings.daemonset_eviction_for_occupied_nodes if occupied else settings.daemonset_eviction_for_empty_nodes
        )
        daemons = [pod for pod in pods if is_daemon(pod.pod) and _is_evicted(pod, flag)]
        self._pods = [pod for pod in pods if occupied and not is_daemon(pod.pod)]
        self._unanswered = len(self._pods) + len(daemons)
        until = self._engine.now + settings.max_pod_eviction_time
        for pod in self._pods:
            self._announce(pod)
            self._evict(pod, until, required=True)
        for pod in daemons:
            self._announce(pod)
            self._evict(pod, until, required=False)
        if not pods or not self._unanswered:
            self._all_answered()

    def _announce(self, pod: PodInfo) -> None:
        self._events.on(pod.pod, "ScaleDown", "deleting pod for node scale down")

    def _evict(self, pod: PodInfo, until: float, *, required: bool) -> None:
        stated = pod.spec.get("terminationGracePeriodSeconds")
        grace = min(DEFAULT_GRACE_SECONDS if stated is None else stated, self._settings.max_graceful_termination_sec)
        try:
            self._cluster.evict(pod.namespace, pod.name, grace_seconds=grace)
        except ApiError as error:
            if error.code != 404:
                if self._engine.now + RETRY_SECONDS < until:
                    self._later(RETRY_SECONDS, partial(self._evict, pod, until, required=required))
                    return
                self._give_up(pod, error, required=required)
        self._answered()

    def _give_up(self, pod: PodInfo, error: ApiError, *, required: bool) -> None:
        if required:
            self._events.on(pod.pod, "ScaleDownFailed", "failed to delete pod for ScaleDown", "Warning")
            text = (
                f"failed to evict pod {pod.namespace}/{pod.name} within allowed timeout (last error: {error.message})"
            )
            self._errors.append(text)

    def _answered(self) -> None:
        self._unanswered -= 1
        if not self._unanswered:
            self._all_answered()

    def _all_answered(self) -> None:
        self._unanswered = -1
        if self._errors:
            errors = " ".join(self._errors)
            self._done(f"Failed to drain node /{self._node_name}, due to following errors: [{errors}]")
            return
        self._began_seconds = self._engine.now
        self._wait()

    def _wait(self) -> None:
        limit = self._settings.max_graceful_termination_sec + HEADROOM_SECONDS
        if not self._left(self._pods):
            self._done(None)
        elif self._engine.now - self._began_seconds >= limit:
            self._done(f"Failed to drain node /{self._node_name}: pods remaining after timeout")
        else:
            self._later(POLL_SECONDS, self._wait)

    def _left(self, pods: Sequence[PodInfo]) -> bool:
        found = (self._cluster.find("pods", pod.namespace, pod.name) for pod in pods)
        return any(pod is not None and pod["spec"].get("nodeName") == self._node_name for pod in found)


def _is_evicted(pod: PodInfo, by_default: bool) -> bool:
    stated = (pod.pod["metadata"].get("annotations") or {}).get(DAEMON_ANNOTATION)
    return stated == "true" if stated in ("true", "false") else by_default
