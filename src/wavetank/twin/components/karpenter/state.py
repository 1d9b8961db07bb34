"""Nodes as Karpenter sees them: a NodeClaim and the Node that stands for the same machine are one, from the launch on.

A picture for one pass, made anew each time; nothing here writes. Upstream: ``pkg/controllers/state/statenode.go``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from wavetank.kube.conditions import is_true
from wavetank.kube.pod_phase import is_terminal
from wavetank.kube.resources import Amounts, amounts
from wavetank.kube.types import Obj
from wavetank.twin.controllers.informer import Index

from . import names
from .live import Live
from .pods import is_reschedulable
from .requirements import Requirements, of_labels


@dataclass(frozen=True)
class StateNode:
    """At least one of ``claim`` and ``node`` is there. ``pods`` are those bound to the node that have not ended."""

    claim: Obj | None
    node: Obj | None
    pods: tuple[Obj, ...] = ()
    is_marked: bool = False

    @cached_property
    def provider_id(self) -> str:
        if self.claim is not None:
            return str((self.claim.get("status") or {}).get("providerID") or "")
        return str((self._node.get("spec") or {}).get("providerID") or self._node["metadata"]["name"])

    @property
    def _node(self) -> Obj:
        assert self.node is not None, "a state node without a claim has a node"
        return self.node

    @property
    def name(self) -> str:
        """The node's, or the claim's until there is a registered node."""
        shown = self.node if self.node is not None and self.is_registered else self.claim or self.node
        assert shown is not None, "a state node has a claim or a node"
        return str(shown["metadata"]["name"])

    @property
    def is_managed(self) -> bool:
        return self.claim is not None

    @cached_property
    def is_registered(self) -> bool:
        return self.claim is None or (self.node is not None and self._node_labels.get(names.REGISTERED) == "true")

    @cached_property
    def is_initialized(self) -> bool:
        return self.claim is None or (self.node is not None and self._node_labels.get(names.INITIALIZED) == "true")

    @property
    def _node_labels(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self._node["metadata"].get("labels") or {}
        return found

    @cached_property
    def labels(self) -> Mapping[str, str]:
        if self.claim is not None and not self.is_registered:
            found: Mapping[str, str] = self.claim["metadata"].get("labels") or {}
            return found
        return self._node_labels

    @property
    def pool(self) -> str:
        return self.labels.get(names.NODE_POOL, "")

    @cached_property
    def taints(self) -> list[Obj]:
        """Without those that go by themselves while the node comes up; on a node that has been up they mean something else."""
        spec = (self.claim or {}).get("spec") or {}
        of_claim = self.claim is not None and not self.is_registered
        taints = (spec.get("taints") if of_claim else (self._node.get("spec") or {}).get("taints")) or ()
        if self.is_initialized:
            return list(taints)
        passing = [*names.EPHEMERAL, *(spec.get("startupTaints") or ())]
        return [t for t in taints if not any(same_taint(t, other) for other in passing)]

    @cached_property
    def allocatable(self) -> Amounts:
        return self._resources("allocatable")

    @cached_property
    def capacity(self) -> Amounts:
        return self._resources("capacity")

    def _resources(self, which: str) -> Amounts:
        """The node's, completed by what the claim promises until everything is registered."""
        of_node = amounts(((self.node or {}).get("status") or {}).get(which))
        if self.is_initialized:
            return of_node
        promised = amounts(((self.claim or {}).get("status") or {}).get(which))
        return {**promised, **{name: units for name, units in of_node.items() if units}}

    @cached_property
    def is_leaving(self) -> bool:
        """It is being deleted, or about to be."""
        return self.is_marked or any(
            bool(obj["metadata"].get("deletionTimestamp")) for obj in (self.claim, self.node) if obj is not None
        )

    @property
    def is_ready(self) -> bool:
        return self.node is not None and is_true(self.node, "Ready")

    @cached_property
    def requirements(self) -> Requirements:
        """Its labels, its name among them."""
        return of_labels({names.HOSTNAME: self.name, **self.labels})

    @cached_property
    def reschedulable(self) -> list[Obj]:
        return [pod for pod in self.pods if is_reschedulable(pod)]


def same_taint(a: Obj, b: Obj) -> bool:
    """``MatchTaint``: key and effect decide."""
    return bool(a["key"] == b["key"] and a["effect"] == b["effect"])


def state_nodes(live: Live) -> list[StateNode]:
    """Every node and every launched claim, in the order of creation, claims first."""
    pods = live.informer.pods_by_node()
    nodes = {(n.get("spec") or {}).get("providerID") or n["metadata"]["name"]: n for n in live.cluster.list("nodes")}
    found = []
    for claim in live.cluster.list(names.NODE_CLAIMS):
        provider_id = (claim.get("status") or {}).get("providerID")
        if provider_id:
            found.append(_joined(live, claim, nodes.pop(provider_id, None), pods))
    return found + [_joined(live, None, node, pods) for node in nodes.values()]


def _joined(live: Live, claim: Obj | None, node: Obj | None, pods: Index) -> StateNode:
    here = () if node is None else tuple(p for p in pods[node["metadata"]["name"]] if not is_terminal(p))
    provider_id = (claim or {}).get("status", {}).get("providerID", "")
    return StateNode(claim, node, here, is_marked=provider_id in live.marked)


def is_synced(live: Live) -> bool:
    """Whether every claim has its machine: until then nothing can be decided about the next ones."""
    claims = live.cluster.list(names.NODE_CLAIMS)
    return all((claim.get("status") or {}).get("providerID") for claim in claims if not _is_leaving(claim))


def _is_leaving(obj: Obj) -> bool:
    return bool(obj["metadata"].get("deletionTimestamp"))
