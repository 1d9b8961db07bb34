"""Waiting for the workloads of a platform, all together; and what keeps those back that do not come.

Called by ``voyage``. A workload may never come on this machine: an image that does not exist, a volume that nobody provides, a
machine that is too small. Then waiting ends when nothing has moved for a while, and the pods' own words say why.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wavetank.app.kubernetes import POLL_SECONDS, KubernetesClient
from wavetank.kube.conditions import condition, is_true
from wavetank.kube.types import Obj

#: resources whose pods are meant to stay, by kind; Jobs end when they end, and Rollouts wait for Argo's controller
LASTING = {"Deployment": "deployments.apps", "StatefulSet": "statefulsets.apps", "DaemonSet": "daemonsets.apps"}
PODS_SECONDS = 240.0
#: longer than a pull of a large image and the start after it
STILL_SECONDS = 75.0


@dataclass(frozen=True)
class Expected:
    """A lasting workload of some manifests, and the least number of pods that its autoscaler keeps."""

    kind: str
    namespace: str
    name: str
    selector: str
    least: int


def expected(objects: Sequence[Obj]) -> tuple[Expected, ...]:
    """The workloads among objects whose pods are meant to stay."""
    least = {_target(obj): int(obj["spec"].get("minReplicas") or 1) for obj in objects if _is_autoscaler(obj)}
    return tuple(_expected(obj, least) for obj in objects if obj["kind"] in LASTING)


def _expected(obj: Obj, least: dict[tuple[str, str, str], int]) -> Expected:
    namespace, name = obj["metadata"].get("namespace", "default"), obj["metadata"]["name"]
    labels = obj["spec"]["selector"].get("matchLabels") or {}
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    return Expected(obj["kind"], namespace, name, selector, least.get((namespace, obj["kind"], name), 0))


def _is_autoscaler(obj: Obj) -> bool:
    return bool(obj["kind"] == "HorizontalPodAutoscaler")


def _target(autoscaler: Obj) -> tuple[str, str, str]:
    target = autoscaler["spec"]["scaleTargetRef"]
    return (autoscaler["metadata"].get("namespace", "default"), target["kind"], target["name"])


@dataclass(frozen=True)
class Standing:
    """How many pods of a workload are available, and how many should be."""

    workload: Expected
    ready: int
    wanted: int
    exists: bool

    @property
    def is_up(self) -> bool:
        return self.exists and self.ready >= self.wanted

    def __str__(self) -> str:
        return f"{self.workload.name}: {self.ready} of {self.wanted} pods available"


def wait_for_pods(
    client: KubernetesClient,
    workloads: Sequence[Expected],
    tell: Callable[[str], None],
    still_seconds: float = STILL_SECONDS,
) -> tuple[Standing, ...]:
    """Wait until every lasting workload has its pods; returns those that have not, when time is over or nothing moves."""
    start = moved = time.monotonic()
    before: list[Standing] = []
    while True:
        now = [_standing(client, each) for each in workloads]
        missing = tuple(each for each in now if not each.is_up)
        moved = time.monotonic() if now != before else moved
        if not missing or time.monotonic() > min(start + PODS_SECONDS, moved + still_seconds):
            return missing
        tell(str(missing[0]))
        before = now
        time.sleep(POLL_SECONDS)


def _standing(client: KubernetesClient, workload: Expected) -> Standing:
    found = client.find(LASTING[workload.kind], workload.namespace, workload.name) or {}
    status = found.get("status", {})
    if workload.kind == "DaemonSet":
        ready, wanted = int(status.get("numberAvailable", 0)), int(status.get("desiredNumberScheduled", 0))
        return Standing(workload, ready, wanted, bool(found))
    wanted = max(int(found.get("spec", {}).get("replicas", 1)), workload.least)
    return Standing(workload, int(status.get("availableReplicas", 0)), wanted, bool(found))


def reason(client: KubernetesClient, workload: Expected) -> str:
    """Why the first pod that is not Ready is not, in the words of its status."""
    pods = client.items("pods", workload.namespace, workload.selector)
    for pod in pods:
        if not is_true(pod, "Ready"):
            return _reason_of(pod)
    return "its pods are Ready" if pods else "it has no pods"


def _reason_of(pod: dict[str, Any]) -> str:
    name, status = pod["metadata"]["name"], pod.get("status", {})
    scheduled = condition(pod, "PodScheduled")
    if scheduled is not None and scheduled["status"] != "True":
        return f"{name} is {scheduled.get('reason', status.get('phase'))}: {scheduled.get('message', '')}"
    for container in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        waiting = container.get("state", {}).get("waiting")
        if waiting:
            return f"{name} waits: {waiting.get('reason', '')} {waiting.get('message', '')}".rstrip()
    return f"{name} is {status.get('phase', 'Pending')} and not Ready"
