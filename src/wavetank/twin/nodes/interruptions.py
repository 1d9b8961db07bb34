"""What a cloud announces of its spot machines: that one will be taken back in two minutes, or is likely to be.

Whoever drives a world announces (a test, a scenario, ``take_back_at_random``); node autoscalers listen. The machine is
stopped when its time has come, whether or not somebody has emptied it. Facts: EC2 user guide, "Spot Instance interruption
notices" and "EC2 instance rebalance recommendations".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from wavetank.kube.conditions import is_true
from wavetank.twin.cluster import Change

from .fleet import Fleet
from .machine import Machine

#: From the notice to the end.
NOTICE_SECONDS = 120.0
HOUR_SECONDS = 3600.0
SPOT = "SPOT"

Kind = Literal["interruption", "rebalance"]


@dataclass(frozen=True)
class Notice:
    """``ends_seconds`` is when the machine stops, in engine time; None for a recommendation, which promises no time."""

    kind: Kind
    machine: Machine
    ends_seconds: float | None = None


Listener = Callable[[Notice], None]


class Interruptions:
    """Announcements about the machines of one fleet. ``listen`` returns what ends the listening."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._engine = fleet.cluster.engine
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Be told every notice, in the order in which they are given."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def interrupt(self, node_name: str) -> Notice:
        """Announce that EC2 takes a machine back. KeyError for a node behind which there is no machine."""
        machine = self._machine(node_name)
        self._engine.record("ec2", "interrupt", node_name, f"spot {machine.template.instance_type} ends in two minutes")
        ends = self._engine.now + NOTICE_SECONDS
        self._engine.call_at(ends, lambda: self._take_back(machine))
        return self._told(Notice("interruption", machine, ends))

    def recommend_rebalance(self, node_name: str) -> Notice:
        """Announce that a machine is at elevated risk. KeyError as above."""
        machine = self._machine(node_name)
        self._engine.record("ec2", "recommend rebalance", node_name, machine.template.instance_type)
        return self._told(Notice("rebalance", machine))

    def take_back_at_random(self, per_machine_hour: float, *, step_seconds: float = 60.0) -> Callable[[], None]:
        """Interrupt spot machines by the world's seed, each at this rate; returns what ends it."""
        randomness, chance = self._engine.random("spot-interruptions"), per_machine_hour * step_seconds / HOUR_SECONDS
        doomed: set[str] = set()
        going = [True]

        def look() -> None:
            if not going[0]:
                return
            for machine in self._fleet.instances:
                hit = machine.template.capacity_type == SPOT and randomness.random() < chance
                if hit and machine.instance_id not in doomed:
                    doomed.add(machine.instance_id)
                    self.interrupt(machine.name)
            self._engine.call_later(step_seconds, look)

        self._engine.call_later(step_seconds, look)
        return lambda: going.__setitem__(0, False)

    def _machine(self, node_name: str) -> Machine:
        machine = self._fleet.instance_of(node_name)
        if machine is None:
            raise KeyError(node_name)
        return machine

    def _told(self, notice: Notice) -> Notice:
        for listener in tuple(self._listeners):
            listener(notice)
        return notice

    def _take_back(self, machine: Machine) -> None:
        if self._fleet.instance_of(machine.name) is machine:
            self._engine.record("ec2", "take back", machine.name)
            self._fleet.stop(machine.name)


class ManagedSpotGroups:
    """What EKS does about notices for machines of its groups: another one first where there is time, then the old one is emptied.

    EKS user guide, "Managed node group capacity types": on a rebalance recommendation a new machine is started and the old one
    cordoned and drained when it is Ready; on an interruption notice draining begins at once.
    """

    def __init__(self, interruptions: Interruptions, fleet: Fleet) -> None:
        self._fleet = fleet
        #: Which machine stands for which, by names of nodes.
        self._replaced: dict[str, str] = {}
        cluster = fleet.cluster
        self._ends = (interruptions.listen(self._hear), cluster.subscribe("nodes", self._note_node))

    def close(self) -> None:
        for end in self._ends:
            end()

    def _hear(self, notice: Notice) -> None:
        machine = notice.machine
        if not machine.template.node_group or machine.template.capacity_type != SPOT:
            return
        if machine.name not in self._replaced:
            self._replaced[machine.name] = self._fleet.start(machine.template).name
        if notice.kind == "interruption":
            self._fleet.retire(machine.name)

    def _note_node(self, change: Change) -> None:
        if change.type == "DELETED" or not is_true(change.object, "Ready"):
            return
        for old, new in self._replaced.items():
            if new == change.name and self._fleet.instance_of(old) is not None:
                self._fleet.retire(old)
