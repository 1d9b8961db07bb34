"""Why a pod is where it is, or why it is nowhere: an account for people and programs. Reads, and changes nothing.

What the scheduler remembers of its decision is told as it was; everything else is worked out against the cluster as it is now,
on a view of its own, and marked so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj

from .cycle import Outcome, scored
from .decisions import Decision
from .filters import Filters, filters_for, rejection_with_nominated
from .framework import COMING, LEAVING, NODES, VOLUMES, PodRejectedError, Rejection
from .node_info import NodeInfo
from .plugins import SCORES
from .pod_info import PodInfo, pod_info
from .preemption import preemption
from .queue import LONGEST_WAIT_SECONDS
from .scheduler import Scheduler
from .view import ClusterView

State = Literal["bound", "pending", "gated", "waiting for volumes", "of another scheduler", "being deleted"]
_WAITS_FOR = {
    NODES: "a change of nodes",
    LEAVING: "pods that leave",
    COMING: "pods that come",
    VOLUMES: "volumes or claims",
}


@dataclass(frozen=True)
class NodeAccount:
    """One node and one pod. ``plugin`` and ``reasons`` are of the filter that refuses; scores are weighted."""

    name: str
    feasible: bool
    chosen: bool = False
    plugin: str = ""
    reasons: tuple[str, ...] = ()
    scores: dict[str, int] = field(default_factory=dict)
    total: int | None = None

    def as_object(self) -> Obj:
        if not self.feasible:
            return {"name": self.name, "feasible": False, "plugin": self.plugin, "reasons": list(self.reasons)}
        told: Obj = {"name": self.name, "feasible": True, "chosen": self.chosen}
        return told | ({"scores": self.scores, "total": self.total} if self.total is not None else {})


@dataclass(frozen=True)
class Account:
    """Everything there is to say. ``source`` says whether nodes are told as remembered or worked out now."""

    state: State
    summary: str
    source: Literal["recorded", "recomputed", ""] = ""
    decided_seconds: float | None = None
    nodes: tuple[NodeAccount, ...] = ()
    more: Obj = field(default_factory=dict)


def explanation(scheduler: Scheduler, pod: Obj) -> Obj:
    """Why ``pod`` has its node or none, as a plain object; ``docs/twin.md`` tells its fields."""
    account = _account(scheduler, pod)
    metadata, engine = pod["metadata"], scheduler.engine
    told: Obj = {
        "pod": {"namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]},
        "node": pod["spec"].get("nodeName") or "",
        "phase": (pod.get("status") or {}).get("phase", ""),
        "state": account.state,
        "summary": account.summary,
        "source": account.source,
        "weights": {plugin.name: plugin.weight for plugin in SCORES},
        "nodes": [node.as_object() for node in account.nodes],
        **account.more,
    }
    if account.decided_seconds is not None:
        told["decidedAt"] = rfc3339(engine.epoch + timedelta(seconds=account.decided_seconds))
    return told


def _account(scheduler: Scheduler, pod: Obj) -> Account:
    metadata, spec = pod["metadata"], pod["spec"]
    uid, name = metadata["uid"], f"{metadata['namespace']}/{metadata['name']}"
    if spec.get("nodeName"):
        return _bound(scheduler, pod, name)
    if metadata.get("deletionTimestamp"):
        return Account("being deleted", f"{name} is being deleted and gets no node any more.")
    asked = spec.get("schedulerName", scheduler.name)
    if asked != scheduler.name:
        text = f'{name} asks for the scheduler "{asked}"; this cluster runs only "{scheduler.name}".'
        return Account("of another scheduler", text)
    gates = [gate["name"] for gate in spec.get("schedulingGates") or ()]
    if gates:
        text = f"{name} is not tried: it is held by {_counted(len(gates), 'scheduling gate')} ({', '.join(gates)})."
        return Account("gated", text, more={"gates": gates})
    node = scheduler.waits_for_volumes_on(uid)
    if node:
        text = f"{name} is meant for {node} and waits until its volumes are made and bound there."
        return Account("waiting for volumes", text, more={"nominatedNode": node})
    return _pending(scheduler, pod, name)


# Pods that have a node -----------------------------------------------------------------------------------------------


def _bound(scheduler: Scheduler, pod: Obj, name: str) -> Account:
    uid, node = pod["metadata"]["uid"], pod["spec"]["nodeName"]
    decision = scheduler.decisions.placed(uid)
    trial = _Trial(scheduler, pod)
    if decision is not None and decision.node == node:
        known = _recorded(decision)
        others = tuple(account for account in trial.accounts() if account.name not in decision.feasible)
        refusing = tuple(account for account in others if not account.feasible)
        return Account(
            "bound",
            f"{name} is on {node}: {_why(known, decision.node_count)}.",
            "recorded",
            decision.seconds,
            (*known, *refusing),
            _sacrifice(scheduler, uid),
        )
    accounts = tuple(_with_choice(trial.accounts(), node))
    why = "the decision is not remembered; against the cluster as it is now, "
    chosen = next((account for account in accounts if account.chosen), None)
    if chosen is None:
        refused = next((account for account in accounts if account.name == node), None)
        now = f"the node refuses it: {_refusal(refused)}" if refused else "the node does not exist"
    else:
        now = _why(tuple(account for account in accounts if account.feasible), len(accounts))
    return Account("bound", f"{name} is on {node} ({why}{now}).", "recomputed", None, accounts)


def _recorded(decision: Decision) -> tuple[NodeAccount, ...]:
    """Feasible nodes, the best first."""
    accounts = [
        NodeAccount(
            name,
            True,
            name == decision.node,
            scores={plugin: column[at] for plugin, column in decision.scores.items()},
            total=decision.totals[at] if decision.totals else None,
        )
        for at, name in enumerate(decision.feasible)
    ]
    return tuple(sorted(accounts, key=_rank))


def _rank(account: NodeAccount) -> tuple[int, bool]:
    return -(account.total or 0), not account.chosen


def _with_choice(accounts: Sequence[NodeAccount], node: str) -> list[NodeAccount]:
    return [
        NodeAccount(a.name, True, True, scores=a.scores, total=a.total) if a.feasible and a.name == node else a
        for a in accounts
    ]


def _why(feasible: Sequence[NodeAccount], node_count: int) -> str:
    """In words, why the chosen one of the feasible nodes."""
    if len(feasible) == 1:
        return f"of {_counted(node_count, 'node')} the only one that could take it"
    chosen = next(account for account in feasible if account.chosen)
    rest = sorted((a for a in feasible if not a.chosen), key=_rank)
    if chosen.total is None or not rest or rest[0].total is None:
        return f"one of {len(feasible)} nodes that could take it"
    best = f"{chosen.total} points"
    if rest[0].total == chosen.total:
        level = sum(1 for account in rest if account.total == chosen.total)
        return f"with {best} level with {_counted(level, 'other node')} of {len(feasible)} that could take it"
    if rest[0].total > chosen.total:
        return f"with {best} of {len(feasible)} that could take it, while {rest[0].name} has {rest[0].total} points"
    return f"with {best} the best of {len(feasible)} that could take it, before {rest[0].name} with {rest[0].total}"


def _sacrifice(scheduler: Scheduler, uid: str) -> Obj:
    found = scheduler.decisions.sacrifice(uid)
    if found is None:
        return {}
    return {"preempted": {"node": found.node, "victims": list(found.victims)}}


# Pods that have none -------------------------------------------------------------------------------------------------


def _pending(scheduler: Scheduler, pod: Obj, name: str) -> Account:
    trial = _Trial(scheduler, pod)
    accounts = trial.accounts()
    uid = pod["metadata"]["uid"]
    more = _queue(scheduler, uid) | _sacrifice(scheduler, uid)
    nominated = (pod.get("status") or {}).get("nominatedNodeName", "")
    if nominated:
        more["nominatedNode"] = nominated
    if not accounts:
        return Account("pending", f"{name} has no node: the cluster has none.", "recomputed", more=more)
    feasible = [account.name for account in accounts if account.feasible]
    if feasible:
        which = feasible[0] if len(feasible) == 1 else f"{len(feasible)} nodes"
        text = f"{name} has no node yet, but {which} could take it now; {_next_try(more)}."
        return Account("pending", text, "recomputed", None, accounts, more)
    more["preemption"] = trial.preemption()
    text = f"{name} has no node: {_refusals(trial, accounts)}."
    if nominated:
        text += f" It is promised room on {nominated}, once the pods there that make way have ended."
    return Account("pending", text, "recomputed", None, accounts, more)


def _refusals(trial: _Trial, accounts: Sequence[NodeAccount]) -> str:
    if trial.refusal:
        return trial.refusal
    counts = Counter(_refusal(account) for account in accounts)
    if len(accounts) == 1:
        return f"its only node refuses it: {_refusal(accounts[0])}"
    if len(counts) == 1:
        return f"all {len(accounts)} nodes refuse it: {_refusal(accounts[0])}"
    told = "; ".join(f"{count} {'says' if count == 1 else 'say'} {reason}" for reason, count in counts.most_common())
    return f"none of {len(accounts)} nodes can take it: {told}"


def _refusal(account: NodeAccount) -> str:
    reasons = ", ".join(account.reasons)
    return f"{reasons} ({account.plugin})" if account.plugin else reasons


def _queue(scheduler: Scheduler, uid: str) -> Obj:
    """Where the pod is in the queue and what would have it tried again."""
    entry = scheduler.queue.entry(uid)
    if entry is None:
        return {"queue": {"place": "none"}}
    engine = scheduler.engine

    def at(seconds: float) -> str:
        return rfc3339(engine.epoch + timedelta(seconds=seconds))

    told: Obj = {"place": entry.place, "attempts": entry.attempts}
    if entry.place == "unschedulable":
        told["waitsFor"] = [_WAITS_FOR[change] for change in _WAITS_FOR if change in entry.helped_by]
        told["triedAgainAt"] = at(entry.failed_seconds + LONGEST_WAIT_SECONDS)
    if entry.place == "backoff":
        told["backoffUntil"] = at(entry.ready_seconds)
    return {"queue": told}


def _next_try(more: Obj) -> str:
    queue = more["queue"]
    match queue["place"]:
        case "active":
            return "its turn is about to come"
        case "backoff":
            return f"it backs off until {queue['backoffUntil']}"
        case "unschedulable":
            return f"it waits for {' or '.join(queue['waitsFor'])}, or is tried again at {queue['triedAgainAt']}"
        case _:
            return "it is being tried"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


class _Trial:
    """The pod against the cluster as it is now, as if it had no node."""

    def __init__(self, scheduler: Scheduler, pod: Obj) -> None:
        self._scheduler = scheduler
        self._view = _view_without(scheduler, pod["metadata"]["uid"])
        self._pod = _unbound(pod)
        self._order = [node for node in scheduler.view.ordered() if node.name in self._view.nodes]
        self._filters: Filters | None = None
        #: What refuses the pod whatever the node.
        self.refusal = ""
        try:
            self._filters = filters_for(self._pod, self._view)
        except PodRejectedError as error:
            self.refusal = str(error)
        self._rejections: dict[str, Rejection] = {}

    def accounts(self) -> tuple[NodeAccount, ...]:
        """Every node; feasible ones first, the best of them in front."""
        nodes = [self._view.nodes[node.name] for node in self._order]
        if self._filters is None:
            return tuple(NodeAccount(node.name, False, reasons=(self.refusal,)) for node in nodes)
        refused: list[NodeAccount] = []
        feasible: list[NodeInfo] = []
        for node in nodes:
            found = self._refused(node, self._filters)
            if found is None:
                feasible.append(node)
            else:
                refused.append(found)
        return (*sorted(self._scored(feasible), key=_rank), *refused)

    def _refused(self, node: NodeInfo, filters: Filters) -> NodeAccount | None:
        if filters.only is not None and node.name not in filters.only:
            plugins = " ".join(filters.limiting)
            text = f"node(s) didn't satisfy plugin(s) [{plugins}]"
            self._rejections[node.name] = Rejection((text,), resolvable=False)
            return NodeAccount(node.name, False, plugin=plugins, reasons=(text,))
        for part, plugin in zip(filters.parts, filters.names, strict=True):
            rejection = part.rejection(node)
            if rejection is not None:
                self._rejections[node.name] = rejection
                return NodeAccount(node.name, False, plugin=plugin, reasons=rejection.reasons)
        rejection = rejection_with_nominated(self._pod, node, filters, self._view)
        if rejection is None:
            return None
        self._rejections[node.name] = rejection
        reasons = tuple(f"{reason}, beside the pods that are promised room there" for reason in rejection.reasons)
        return NodeAccount(node.name, False, plugin="nominated pods", reasons=reasons)

    def _scored(self, nodes: list[NodeInfo]) -> list[NodeAccount]:
        if len(nodes) < 2:
            # The scheduler does not compare one node with itself, either.
            return [NodeAccount(node.name, True) for node in nodes]
        scores, totals = scored(self._pod, nodes, self._view)
        return [
            NodeAccount(
                node.name,
                True,
                scores={plugin: column[at] for plugin, column in scores.items()},
                total=totals[at],
            )
            for at, node in enumerate(nodes)
        ]

    def preemption(self) -> Obj:
        """Who would have to go, or why nobody can; asked when no node is feasible."""
        if self._filters is None:
            return {"message": "not considered: the pod is refused whatever the node"}
        outcome = Outcome("", rejections=self._rejections, filters=self._filters, node_count=len(self._order))
        budgets = self._scheduler.cluster.list("poddisruptionbudgets.policy")
        found = preemption(self._pod, outcome, self._view, budgets)
        if not found.best:
            return {"message": found.message.removeprefix("preemption: ")}
        candidate = found.best[0]
        victims = [f"{victim.namespace}/{victim.name}" for victim in candidate.victims]
        return {"node": candidate.node, "victims": victims, "violations": candidate.violations}


def _view_without(scheduler: Scheduler, uid: str) -> ClusterView:
    """A picture of the cluster as if the pod had no node, with the promises that the scheduler has made to others."""
    view = ClusterView(scheduler.cluster)
    view.read(without=uid)
    for node_name, pods in scheduler.view.nominated.items():
        for pod in pods.values():
            if pod.uid != uid:
                view.nominate(pod, node_name)
    return view


def _unbound(pod: Obj) -> PodInfo:
    spec = {key: value for key, value in pod["spec"].items() if key != "nodeName"}
    status = {key: value for key, value in (pod.get("status") or {}).items() if not key.endswith("ontainerStatuses")}
    return pod_info({**pod, "spec": spec, "status": status})
