"""Node groups: machines of one kind whose number somebody may change. The port of node autoscalers, and the groups of a fleet.

``world`` owns the groups of a cluster; what an Auto Scaling group does when its size changes is here (start machines in the
emptiest zone, retire the oldest of the fullest, try again later what could not be started). Nothing here decides a size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from wavetank.kube.types import Obj

from .fleet import Fleet
from .machine import Machine, MachineTemplate

#: An Auto Scaling group whose launch failed tries again after this; AWS documents no figure.
RETRY_LAUNCH_SECONDS = 60.0
PLACEHOLDER = "i-placeholder"

#: Told when the cloud has answered: None, or why it refused.
Done = Callable[[str | None], None]
#: Why a machine of a template cannot be had now; None when it can.
Capacity = Callable[[MachineTemplate], str | None]
#: Asks the cloud for a new size of the group of this id; ``Done`` is called on the engine's thread, now or later.
Resizer = Callable[[str, int, Done], None]


@dataclass(frozen=True)
class NodeGroup:
    """A group as its cloud describes it. ``id`` is the name of the Auto Scaling group, ``name`` that of the node group.

    ``templates`` has one machine per zone, in the order of the group's subnets; ``tags`` are those of the scaling group.
    ``described`` are labels that the cloud tells of its nodes beyond those of the template, ``gpus`` the devices that the
    instance type has, whether or not a device plugin will offer them.
    """

    id: str
    name: str
    min_size: int
    max_size: int
    target_size: int
    templates: tuple[MachineTemplate, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    described: Mapping[str, str] = field(default_factory=dict)
    gpus: int = 0


@dataclass(frozen=True)
class Instance:
    """A machine that a group has, or was asked for and does not get (``failure`` says why). ``id`` is a provider id."""

    id: str
    node_name: str
    failure: str | None = None

    @property
    def is_placeholder(self) -> bool:
        return PLACEHOLDER in self.id


class NodeGroups(Protocol):
    """What a node autoscaler may ask of a cloud and tell it. On the engine's thread; nothing here waits for an answer."""

    def all(self) -> Sequence[NodeGroup]:
        """Every group, by id. Sizes include what was asked for and has not come yet."""
        ...

    def group_of(self, node: Obj) -> str | None:
        """The id of the group whose instance a node is; None for other nodes and when the instance is gone."""
        ...

    def instances(self, group_id: str) -> Sequence[Instance]:
        """As many as the group's size at least: what has not been started is a placeholder."""
        ...

    def increase_size(self, group_id: str, delta: int, done: Done) -> None:
        """Ask for more machines. Raises ValueError, in the cloud provider's words, for more than the group may have."""
        ...

    def decrease_target(self, group_id: str, delta: int, done: Done) -> None:
        """No longer ask for machines that have not been started. Raises ValueError if existing ones would have to go."""
        ...

    def delete_nodes(self, group_id: str, node_names: Sequence[str], done: Done) -> None:
        """Terminate these and lower the size by as many. Raises ValueError when the group is as small as it may be."""
        ...

    def refresh(self) -> None:
        """Called in every loop: look again at what may have changed in the cloud, when it is time to."""
        ...


def always_available(template: MachineTemplate) -> str | None:
    return None


class FleetGroups:
    """The groups of one fleet. Sizes are changed at once unless ``resize_through`` names who has to be asked."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._engine = fleet.cluster.engine
        self._groups: dict[str, NodeGroup] = {}
        self._resizer: Resizer = self._resize_at_once
        self._refresh: Callable[[], None] | None = None
        #: Sizes that were asked for and not answered yet, by group: until then the cloud's word is an older one.
        self._asked: dict[str, int] = {}
        self._retrying: set[str] = set()
        #: What tests and quotas set: why a machine cannot be had.
        self.capacity: Capacity = always_available

    def resize_through(self, resizer: Resizer, refresh: Callable[[], None] | None = None) -> None:
        """Let a cloud decide on sizes; it tells the outcome with ``put``."""
        self._resizer, self._refresh = resizer, refresh

    # --- what the cloud says -----------------------------------------------------------------------------------

    def put(self, group: NodeGroup) -> None:
        """A group is new or changed; its machines follow its size."""
        known = self._groups.get(group.id)
        shown = group if group.id not in self._asked or known is None else replace(group, target_size=known.target_size)
        tags = {**(known.tags if known is not None else {}), **group.tags}
        self._groups[group.id] = replace(shown, tags=dict(sorted(tags.items())))
        self._apply(group, group.target_size)

    def drop(self, group_id: str) -> None:
        """The group is deleted, with its machines."""
        group = self._groups.pop(group_id, None)
        if group is not None:
            self._fleet.resize(group.name, 0, group.templates)

    def tag(self, group_id: str, tags: Mapping[str, str]) -> None:
        """The tags that the scaling group has now."""
        group = self._groups.get(group_id)
        if group is not None:
            self._groups[group_id] = replace(group, tags=dict(sorted(tags.items())))

    # --- the port ----------------------------------------------------------------------------------------------

    def all(self) -> Sequence[NodeGroup]:
        return [self._groups[name] for name in sorted(self._groups)]

    def group_of(self, node: Obj) -> str | None:
        machine = self._fleet.instance_of(node["metadata"]["name"])
        if machine is None or machine.provider_id != (node.get("spec") or {}).get("providerID"):
            return None
        return self._id_of(machine)

    def instances(self, group_id: str) -> Sequence[Instance]:
        group = self._groups[group_id]
        machines = self._members(group)
        found = [Instance(machine.provider_id, machine.name) for machine in machines]
        failure = self._failure(group) if len(machines) < group.target_size else None
        for number in range(len(machines), group.target_size):
            placeholder = f"aws:///{group.templates[0].zone}/{PLACEHOLDER}-{group_id}-{number}"
            found.append(Instance(placeholder, placeholder, failure))
        return found

    def increase_size(self, group_id: str, delta: int, done: Done) -> None:
        group = self._groups[group_id]
        if delta <= 0:
            raise ValueError("size increase must be positive")
        size = group.target_size + delta
        if size > group.max_size:
            raise ValueError(f"size increase too large - desired:{size} max:{group.max_size}")
        self._ask(group, size, done)

    def decrease_target(self, group_id: str, delta: int, done: Done) -> None:
        group = self._groups[group_id]
        machines = len(self._members(group))
        if group.target_size - delta < machines:
            text = f"attempt to delete existing nodes targetSize:{group.target_size} delta:{-delta} existingNodes: "
            raise ValueError(f"{text}{machines}")
        self._ask(group, group.target_size - delta, done)

    def delete_nodes(self, group_id: str, node_names: Sequence[str], done: Done) -> None:
        group = self._groups[group_id]
        if group.target_size <= group.min_size:
            raise ValueError("min size reached, nodes will not be deleted")
        members = {machine.name for machine in self._members(group)}
        for name in node_names:
            if name in members:
                self._fleet.stop(name)
        self._ask(group, max(group.min_size, group.target_size - len(node_names)), done)

    def refresh(self) -> None:
        if self._refresh is not None:
            self._refresh()

    # --- sizes -------------------------------------------------------------------------------------------------

    def _ask(self, group: NodeGroup, size: int, done: Done) -> None:
        """Count on the new size at once; when it is refused, on the old one again."""
        self._asked[group.id] = self._asked.get(group.id, 0) + 1
        self._groups[group.id] = replace(group, target_size=size)
        delta = size - group.target_size

        def answered(refusal: str | None) -> None:
            self._asked[group.id] -= 1
            if not self._asked[group.id]:
                del self._asked[group.id]
            now = self._groups.get(group.id)
            if refusal is not None and now is not None:
                self._groups[group.id] = replace(now, target_size=now.target_size - delta)
            done(refusal)

        self._resizer(group.id, size, answered)

    def _resize_at_once(self, group_id: str, size: int, done: Done) -> None:
        group = self._groups[group_id]
        self._apply(group, size)
        done(None)

    def _apply(self, group: NodeGroup, size: int) -> None:
        """What an Auto Scaling group does about a size: its zones stay even."""
        staying = len(self._fleet.staying(group.name))
        if staying > size:
            self._fleet.resize(group.name, size, group.templates)
        for _ in range(size - staying):
            template = _emptiest(group.templates, self._fleet.staying(group.name))
            why = self.capacity(template)
            if why is not None:
                self._engine.record("fleet", "refuse", group.id, why)
                self._retry(group.id)
                return
            self._fleet.start(template)

    def _retry(self, group_id: str) -> None:
        if group_id not in self._retrying:
            self._retrying.add(group_id)
            self._engine.call_later(RETRY_LAUNCH_SECONDS, lambda: self._try_again(group_id))

    def _try_again(self, group_id: str) -> None:
        self._retrying.discard(group_id)
        group = self._groups.get(group_id)
        if group is not None:
            self._apply(group, group.target_size)

    def _failure(self, group: NodeGroup) -> str | None:
        return self.capacity(_emptiest(group.templates, self._fleet.staying(group.name)))

    def _members(self, group: NodeGroup) -> list[Machine]:
        return [machine for machine in self._fleet.instances if machine.template.node_group == group.name]

    def _id_of(self, machine: Machine) -> str | None:
        names = (group.id for group in self._groups.values() if group.name == machine.template.node_group)
        return next(names, None)


def _emptiest(templates: Sequence[MachineTemplate], machines: Sequence[Machine]) -> MachineTemplate:
    """The template of the zone with the fewest machines."""
    zones = [machine.template.zone for machine in machines]
    return min(templates, key=lambda t: (zones.count(t.zone), t.zone))
