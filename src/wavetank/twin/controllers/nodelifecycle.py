"""The node lifecycle controller: nodes whose heartbeats stop become unknown, are tainted, and their pods unready.

Heartbeats are handed in as a function (machines do not store them); nodes unknown to it are judged by their Lease.
Upstream: ``pkg/controller/nodelifecycle/node_lifecycle_controller.go``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime

from wavetank.kube.conditions import condition, status_of, with_condition
from wavetank.kube.times import parse
from wavetank.kube.types import Obj
from wavetank.twin.cluster.cluster import Change
from wavetank.twin.engine import Timer

from .base import Context, Controller, Key
from .node_taints import NOT_READY, UNREACHABLE, with_execute_taint, with_schedule_taints
from .node_zones import EXCLUDED, Health, Limiter, ZoneQueue, ZoneState, judgement, zone_of

LEASES, LEASE_NAMESPACE = "leases.coordination.k8s.io", "kube-node-lease"
#: How often upstream looks into its queues of nodes to taint.
TAINT_PASS_SECONDS = 0.1
_WATCHED = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
_SILENT = ("NodeStatusUnknown", "Kubelet stopped posting node status.")
_NEVER_HEARD = ("NodeStatusNeverUpdated", "Kubelet never posted node status.")


@dataclass(frozen=True)
class _Sign:
    """The last sign of life of a node: what was seen of it, and when, in engine seconds."""

    seen_seconds: float
    ready_heartbeat: str = ""
    ready_status: str = ""
    renewal: float | str | None = None


class NodeLifecycleController(Controller):
    """Keys are nodes, whose NoSchedule taints are brought into line. Health is looked at in rounds of its own."""

    name = "node-controller"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._heartbeats = context.heartbeats
        self._signs: dict[str, _Sign] = {}
        self._states: dict[str, ZoneState] = {}
        self._queues: dict[str, ZoneQueue] = {}
        self._zone_of_node: dict[str, str] = {}
        self._drains: dict[str, Timer] = {}
        #: When each healthy node must be looked at again if nothing happens to it: silence is noted no earlier.
        self._quiet_until: dict[str, float] = {}
        self._all_quiet_until = 0.0
        #: Zone and readiness of each node that counts, as it was last looked at.
        self._standings: dict[str, tuple[str, bool]] = {}
        self._one_is_gone = False
        #: When the last rounds were, as far back as a node may be left alone.
        periods = self.settings.nodes.monitor_grace_seconds / self.settings.nodes.monitor_period_seconds
        self._rounds: deque[float] = deque(maxlen=int(periods) + 2)

    def watch(self) -> None:
        self.on("nodes", self.itself, relevant=_what_taints)
        self.cluster.subscribe("nodes", self._note_change)
        self.engine.call_later(self.settings.nodes.monitor_period_seconds, self._round)

    def _note_change(self, change: Change) -> None:
        self._quiet_until.pop(change.name, None)
        self._all_quiet_until = 0.0
        if change.type == "DELETED":
            self._signs.pop(change.name, None)
            self._one_is_gone = self._standings.pop(change.name, None) is not None or self._one_is_gone
            if change.name in self._zone_of_node:
                self._queues[self._zone_of_node.pop(change.name)].forget(change.name)
                text = f"Removing Node {change.name} from Controller"
                self.engine.call_soon(lambda: self.event(change.object, "Normal", "RemovingNode", text))

    def reconcile(self, key: Key) -> None:
        node = self.cluster.find("nodes", *key)
        if node is not None:
            self._write(node, with_schedule_taints(node, self.now))

    def _write(self, node: Obj, changed: Obj) -> Obj:
        return node if changed is node else self.cluster.update(changed)

    # --- the round -------------------------------------------------------------------------------------------------

    def _round(self) -> None:
        """``monitorNodeHealth``, of the nodes that may have something to tell."""
        now = self.engine.now
        self.engine.call_later(self.settings.nodes.monitor_period_seconds, self._round)
        self._rounds.append(now)
        if now < self._all_quiet_until and not self._one_is_gone:
            return
        self._all_quiet_until = 0.0
        due = [
            node for node in self.cluster.list("nodes") if self._quiet_until.get(node["metadata"]["name"], now) <= now
        ]
        for node in due:
            if self._still_beats(node["metadata"]["name"]):
                continue
            self._register(node)
            node = self._monitored(node)
            name, sign = node["metadata"]["name"], self._signs[node["metadata"]["name"]]
            if EXCLUDED in (node["metadata"].get("labels") or {}):
                self._standings.pop(name, None)
            else:
                self._standings[name] = zone_of(node), status_of(node, "Ready") == "True"
            if status_of(node, "Ready") == "True" and isinstance(sign.renewal, float):
                self._quiet_until[name] = sign.seen_seconds + self.settings.nodes.monitor_grace_seconds
        if due or self._one_is_gone:
            self._one_is_gone = False
            self._judge(self._healths())
        if len(self._quiet_until) == self.cluster.store.count("nodes"):
            self._all_quiet_until = min(self._quiet_until.values(), default=0.0)

    def _still_beats(self, name: str) -> bool:
        """Whether nothing has happened to a healthy node since it was last looked at but that it went on to beat."""
        if name not in self._quiet_until:
            return False
        old, renewal = self._signs[name], self._renewal(name)
        if not (isinstance(renewal, float) and _is_newer(renewal, old.renewal)):
            return False
        seen = self._round_after(renewal)
        self._signs[name] = _Sign(seen, old.ready_heartbeat, old.ready_status, renewal)
        quiet_until = self._quiet_until[name] = seen + self.settings.nodes.monitor_grace_seconds
        return self.engine.now < quiet_until

    def _healths(self) -> dict[str, Health]:
        zones: dict[str, Health] = {}
        for zone, is_ready in self._standings.values():
            zones[zone] = zones.get(zone, Health()).with_node(is_ready=is_ready)
        return zones

    def _register(self, node: Obj) -> None:
        name, zone = node["metadata"]["name"], zone_of(node)
        before = self._zone_of_node.get(name)
        if zone not in self._queues:
            self._queues[zone] = ZoneQueue(self.settings.nodes.eviction_rate, self.engine.now)
        self._zone_of_node[name] = zone
        if before is None:
            text = f"Node {name} event: Registered Node {name} in Controller"
            self.event(node, "Normal", "RegisteredNode", text)
        elif before != zone:
            self._queues[before].forget(name)

    def _monitored(self, node: Obj) -> Obj:
        """One node looked at: its conditions as they are now, and what follows of them."""
        before = status_of(node, "Ready") if condition(node, "Ready") else None
        node = self._with_silence_noted(node)
        ready = condition(node, "Ready")
        if ready is None:
            return node
        if ready.get("status") == "True":
            self._restore(node)
        else:
            self._condemn(node, UNREACHABLE if ready.get("status") == "Unknown" else NOT_READY)
        if before == "True" and ready.get("status") != "True":
            self._report_lost(node)
        return node

    # --- signs of life ---------------------------------------------------------------------------------------------

    def _with_silence_noted(self, node: Obj) -> Obj:
        """``tryUpdateNodeHealth``: past the grace period every condition that the kubelet owns becomes Unknown."""
        settings, ready = self.settings.nodes, condition(node, "Ready")
        grace = settings.monitor_grace_seconds if ready is not None else settings.startup_grace_seconds
        sign = self._last_sign(node)
        # Not "<=": a round takes a moment of its own in reality, so ten periods of 5 s are more than a grace of 50 s.
        if self.engine.now < sign.seen_seconds + grace:
            return node
        conditions = (node.get("status") or {}).get("conditions")
        for kind in _WATCHED:
            conditions = _silenced(node, conditions, kind, self.now)
        node = self.write_status(node, {**(node.get("status") or {}), "conditions": conditions})
        beat, status = _posted(node)
        self._signs[node["metadata"]["name"]] = replace(sign, ready_heartbeat=beat, ready_status=status)
        return node

    def _last_sign(self, node: Obj) -> _Sign:
        """When something of the node was last seen to change: its Ready condition as posted, or its renewals."""
        name = node["metadata"]["name"]
        old, renewal = self._signs.get(name), self._renewal(name)
        beat, status = _posted(node)
        if old is None:
            sign = _Sign(self._first_seen(node), beat, status, renewal)
        elif (beat, status) != (old.ready_heartbeat, old.ready_status):
            sign = _Sign(self.engine.now, beat, status, renewal)
        elif _is_newer(renewal, old.renewal):
            sign = _Sign(self._round_after(renewal), beat, status, renewal)
        else:
            sign = old
        self._signs[name] = sign
        return sign

    def _round_after(self, renewal: float | str | None) -> float:
        """When a renewal was, or would have been, seen: in the first round after it. The text of a Lease is seen now."""
        if not isinstance(renewal, float):
            return self.engine.now
        return next((seconds for seconds in self._rounds if seconds >= renewal), self.engine.now)

    def _first_seen(self, node: Obj) -> float:
        if condition(node, "Ready") is not None:
            return self.engine.now
        return (parse(node["metadata"]["creationTimestamp"]) - self.engine.epoch).total_seconds()

    def _renewal(self, name: str) -> float | str | None:
        """The last renewal: engine seconds from whoever knows the machines, else the text of the Lease."""
        seconds = self._heartbeats(name) if self._heartbeats is not None else None
        if seconds is not None:
            return seconds
        lease = self.cluster.find(LEASES, LEASE_NAMESPACE, name)
        return (lease.get("spec") or {}).get("renewTime") if lease is not None else None

    # --- consequences ----------------------------------------------------------------------------------------------

    def _report_lost(self, node: Obj) -> None:
        """The controller itself found the node silent: its pods are not ready from now on (``MarkPodsNotReady``)."""
        name = node["metadata"]["name"]
        self.event(node, "Normal", "NodeNotReady", f"Node {name} status is now: NodeNotReady")
        for pod in self.informer.pods_by_node()[name]:
            if status_of(pod, "Ready") != "True":
                continue
            status = pod["status"]
            conditions = with_condition(status["conditions"], "Ready", "False", self.now)
            self.write_status(pod, {**status, "conditions": conditions})
            self.event(pod, "Warning", "NodeNotReady", "Node is not ready")

    def _condemn(self, node: Obj, key: str) -> None:
        """Queue the node for its NoExecute taint; one that has the opposite taint gets the right one at once."""
        opposite = NOT_READY if key == UNREACHABLE else UNREACHABLE
        present = {t["key"] for t in (node.get("spec") or {}).get("taints") or () if t["effect"] == "NoExecute"}
        if opposite in present:
            self._taint(node["metadata"]["name"], key)
        elif self._queues[zone_of(node)].add(node["metadata"]["name"]):
            self._drain_later(zone_of(node), TAINT_PASS_SECONDS)

    def _restore(self, node: Obj) -> None:
        """``markNodeAsReachable``."""
        self._queues[zone_of(node)].forget(node["metadata"]["name"])
        self._taint(node["metadata"]["name"], None)

    def _taint(self, name: str, key: str | None) -> None:
        node = self.cluster.find("nodes", "", name)
        if node is not None:
            self._write(node, with_execute_taint(node, key, self.now))

    def _drain(self, zone: str) -> None:
        """``doNoExecuteTaintingPass`` of one zone, as far as its rate allows now; the rest later."""
        queue = self._queues[zone]
        while (name := queue.take(self.engine.now)) is not None:
            node = self.cluster.find("nodes", "", name)
            status = status_of(node, "Ready") if node is not None and condition(node, "Ready") else "True"
            if status != "True":
                self._taint(name, UNREACHABLE if status == "Unknown" else NOT_READY)
        wait = queue.limiter.wait_seconds(self.engine.now)
        if queue and wait is not None:
            self._drain_later(zone, max(wait, TAINT_PASS_SECONDS))

    def _drain_later(self, zone: str, seconds: float) -> None:
        planned = self._drains.get(zone)
        if planned is not None:
            planned.cancel()
        self._drains[zone] = self.engine.call_later(seconds, lambda: self._drain(zone))

    # --- zones -----------------------------------------------------------------------------------------------------

    def _judge(self, zones: dict[str, Health]) -> None:
        """``handleDisruption``."""
        found = judgement(self._states, zones, self.settings.nodes)
        self._states = dict(found.states)
        if found.standstill_begins:
            for node in self.cluster.list("nodes"):
                self._restore(node)
        if found.standstill_ends:
            now = self.engine.now
            self._signs = {name: replace(sign, seen_seconds=now) for name, sign in self._signs.items()}
            self._quiet_until.clear()
            self._all_quiet_until = 0.0
        for zone, rate in found.rates.items():
            self._set_rate(zone, rate)

    def _set_rate(self, zone: str, rate: float) -> None:
        queue = self._queues[zone]
        before: Limiter = queue.limiter
        queue.limiter = before.changed_to(rate, self.engine.now)
        if queue and queue.limiter is not before:
            self._drain_later(zone, TAINT_PASS_SECONDS)


def _posted(node: Obj) -> tuple[str, str]:
    """Heartbeat and status of the Ready condition, as the kubelet posted them; empty without one."""
    ready = condition(node, "Ready") or {}
    return ready.get("lastHeartbeatTime", ""), ready.get("status", "")


def _silenced(node: Obj, conditions: list[Obj] | None, kind: str, now: datetime) -> list[Obj]:
    """``conditions`` with this one Unknown; one that is so already keeps its reason."""
    known = condition(node, kind)
    if known is not None and known.get("status") == "Unknown":
        return list(conditions or ())
    reason, message = _SILENT if known is not None else _NEVER_HEARD
    changed = with_condition(conditions, kind, "Unknown", now, reason=reason, message=message)
    if known is not None:
        return changed
    created = node["metadata"]["creationTimestamp"]
    return [{**c, "lastHeartbeatTime": created} if c["type"] == kind else c for c in changed]


def _is_newer(renewal: float | str | None, before: float | str | None) -> bool:
    """Whether a renewal is a later one; seconds and the text of a Lease cannot be compared, seconds are the truth."""
    match renewal, before:
        case None, _:
            return False
        case _, None:
            return True
        case str(), str():
            return renewal > before
        case ((float() | int()), (float() | int())):
            return renewal > before
        case _:
            return not isinstance(renewal, str)


def _what_taints(node: Obj) -> object:
    conditions = [(c.get("type", ""), c.get("status", "")) for c in (node.get("status") or {}).get("conditions") or ()]
    spec = node.get("spec") or {}
    return conditions, spec.get("unschedulable"), spec.get("taints")
