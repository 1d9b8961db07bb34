"""Which nodes are not needed, since when, and which of them may go now. Upstream: ``core/scaledown/planner``, ``unneeded``.

Works in the simulation of the loop; keeps the timers. Nodes are named, times are engine seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from wavetank.kube.types import Obj
from wavetank.twin.nodes.groups import NodeGroup
from wavetank.twin.scheduler.pod_info import PodInfo
from wavetank.twin.scheduler.simulation import Simulation

from . import quotas
from .drainability import Drain, Surroundings, drain_of
from .flags import Settings
from .group_options import settings_for
from .node_facts import SCALE_DOWN_DISABLED, is_being_deleted, is_ready
from .pod_facts import without_node
from .utilization import Utilization, threshold, utilization


@dataclass(frozen=True)
class Removal:
    """A node that is not needed, and the pods that would have to move. ``risky``: budgets do not allow all at once."""

    name: str
    pods: tuple[PodInfo, ...] = ()
    risky: bool = False


@dataclass(frozen=True)
class Scene:
    """What the planner looks at in one loop. ``deleting`` counts deletions under way by group, ``busy`` names the nodes."""

    groups: Mapping[str, NodeGroup]
    group_of: Mapping[str, str]
    nodes: Mapping[str, Obj]
    busy: frozenset[str]
    deleting: Counter[str]
    around: Surroundings
    now: float

    @property
    def utc(self) -> datetime:
        return self.around.now


class Planner:
    """``update`` in every loop that may scale down, then ``to_delete`` unless it is too early for any."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        #: Nodes that are not needed, and since when.
        self.unneeded: dict[str, tuple[float, Removal]] = {}
        #: Until when a node that cannot go is not looked at again.
        self._unremovable: dict[str, float] = {}
        self.utilizations: dict[str, Utilization] = {}

    def forget(self) -> None:
        """All timers begin anew."""
        self.unneeded = {}

    def is_timing(self, now: float) -> bool:
        """Whether some node waits for its end, or for another look."""
        return bool(self.unneeded) or any(until <= now for until in self._unremovable.values())

    # --- not needed --------------------------------------------------------------------------------------------

    def candidates(self, scene: Scene) -> list[str]:
        """Nodes of groups that may become smaller."""
        found = [name for name in scene.nodes if name in scene.group_of]
        return [name for name in found if self._may_shrink(scene.groups[scene.group_of[name]], scene)]

    @staticmethod
    def _may_shrink(group: NodeGroup, scene: Scene) -> bool:
        return group.target_size - scene.deleting[group.id] > group.min_size

    def update(self, simulation: Simulation, scene: Scene) -> None:
        """Find out who is not needed now; whoever was and is not any more begins anew later."""
        self._unremovable = {name: until for name, until in self._unremovable.items() if until > scene.now}
        self.utilizations = {}
        names = [n for n in self.candidates(scene) if n not in scene.busy and self._is_eligible(n, simulation, scene)]
        names.sort(key=lambda name: (self._has_pods_to_move(name, simulation, scene), name not in self.unneeded, name))
        most = len(self.unneeded) + 2 * self._settings.max_scale_down_parallelism
        destinations = {name for name in scene.nodes if name not in scene.busy}
        removals: list[Removal] = []
        for name in names:
            if len(removals) >= most:
                break
            removal = self._removal(name, simulation, scene, destinations)
            if removal is None:
                self._unremovable[name] = scene.now + self._settings.unremovable_node_recheck_timeout
                continue
            destinations.discard(name)
            scene.around.budgets.spend(removal.pods)
            removals.append(removal)
        known = self.unneeded
        self.unneeded = {r.name: (known[r.name][0] if r.name in known else scene.now, r) for r in removals}

    def _is_eligible(self, name: str, simulation: Simulation, scene: Scene) -> bool:
        info = simulation.nodes.get(name)
        if info is None or name in self._unremovable or is_being_deleted(info.node, scene.utc):
            return False
        if (info.node["metadata"].get("annotations") or {}).get(SCALE_DOWN_DISABLED) == "true":
            return False
        settings = settings_for(scene.groups[scene.group_of[name]].tags, self._settings)
        found = self.utilizations[name] = utilization(info, settings, scene.utc)
        if not settings.scale_down_unready_enabled and not is_ready(info.node):
            return False
        return found.share <= threshold(info, settings)

    @staticmethod
    def _drain(name: str, simulation: Simulation, scene: Scene) -> Drain:
        return drain_of(list(simulation.nodes[name].pods.values()), scene.around)

    def _has_pods_to_move(self, name: str, simulation: Simulation, scene: Scene) -> bool:
        drain = self._drain(name, simulation, scene)
        return bool(drain.moving or drain.waiting or drain.blocked_by)

    def _removal(self, name: str, simulation: Simulation, scene: Scene, destinations: set[str]) -> Removal | None:
        """Take the node out of the picture if all its pods find another place; None if they do not."""
        drain = self._drain(name, simulation, scene)
        if drain.blocked_by or drain.waiting:
            return None
        places = self._places(name, drain.moving, simulation, sorted(destinations - {name}))
        if places is None:
            return None
        risky = not scene.around.budgets.allows_at_once(drain.moving)
        simulation.remove_node(name)
        for pod, place in places:
            simulation.place(pod, place)
        return Removal(name, drain.moving, risky)

    @staticmethod
    def _places(
        name: str, pods: Sequence[PodInfo], simulation: Simulation, destinations: Sequence[str]
    ) -> list[tuple[PodInfo, str]] | None:
        found: list[tuple[PodInfo, str]] = []
        with simulation.trial():
            simulation.remove_node(name)
            for pod in pods:
                moved = without_node(pod, "moved")
                place = simulation.first_fit(moved, destinations)
                if place is None:
                    return None
                simulation.place(moved, place)
                found.append((moved, place))
        return found

    # --- may go ------------------------------------------------------------------------------------------------

    def to_delete(self, scene: Scene, total: quotas.Size) -> tuple[list[Removal], list[Removal]]:
        """Nodes that were not needed for long enough: empty ones, and those to be emptied, risky ones last."""
        sizes = {group_id: group.target_size - scene.deleting[group_id] for group_id, group in scene.groups.items()}
        chosen: list[Removal] = []
        # Empty ones first, as they count against the least size of a group.
        for name in sorted(self.unneeded, key=lambda name: (bool(self.unneeded[name][1].pods), name)):
            since, removal = self.unneeded[name]
            node = scene.nodes[name]
            group = scene.groups[scene.group_of[name]]
            settings = settings_for(group.tags, self._settings)
            wait = settings.scale_down_unneeded_time if is_ready(node) else settings.scale_down_unready_time
            one = quotas.size_of(node)
            if since + wait >= scene.now or sizes[group.id] <= group.min_size:
                continue
            if not quotas.may_lose(self._settings, total, one):
                continue
            sizes[group.id] -= 1
            total = total.plus(one, -1)
            chosen.append(removal)
        empty = [removal for removal in chosen if not removal.pods]
        return empty, sorted((r for r in chosen if r.pods), key=lambda r: r.risky)
