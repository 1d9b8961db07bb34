"""Where the groups stand: nodes ready and not, machines that never came, scale-ups under way, and which groups may grow.

Upstream: ``clusterstate/clusterstate.go``. Updated once in a loop; nodes are named, times are engine seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from wavetank.kube.types import Obj
from wavetank.twin.nodes.groups import Instance, NodeGroup, NodeGroups

from . import gotext
from .backoff import Backoffs
from .events import Events
from .flags import Settings
from .node_facts import TO_BE_DELETED, created_seconds_ago, has_startup_taint, has_taint, is_ready

#: What the AWS provider says of machines that an Auto Scaling group cannot get.
CANNOT_BE_FULFILLED = "placeholder-cannot-be-fulfilled"
CANNOT_BE_FULFILLED_TEXT = "AWS cannot provision any more instances for this node group"
OUT_OF_RESOURCES = f"OutOfResource.{CANNOT_BE_FULFILLED}"


@dataclass
class Readiness:
    """Nodes of one group, or of all, by state."""

    ready: list[str] = field(default_factory=list)
    unready: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    not_started: list[str] = field(default_factory=list)
    registered: list[str] = field(default_factory=list)
    unregistered: list[str] = field(default_factory=list)
    long_unregistered: list[str] = field(default_factory=list)


@dataclass
class Request:
    """A scale-up that is under way."""

    began_seconds: float
    expected_seconds: float
    increase: int


@dataclass(frozen=True)
class WrongSize:
    """A group's nodes and its size differ, since when."""

    nodes: int
    size: int
    since_seconds: float


class Health:
    """``update`` first in every loop; then ask."""

    def __init__(self, settings: Settings, port: NodeGroups, events: Events) -> None:
        self._settings = settings
        self._port = port
        self._events = events
        self.backoffs = Backoffs(settings)
        self.requests: dict[str, Request] = {}
        self.total = Readiness()
        self.of: dict[str, Readiness] = {}
        self.instances: dict[str, Sequence[Instance]] = {}
        #: When a machine was first seen that has no node, by provider id, with its group.
        self.unregistered: dict[str, tuple[str, float]] = {}
        self.wrong_sizes: dict[str, WrongSize] = {}
        self._node_count = 0
        self._failed: set[str] = set()
        self._startup = frozenset((*settings.startup_taint, *settings.ignore_taint))

    # --- one look ----------------------------------------------------------------------------------------------

    def update(
        self,
        groups: Mapping[str, NodeGroup],
        nodes: Sequence[Obj],
        group_of: Mapping[str, str],
        now: float,
        utc: datetime,
    ) -> None:
        self.instances = {group_id: self._port.instances(group_id) for group_id in groups}
        self._note_unregistered({node["metadata"]["name"] for node in nodes}, now)
        self._read_nodes(nodes, group_of, now, utc)
        self.backoffs.forget_old(now)
        self._follow_requests(groups, now)
        self._note_failures(groups, now)
        self._note_wrong_sizes(groups, now)

    def _note_unregistered(self, registered: set[str], now: float) -> None:
        found = [
            (instance.id, group_id)
            for group_id, instances in self.instances.items()
            for instance in instances
            if instance.failure is None and instance.node_name not in registered
        ]
        known = self.unregistered
        self.unregistered = {one: (group, known[one][1] if one in known else now) for one, group in found}

    def _read_nodes(self, nodes: Sequence[Obj], group_of: Mapping[str, str], now: float, utc: datetime) -> None:
        self.total, self.of, self._node_count = Readiness(), {}, len(nodes)
        for node in nodes:
            name = node["metadata"]["name"]
            state = self._state_of(node, name in group_of, utc)
            counted = [self.total]
            if name in group_of:
                counted.append(self.of.setdefault(group_of[name], Readiness()))
            for readiness in counted:
                readiness.registered.append(name)
                getattr(readiness, state).append(name)
        for one, (group, since) in sorted(self.unregistered.items()):
            long = since + self._settings.max_node_provision_time < now
            for readiness in (self.total, self.of.setdefault(group, Readiness())):
                (readiness.long_unregistered if long else readiness.unregistered).append(one)

    def _state_of(self, node: Obj, has_instance: bool, utc: datetime) -> str:
        if not has_instance and has_taint(node, TO_BE_DELETED):
            return "deleted"
        if is_ready(node) and not has_startup_taint(node, self._startup):
            return "ready"
        young = created_seconds_ago(node, utc) < self._settings.max_node_startup_time
        return "not_started" if young else "unready"

    # --- scale-ups under way -----------------------------------------------------------------------------------

    def register_scale_up(self, group_id: str, increase: int, now: float) -> None:
        """More (or with a negative number fewer) machines are expected; more begin the time anew."""
        known = self.requests.get(group_id)
        expected = now + self._settings.max_node_provision_time
        if known is None:
            if increase > 0:
                self.requests[group_id] = Request(now, expected, increase)
            return
        known.increase += increase
        if known.increase <= 0:
            del self.requests[group_id]
        elif increase > 0:
            known.began_seconds, known.expected_seconds = now, expected

    def register_failure(self, group_id: str, code: str, message: str, now: float) -> None:
        self.backoffs.fail(group_id, code, message, now)

    def _follow_requests(self, groups: Mapping[str, NodeGroup], now: float) -> None:
        for group_id, request in sorted(self.requests.items()):
            if group_id not in groups or not self._has_upcoming(groups[group_id]):
                del self.requests[group_id]
                self.backoffs.clear(group_id)
            elif request.expected_seconds < now:
                after = gotext.duration(now - request.began_seconds)
                text = f"Nodes added to group {group_id} failed to register within {after}"
                self._events.on_status("ScaleUpTimedOut", text, "Warning")
                message = f"Scale-up timed out for node group {group_id} after {after}"
                self.register_failure(group_id, "timeout", message, now)
                del self.requests[group_id]

    def _has_upcoming(self, group: NodeGroup) -> bool:
        readiness = self.of.get(group.id, Readiness())
        return group.target_size > len(readiness.registered) - len(readiness.not_started)

    def is_scaling_up(self, group: NodeGroup) -> bool:
        return group.id in self.requests and self._has_upcoming(group)

    def _note_failures(self, groups: Mapping[str, NodeGroup], now: float) -> None:
        """Machines that the cloud cannot give: tell once, expect them no longer, leave the group alone for a while."""
        failed = {one.id for each in self.instances.values() for one in each if one.failure is not None}
        for group_id, instances in self.instances.items():
            new = [one for one in instances if one.failure is not None and one.id not in self._failed]
            if new and self.is_scaling_up(groups[group_id]):
                text = f"Failed adding {len(new)} nodes to group {group_id} due to {OUT_OF_RESOURCES}; source errors: "
                self._events.on_status("ScaleUpFailed", text + CANNOT_BE_FULFILLED_TEXT, "Warning")
                self.register_scale_up(group_id, -len(new), now)
                self.register_failure(group_id, CANNOT_BE_FULFILLED, CANNOT_BE_FULFILLED_TEXT, now)
        self._failed = failed

    # --- questions ---------------------------------------------------------------------------------------------

    @property
    def is_cluster_healthy(self) -> bool:
        """Not too many nodes unready."""
        return not self._too_many(len(self.total.unready), self._node_count)

    def is_group_healthy(self, group: NodeGroup) -> bool:
        """Not too many machines missing that should be there."""
        readiness = self.of.get(group.id)
        if readiness is None:
            return group.target_size == 0 or self._least(group) == 0
        missing = max(0, self._least(group) - len(readiness.ready))
        present = len(readiness.ready) + len(readiness.unready) + len(readiness.not_started)
        return not self._too_many(missing, present)

    def _too_many(self, bad: int, of: int) -> bool:
        settings = self._settings
        return bad > settings.ok_total_unready_count and bad > settings.max_total_unready_percentage / 100 * of

    def _least(self, group: NodeGroup) -> int:
        """How many nodes the group should have at least by now."""
        long = len(self.of[group.id].long_unregistered) if group.id in self.of else 0
        request = self.requests.get(group.id)
        return group.target_size - long - (request.increase if request is not None else 0)

    @property
    def is_timing(self) -> bool:
        """Whether some machine, scale-up or back-off is waited for."""
        total = self.total
        unsettled = self.requests or self.unregistered or self.wrong_sizes or total.not_started or total.unready
        return bool(unsettled or total.deleted or self.backoffs.any)

    def upcoming(self, group: NodeGroup) -> int:
        """Machines that were asked for and are not ready yet."""
        readiness = self.of.get(group.id, Readiness())
        present = len(readiness.ready) + len(readiness.unready) + len(readiness.long_unregistered)
        return max(0, group.target_size - present)

    def failed_instances(self, group_id: str) -> list[Instance]:
        return [instance for instance in self.instances.get(group_id, ()) if instance.failure is not None]

    def _note_wrong_sizes(self, groups: Mapping[str, NodeGroup], now: float) -> None:
        found: dict[str, WrongSize] = {}
        for group_id, group in groups.items():
            readiness = self.of.get(group_id)
            if readiness is None:
                continue
            nodes, coming = len(readiness.registered), len(readiness.unregistered) + len(readiness.long_unregistered)
            if group.target_size - coming <= nodes <= group.target_size:
                continue
            known = self.wrong_sizes.get(group_id)
            same = known is not None and (known.nodes, known.size) == (nodes, group.target_size)
            found[group_id] = known if known is not None and same else WrongSize(nodes, group.target_size, now)
        self.wrong_sizes = found
