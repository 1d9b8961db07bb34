"""What imported pods use: what their autoscalers last saw, for pods that scripted machines stand behind.

A cluster that was in balance must stay so after it was imported; with any other use every autoscaler would begin to scale.
Served while metrics-server is Ready, as it was, or was not, in the cluster that the objects came from.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from wavetank.base.units import MIB
from wavetank.kube import quantity
from wavetank.kube.conditions import is_pod_ready
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.ports import NodeUsage, PodUsage, Usage

AUTOSCALERS = "horizontalpodautoscalers.autoscaling"
WINDOW_SECONDS = 15.0
#: Of what they ask for; for pods that no autoscaler has looked at.
USUAL_FRACTION = 0.5
_LEAST = {"cpu": 10, "memory": 16 * MIB}
_KINDS = {"Deployment": "deployments.apps", "StatefulSet": "statefulsets.apps", "ReplicaSet": "replicasets.apps"}


@dataclass(frozen=True)
class Seen:
    """Use of one resource: a ``fraction`` of what is requested, or if that was not told a pod's ``value`` (milli or bytes)."""

    fraction: float | None = None
    value: float = 0.0


Uses: TypeAlias = dict[str, Seen]


class RememberedMetrics:
    """Uses are looked up once per autoscaler and target, when they are first asked for."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._seen = {(ns, name): _last_seen(obj) for (ns, name), obj in self._autoscalers()}

    def _autoscalers(self) -> list[tuple[tuple[str, str], Obj]]:
        found = self._cluster.list(AUTOSCALERS)
        return [((obj["metadata"]["namespace"], obj["metadata"]["name"]), obj) for obj in found]

    def available(self) -> bool:
        """Whether a ready pod of metrics-server serves the API."""
        pods = self._cluster.list("pods", "kube-system", lambda pod: _is_server(pod) and is_pod_ready(pod))
        return bool(pods)

    def pods(self, namespace: str = "", names: Collection[str] | None = None) -> list[PodUsage]:
        if not self.available():
            return []
        running = self._cluster.list("pods", namespace, lambda p: (p.get("status") or {}).get("phase") == "Running")
        targets = self._targets()
        return [self._pod(pod, targets) for pod in running]

    def nodes(self) -> list[NodeUsage]:
        """The sum of each node's pods."""
        sums: dict[str, list[Usage]] = {}
        placed = {(p["metadata"]["namespace"], p["metadata"]["name"]): p for p in self._cluster.list("pods")}
        for usage in self.pods():
            node = placed[usage.namespace, usage.name]["spec"].get("nodeName", "")
            sums.setdefault(node, []).extend(usage.containers.values())
        now = self._cluster.engine.now
        found = [node["metadata"]["name"] for node in self._cluster.list("nodes")] if self.available() else []
        return [NodeUsage(name, now, WINDOW_SECONDS, _sum(sums.get(name, []))) for name in found]

    def _pod(self, pod: Obj, targets: list[tuple[str, LabelSelector, Uses]]) -> PodUsage:
        metadata = pod["metadata"]
        labels = metadata.get("labels") or {}
        seen = next((s for ns, select, s in targets if ns == metadata["namespace"] and select.matches(labels)), {})
        specs = pod["spec"]["containers"]
        containers = {c["name"]: _usage(c, seen, len(specs)) for c in specs}
        return PodUsage(metadata["namespace"], metadata["name"], self._cluster.engine.now, WINDOW_SECONDS, containers)

    def _targets(self) -> list[tuple[str, LabelSelector, Uses]]:
        """Namespace, selector of the scaled pods, and the fraction of requests in use by resource."""
        found: list[tuple[str, LabelSelector, Uses]] = []
        for (namespace, name), obj in self._autoscalers():
            reference = obj["spec"]["scaleTargetRef"]
            key = _KINDS.get(reference["kind"])
            target = self._cluster.find(key, namespace, reference["name"]) if key else None
            if target is not None and (namespace, name) in self._seen:
                selector = LabelSelector.from_object(target["spec"].get("selector"))
                found.append((namespace, selector, self._seen[namespace, name]))
        return found


def _last_seen(autoscaler: Obj) -> Uses:
    """Resource -> the fraction of requests in use, as the autoscaler's status tells."""
    seen: Uses = {}
    for metric in (autoscaler.get("status") or {}).get("currentMetrics") or ():
        source = metric.get("resource") or metric.get("containerResource") or {}
        current, name = source.get("current") or {}, source.get("name")
        if name not in _LEAST:
            continue
        if current.get("averageUtilization") is not None:
            seen[name] = Seen(fraction=current["averageUtilization"] / 100)
        elif current.get("averageValue") is not None:
            seen[name] = Seen(value=_amount(name, current["averageValue"]))
    return seen


def _amount(resource: str, text: str) -> int:
    return quantity.milli(text) if resource == "cpu" else quantity.value(text)


def _usage(container: Obj, seen: Uses, containers: int) -> Usage:
    return Usage(_use("cpu", container, seen, containers), round(_use("memory", container, seen, containers)))


def _use(resource: str, container: Obj, seen: Uses, containers: int) -> float:
    requests = (container.get("resources") or {}).get("requests") or {}
    requested = _amount(resource, requests[resource]) if resource in requests else 0
    known = seen.get(resource, Seen(fraction=USUAL_FRACTION))
    used = known.value / containers if known.fraction is None else known.fraction * requested
    return used or _LEAST[resource]


def _sum(usages: list[Usage]) -> Usage:
    return Usage(sum(u.cpu_milli for u in usages), sum(u.memory_bytes for u in usages))


def _is_server(pod: Obj) -> bool:
    labels = pod["metadata"].get("labels") or {}
    return "metrics-server" in (labels.get("app.kubernetes.io/name"), labels.get("k8s-app"))
