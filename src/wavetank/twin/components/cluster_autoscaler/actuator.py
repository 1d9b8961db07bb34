"""Deleting nodes: taint, wait, look again, empty, terminate; several at a time. Upstream: ``core/scaledown/actuation``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.nodes.groups import NodeGroups

from . import node_facts
from .drain import NodeDrain
from .drainability import drain_of
from .events import Events
from .flags import Settings
from .planner import Removal
from .surroundings import running_pods, surroundings
from .utilization import Utilization


@dataclass(frozen=True)
class Deletion:
    """A node that is on its way out."""

    name: str
    group_id: str
    drain: bool


class Actuator:
    """Deletions under way by node name. ``close`` ends what the program would have done."""

    def __init__(self, cluster: Cluster, settings: Settings, port: NodeGroups, events: Events) -> None:
        self._cluster, self._settings, self._port, self._events = cluster, settings, port, events
        self._engine = cluster.engine
        self.in_progress: dict[str, Deletion] = {}
        self._closed = False

    def close(self) -> None:
        self._closed = True

    @property
    def by_group(self) -> Counter[str]:
        return Counter(deletion.group_id for deletion in self.in_progress.values())

    # --- beginning ---------------------------------------------------------------------------------------------

    def start(
        self,
        empty: Sequence[Removal],
        drain: Sequence[Removal],
        group_of: Mapping[str, str],
        utilizations: Mapping[str, Utilization],
    ) -> bool:
        """Begin with as many as may go at a time; False when there are none. ApiError when one cannot be marked."""
        empty, drain = self._cropped(empty, drain)
        self._taint_all([removal.name for removal in empty])
        for removal in empty:
            text = f'Scale-down: removing empty node "{removal.name}"'
            self._events.on_status("ScaleDownEmpty", text)
            self._begin(removal, group_of[removal.name], drain=False)
        # What is evicted from one of them must not come to another.
        self._taint_all([removal.name for removal in drain])
        for removal in drain:
            pods = ",".join(f"{pod.namespace}/{pod.name}" for pod in removal.pods)
            text = f"Scale-down: removing node {removal.name}, utilization: {utilizations.get(removal.name)}, "
            self._events.on_status("ScaleDown", f"{text}pods to reschedule: {pods}")
            self._begin(removal, group_of[removal.name], drain=True)
        return bool(empty or drain)

    def _begin(self, removal: Removal, group_id: str, *, drain: bool) -> None:
        self.in_progress[removal.name] = Deletion(removal.name, group_id, drain)
        self._later(self._settings.node_delete_delay_after_taint, partial(self._check, removal.name))

    def _cropped(
        self, empty: Sequence[Removal], drain: Sequence[Removal]
    ) -> tuple[Sequence[Removal], Sequence[Removal]]:
        room = max(0, self._settings.max_scale_down_parallelism - len(self.in_progress))
        draining = sum(1 for deletion in self.in_progress.values() if deletion.drain)
        taken = empty[:room]
        left = min(room - len(taken), max(0, self._settings.max_drain_parallelism - draining))
        return taken, drain[:left]

    def _taint_all(self, names: Sequence[str]) -> None:
        """All or none."""
        cordon = self._settings.cordon_node_before_terminating
        change = partial(node_facts.marked_for_deletion, now=self._engine.utc, cordon=cordon)
        for done, name in enumerate(names):
            try:
                node = self._cluster.modify("nodes", "", name, change)
            except ApiError as refusal:
                self._tell_not_marked(name, refusal)
                for other in names[:done]:
                    self.spare(other)
                raise
            self._events.on(node, "ScaleDown", "marked the node as toBeDeleted/unschedulable")

    def _tell_not_marked(self, name: str, refusal: ApiError) -> None:
        node = self._cluster.find("nodes", "", name)
        if node is not None:
            text = f"failed to mark the node as toBeDeleted/unschedulable: {refusal.message}"
            self._events.on(node, "ScaleDownFailed", text, "Warning")

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        def act() -> None:
            if not self._closed:
                action()

        self._engine.call_later(seconds, act)

    # --- going on ----------------------------------------------------------------------------------------------

    def _check(self, name: str) -> None:
        """Whether what was true before the taint is true still."""
        deletion = self.in_progress[name]
        if self._cluster.find("nodes", "", name) is None:
            self._end(deletion)
            return
        found = drain_of(running_pods(self._cluster, name), surroundings(self._cluster, self._settings))
        blocked = found.blocked_by or "".join(f"{p.namespace}/{p.name}: waits" for p in found.waiting[:1])
        if blocked:
            self._fail(deletion, f'GetPodsToMove for "{name}" returned error: {blocked}')
        elif not deletion.drain and found.moving:
            self._fail(deletion, f'failed to delete empty node "{name}", new pods scheduled')
        else:
            NodeDrain(
                self._cluster, self._settings, self._events, name, self._later, partial(self._drained, name)
            ).begin(deletion.drain)

    def _drained(self, name: str, failure: str | None) -> None:
        deletion = self.in_progress[name]
        if failure is not None:
            self._fail(deletion, failure)
            return
        node = self._cluster.find("nodes", "", name)
        if node is None or self._port.group_of(node) != deletion.group_id:
            self._fail(deletion, f"failed to find node group for {name}")
            return
        try:
            self._port.delete_nodes(deletion.group_id, [name], partial(self._answered, deletion, node))
        except ValueError as error:
            self._fail(deletion, f"failed to delete {name}: {error}")

    def _answered(self, deletion: Deletion, node: Obj, refusal: str | None) -> None:
        if self._closed:
            return
        if refusal is not None:
            self._fail(deletion, f"failed to delete {deletion.name}: {refusal}")
            return
        self._events.on(node, "ScaleDown", "nodes removed by cluster autoscaler")
        if deletion.drain:
            self._events.on_status("ScaleDown", f"Scale-down: node {deletion.name} removed with drain")
        else:
            self._events.on_status("ScaleDownEmpty", f"Scale-down: empty node {deletion.name} removed")
        self._end(deletion)

    def _fail(self, deletion: Deletion, why: str) -> None:
        """Leave the node as it was."""
        what = "drain and delete node" if deletion.drain else "delete empty node"
        node = self._cluster.find("nodes", "", deletion.name)
        if node is not None:
            self._events.on(node, "ScaleDownFailed", f"failed to {what}: {why}", "Warning")
            self.spare(deletion.name)
        self._end(deletion)

    def _end(self, deletion: Deletion) -> None:
        self.in_progress.pop(deletion.name, None)

    # --- taints ------------------------------------------------------------------------------------------------

    def spare(self, name: str) -> None:
        """Take the taint of a node that is not deleted after all."""
        uncordon = self._settings.cordon_node_before_terminating
        self._modify(name, partial(node_facts.spared, uncordon=uncordon))

    def mark_candidates(self, unneeded: Sequence[str], nodes: Sequence[Obj]) -> None:
        """Keep pods off nodes that are not needed, if there is room elsewhere; a few nodes at a time."""
        budget = self._settings.max_bulk_soft_taint_count
        changes: list[tuple[str, Callable[[Obj], Obj]]] = []
        for node in nodes:
            name, marked = node["metadata"]["name"], node_facts.has_taint(node, node_facts.DELETION_CANDIDATE)
            if node_facts.has_taint(node, node_facts.TO_BE_DELETED) or marked == (name in unneeded):
                continue
            if marked:
                changes.insert(0, (name, node_facts.no_candidate))
            else:
                changes.append((name, partial(node_facts.marked_as_candidate, now=self._engine.utc)))
        for name, change in changes[:budget]:
            self._modify(name, change)

    def _modify(self, name: str, change: Callable[[Obj], Obj]) -> None:
        try:
            self._cluster.modify("nodes", "", name, change)
        except ApiError as refusal:
            # Gone in the meantime, or a policy does not let it: the next loop looks again.
            self._engine.record("cluster-autoscaler", "fail", name, refusal.message)
