"""What a new node of a group would look like, with the daemon pods that it starts with.

From a node of the group that has been ready for a minute; else from the last one that there was; else from what the cloud
tells of the group: then capacity counts as allocatable and 110 pods fit, as in reality. Upstream:
``processors/nodeinfosprovider/mixed_nodeinfos_processor.go``, ``cloudprovider/aws/aws_manager.go`` (``buildNodeFromTemplate``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from wavetank.kube import quantity
from wavetank.kube.types import Obj
from wavetank.twin.controllers.daemon_pods import Placement, daemon_pod
from wavetank.twin.nodes.groups import NodeGroup
from wavetank.twin.scheduler.node_info import NodeInfo
from wavetank.twin.scheduler.pod_info import PodInfo, pod_info

from .flags import Settings
from .node_facts import as_example, is_good_example
from .pod_facts import GPU, is_daemon, is_mirror

HOSTNAME = "kubernetes.io/hostname"
TEMPLATE_TAG = "k8s.io/cluster-autoscaler/node-template"
PODS_OF_A_TEMPLATE = 110
_TAINT_EFFECTS = ("NoSchedule", "NoExecute", "PreferNoSchedule")
#: What ``BuildKubeProxy`` puts on a node that nobody has seen yet.
_KUBE_PROXY = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "kube-proxy",
        "namespace": "kube-system",
        "uid": "kube-proxy",
        "labels": {"component": "kube-proxy"},
    },
    "spec": {"containers": [{"name": "kube-proxy", "image": "kube-proxy", "resources": {"requests": {"cpu": "100m"}}}]},
}


@dataclass(frozen=True)
class Template:
    """A node of a group and the pods that are on it from the start."""

    node: Obj
    pods: tuple[PodInfo, ...]

    def fresh(self, name: str) -> tuple[Obj, list[PodInfo]]:
        """One more such node under a name of its own."""
        metadata = self.node["metadata"]
        labels = {**(metadata.get("labels") or {}), HOSTNAME: name}
        node = {**self.node, "metadata": {**metadata, "name": name, "labels": labels}}
        return node, [replace(pod, uid=f"{pod.uid}/{name}") for pod in self.pods]


class Templates:
    """By group id; remembers the last example of a group that has no nodes any more."""

    def __init__(self, settings: Settings) -> None:
        self._ignored = frozenset((*settings.startup_taint, *settings.status_taint, *settings.ignore_taint))
        self._last: dict[str, Template] = {}

    def of(
        self,
        groups: Mapping[str, NodeGroup],
        nodes: Mapping[str, NodeInfo],
        group_of: Mapping[str, str],
        daemon_sets: Sequence[Obj],
        utc: datetime,
    ) -> dict[str, Template]:
        """``nodes`` by name, looked at in this order; upstream's order is that of a map."""
        self._last = {group: template for group, template in self._last.items() if group in groups}
        fresh: set[str] = set()
        for name in sorted(group_of):
            group = group_of[name]
            if group in groups and group not in fresh and name in nodes and is_good_example(nodes[name].node, utc):
                fresh.add(group)
                self._last[group] = self._from_node(nodes[name], group)
        return {
            group_id: self._last[group_id] if group_id in self._last else from_cloud(group, daemon_sets)
            for group_id, group in groups.items()
        }

    def _from_node(self, info: NodeInfo, group_id: str) -> Template:
        known = self._last.get(group_id)
        daemons = tuple(p for p in info.pods.values() if not p.terminating and (is_daemon(p.pod) or is_mirror(p.pod)))
        if (
            known is not None
            and known.pods == daemons
            and known.node["metadata"].get("resourceVersion") == info.node["metadata"].get("resourceVersion")
        ):
            return known
        return Template(as_example(info.node, self._ignored), daemons)


def from_cloud(group: NodeGroup, daemon_sets: Sequence[Obj]) -> Template:
    """A node that nobody has seen: the first zone, labels and taints from the cloud and from tags of the scaling group."""
    name = f"{group.id}-asg"
    metadata = {"name": name, "labels": _labels(group, name)}
    capacity = _capacity(group)
    status = {"capacity": capacity, "allocatable": capacity, "conditions": [{"type": "Ready", "status": "True"}]}
    taints = _taints(group)
    spec: Obj = {"taints": taints} if taints else {}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": status}
    daemons = [_daemon(daemon_set, name) for daemon_set in daemon_sets if _runs_on(daemon_set, node)]
    return Template(node, (pod_info(_KUBE_PROXY), *daemons))


def _runs_on(daemon_set: Obj, node: Obj) -> bool:
    return Placement(daemon_set["spec"]["template"]).on(node).should_run


def _daemon(daemon_set: Obj, node_name: str) -> PodInfo:
    pod = daemon_pod(daemon_set, node_name, "")
    name, uid = daemon_set["metadata"]["name"], daemon_set["metadata"]["uid"]
    metadata = {**pod["metadata"], "name": name, "namespace": daemon_set["metadata"]["namespace"], "uid": uid}
    return pod_info({**pod, "metadata": metadata})


def _labels(group: NodeGroup, node_name: str) -> dict[str, str]:
    template = group.templates[0]
    generic = {
        "kubernetes.io/arch": template.architecture,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": template.instance_type,
        "topology.kubernetes.io/region": template.region,
        "topology.kubernetes.io/zone": template.zone,
        "topology.ebs.csi.aws.com/zone": template.zone,
        HOSTNAME: node_name,
    }
    managed = {key.removeprefix("eks:"): value for key, value in group.tags.items() if key.startswith("eks:")}
    return generic | managed | _tagged(group, "label") | dict(group.described) | dict(template.labels)


def _tagged(group: NodeGroup, what: str) -> dict[str, str]:
    prefix = f"{TEMPLATE_TAG}/{what}/"
    return {key.removeprefix(prefix): value for key, value in group.tags.items() if key.startswith(prefix)}


def _taints(group: NodeGroup) -> list[Obj]:
    found: list[Obj] = []
    for key, text in _tagged(group, "taint").items():
        value, _, effect = text.partition(":")
        if effect in _TAINT_EFFECTS:
            found.append({"key": key, "value": value, "effect": effect})
    own = [taint.as_object() for taint in group.templates[0].taints]
    known = {(taint["key"], taint["effect"]) for taint in own}
    return [*(taint for taint in found if (taint["key"], taint["effect"]) not in known), *own]


def _capacity(group: NodeGroup) -> dict[str, str]:
    machine = group.templates[0].capacity
    found = {
        "cpu": quantity.format_milli(machine.cpu_milli),
        "memory": str(machine.memory_bytes),
        "pods": str(PODS_OF_A_TEMPLATE),
        GPU: str(group.gpus),
    }
    for name, text in _tagged(group, "resources").items():
        try:
            quantity.parse(text)
        except ValueError:
            continue
        found[name] = text
    return found
