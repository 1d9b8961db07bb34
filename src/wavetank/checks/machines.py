"""Nodes and what pods find on them: node groups with their room, which pods they take, what the system takes first.

Read by capacity rules. Where a group's machines cannot be known the answer is None, and a rule must be silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from wavetank.catalog import InstanceType, addon, chart, instance_type
from wavetank.catalog.addons import Requests
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.taints import REPELLING, untolerated
from wavetank.kube.types import Obj
from wavetank.plan.packing import Demand, Room, admitted_pods, demand_of, demand_of_amounts, empty_room

from .aws import NodeGroup
from .case import Case
from .manifests import items, mapping
from .workloads import Workload

#: What adds nodes when pods are pending; without one a group keeps its desired size.
NODE_AUTOSCALERS = ("cluster-autoscaler", "karpenter")
GPU = "nvidia.com/gpu"


@dataclass(frozen=True, eq=False)
class Machines:
    """One node group as pods see it."""

    case: Case
    group: NodeGroup

    @cached_property
    def types(self) -> tuple[InstanceType, ...] | None:
        """Its instance types; None when one is not known."""
        try:
            return tuple(instance_type(name) for name in self.group.instance_types or ()) or None
        except KeyError:
            return None

    @cached_property
    def max_pods(self) -> int | None:
        """Pods that one node really admits: by addresses, and by kubelet where its limit is set lower."""
        if self.types is None:
            return None
        by_addresses = admitted_pods(self.types, prefix_delegation(self.case) is True)
        stated = (self.group.kubelet or {}).get("maxPods")
        return min(by_addresses, stated) if isinstance(stated, int) else by_addresses

    @cached_property
    def room(self) -> Room | None:
        """An empty node (its smallest type), less what daemonsets take on every node."""
        if self.types is None or self.max_pods is None:
            return None
        return empty_room(self.types, self.max_pods, daemon_demands(self.case, self))

    @cached_property
    def labels(self) -> dict[str, str]:
        """Labels that every node of it has and that are known."""
        known = {"eks.amazonaws.com/nodegroup": self.group.name, "kubernetes.io/os": "linux"}
        if self.types and len({t.arch for t in self.types}) == 1:
            known["kubernetes.io/arch"] = {"x86_64": "amd64"}.get(self.types[0].arch, self.types[0].arch)
        if self.types and len(self.types) == 1:
            known["node.kubernetes.io/instance-type"] = self.types[0].name
        if self.group.capacity_type:
            known["eks.amazonaws.com/capacityType"] = self.group.capacity_type
        return {**known, **(self.group.labels or {})}

    @property
    def has_gpus(self) -> bool:
        return bool(self.types) and all(t.accelerator and t.accelerator.resource == GPU for t in self.types or ())

    @property
    def taints(self) -> tuple[Obj, ...]:
        return self.group.taints or ()

    def admits(self, workload: Workload) -> bool | None:
        """Whether selector, required affinity and tolerations let the pods onto its nodes; None when its labels are not known."""
        if self.group.taints is None or self.group.labels is None:
            return None
        if untolerated(self.taints, workload.tolerations, REPELLING) is not None:
            return False
        return self.is_selected_by(workload)

    def is_selected_by(self, workload: Workload) -> bool | None:
        """Whether node selector and required node affinity match; a label that only the cloud sets may match."""
        wanted = workload.node_selector
        if any(not self._may_have(key, (value,)) for key, value in wanted.items()):
            return False
        terms = required_node_terms(workload)
        return not terms or any(self._matches(term) for term in terms)

    def _matches(self, term: Obj) -> bool:
        expressions = [e for e in items(term.get("matchExpressions")) if not self._is_unknown(str(e.get("key")))]
        return not expressions or LabelSelector.from_node_expressions(expressions).matches(self.labels)

    def _may_have(self, key: str, values: Sequence[str]) -> bool:
        return self._is_unknown(key) or self.labels.get(key) in values

    def _is_unknown(self, key: str) -> bool:
        """A label of the machine itself (zone, type, …) that differs between its nodes."""
        set_by_cloud = ("kubernetes.io/", "k8s.aws/", "eks.amazonaws.com/", "karpenter.sh/")
        return key not in self.labels and any(part in key for part in set_by_cloud)


def machines_of(case: Case) -> list[Machines]:
    """The node groups of the case's cluster."""
    return [Machines(case, group) for group in case.aws.node_groups]


def required_node_terms(workload: Workload) -> list[Obj]:
    affinity = mapping(mapping(workload.spec.get("affinity")).get("nodeAffinity"))
    return items(mapping(affinity.get("requiredDuringSchedulingIgnoredDuringExecution")).get("nodeSelectorTerms"))


def prefix_delegation(case: Case) -> bool | None:
    """Whether the VPC CNI hands out prefixes; None when its settings cannot be read."""
    cni = case.aws.add_on("vpc-cni")
    if cni is not None:
        if cni.configuration is None:
            return None
        return str(mapping(cni.configuration.get("env")).get("ENABLE_PREFIX_DELEGATION", "")).lower() == "true"
    for workload in case.workloads:
        if workload.name == "aws-node":
            env = [e for c in workload.containers for e in items(c.obj.get("env"))]
            return any(e.get("name") == "ENABLE_PREFIX_DELEGATION" and str(e.get("value")) == "true" for e in env)
    return False if case.components.all_known or case.given.cluster else None


def adds_nodes(case: Case) -> bool | None:
    """Whether something makes nodes when pods are pending; None when the input cannot tell."""
    return case.components.installs(*NODE_AUTOSCALERS)


def demand_of_workload(workload: Workload) -> Demand:
    """What one pod of the workload asks a node for."""
    return demand_of_amounts(workload.requests)


def daemon_demands(case: Case, machines: Machines) -> list[Demand]:
    """The pods that DaemonSets put on each node of a group: those in the input, and those of components beside it."""
    own = [demand_of_workload(w) for w in case.workloads if w.is_per_node and machines.admits(w) is not False]
    beside = [d for requests in _requests_beside(case) for d in requests.daemons]
    return own + [demand_of(d.requests) for d in beside if machines.has_gpus or not d.only_on_gpus]


def system_demands(case: Case) -> list[Demand]:
    """The pods of components whose objects are not in the input (managed add-ons, charts)."""
    sets = [pods for requests in _requests_beside(case) for pods in requests.pods]
    return [demand_of(pods.requests) for pods in sets for _ in range(pods.replicas)]


def _requests_beside(case: Case) -> Iterator[Requests]:
    """Of add-ons and charts whose own objects are not in the input."""
    names = [name for name in case.components.found if name not in case.components.rendered]
    charts = [release.chart for release in case.components.helm_releases if release.chart in names]
    facts = [addon(name) for name in names] + [chart(name) for name in charts]
    yield from (each.requests for each in facts if each is not None)
