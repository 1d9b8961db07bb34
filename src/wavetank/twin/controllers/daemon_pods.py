"""Which nodes a DaemonSet wants a pod on, and what that pod looks like. Pure functions.

Upstream: ``pkg/controller/daemon/daemon_controller.go`` (``NodeShouldRunDaemonPod``) and ``util/daemonset_util.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wavetank.kube.taints import REPELLING, untolerated
from wavetank.kube.types import Obj
from wavetank.twin.scheduler.matching import NodeSelection

from .pods import pod_of_template
from .revisions import HASH_LABEL

GENERATION_ANNOTATION = "deprecated.daemonset.template.generation"
GENERATION_LABEL = "pod-template-generation"
_NODE = "node.kubernetes.io"
_AUTOMATIC = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)
_HOST_NETWORK = ("network-unavailable", "NoSchedule")


@dataclass(frozen=True)
class Verdict:
    """Whether a node should get a daemon pod, and whether one that runs there may stay."""

    should_run: bool
    may_continue: bool


NO = Verdict(False, False)


def tolerations_of(spec: Obj) -> list[Obj]:
    """A pod's tolerations with those that every daemon pod has (``AddOrUpdateDaemonPodTolerations``)."""
    added = [*_AUTOMATIC, *([_HOST_NETWORK] if spec.get("hostNetwork") else [])]
    automatic = [{"key": f"{_NODE}/{key}", "operator": "Exists", "effect": effect} for key, effect in added]
    return [*(t for t in spec.get("tolerations") or () if not _is_one_of(t, automatic)), *automatic]


def _is_one_of(toleration: Obj, automatic: Sequence[Obj]) -> bool:
    """Whether it is replaced by an automatic one, which differs in ``tolerationSeconds`` at most (``MatchToleration``)."""
    without_time = {k: v for k, v in toleration.items() if k != "tolerationSeconds" and v}
    return without_time in automatic


class Placement:
    """A template's demands on nodes, read once and asked about many nodes."""

    def __init__(self, template: Obj) -> None:
        spec = template["spec"]
        self._only = spec.get("nodeName", "")
        self._selection = NodeSelection(spec)
        self._tolerations = tolerations_of(spec)

    def on(self, node: Obj) -> Verdict:
        metadata = node["metadata"]
        if self._only and self._only != metadata["name"]:
            return NO
        if not self._selection.matches(metadata["name"], metadata.get("labels") or {}):
            return NO
        taints = (node.get("spec") or {}).get("taints") or ()
        if untolerated(taints, self._tolerations, REPELLING):
            return Verdict(False, untolerated(taints, self._tolerations, ("NoExecute",)) is None)
        return Verdict(True, True)


def daemon_pod(daemon_set: Obj, node_name: str, revision_hash: str) -> Obj:
    """The pod for one node as the controller submits it; the scheduler binds it by its affinity."""
    template, annotations = daemon_set["spec"]["template"], daemon_set["metadata"].get("annotations") or {}
    metadata, spec = template.get("metadata") or {}, template["spec"]
    labels = {**(metadata.get("labels") or {}), HASH_LABEL: revision_hash}
    if GENERATION_ANNOTATION in annotations:
        labels[GENERATION_LABEL] = annotations[GENERATION_ANNOTATION]
    spec = {**spec, "tolerations": tolerations_of(spec), "affinity": _bound_to(spec.get("affinity"), node_name)}
    return pod_of_template({"metadata": {**metadata, "labels": labels}, "spec": spec}, daemon_set)


def _bound_to(affinity: Obj | None, node_name: str) -> Obj:
    """The affinity with its required node terms replaced (``ReplaceDaemonSetPodNodeNameNodeAffinity``)."""
    field = {"key": "metadata.name", "operator": "In", "values": [node_name]}
    required = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    node_affinity = {**((affinity or {}).get("nodeAffinity") or {})}
    node_affinity["requiredDuringSchedulingIgnoredDuringExecution"] = required
    return {**(affinity or {}), "nodeAffinity": node_affinity}


def target_node(pod: Obj) -> str:
    """The node that a daemon pod runs on or is meant for (``GetTargetNodeName``); "" when it does not say."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    terms = NodeSelection({"affinity": pod["spec"].get("affinity")}).terms or ()
    names = next((term.names for term in terms if term.names and len(term.names) == 1), None)
    return next(iter(names)) if names else ""
