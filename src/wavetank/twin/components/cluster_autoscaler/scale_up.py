"""Growing a group for pods that wait. Upstream: ``core/scaleup/orchestrator``.

Looks at every group, lets the expander choose one, caps what it asks for, shares it with similar groups, and tells the pods.
Asks the cloud through ``NodeGroups``; what was asked for counts at once, a refusal comes back through ``refused``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from wavetank.kube.types import Obj
from wavetank.twin.nodes.groups import NodeGroup, NodeGroups
from wavetank.twin.scheduler.pod_info import PodInfo
from wavetank.twin.scheduler.simulation import Simulation

from . import expanders, quotas, similar
from .estimator import estimate
from .events import Events
from .expanders import Complaint, Option, Priorities
from .flags import Settings
from .health import Health
from .pending import PodGroup, groups_of
from .similar import ScaleUp
from .templates import Template

IN_BACKOFF, MAX_SIZE = "in backoff after failed scale-up", "max node group size reached"
NOT_HEALTHY = "not ready for scale-up"
FILTERED_OUT = "expansion options filtered out and no longer considered"
MAX_NODES = "max total nodes in cluster reached"


@dataclass(frozen=True)
class Cluster:
    """What a scale-up looks at, the same throughout one loop."""

    groups: Mapping[str, NodeGroup]
    templates: Mapping[str, Template]
    #: Ready nodes, and those that are on their way.
    node_count: int
    #: What there is and what is asked for.
    total: quotas.Size


class ScaleUpPass:
    """One attempt, in the simulation of the loop."""

    def __init__(
        self,
        settings: Settings,
        port: NodeGroups,
        health: Health,
        events: Events,
        simulation: Simulation,
        cluster: Cluster,
        now: float,
    ) -> None:
        self._settings, self._port, self._health, self._events = settings, port, health, events
        self._simulation, self._cluster, self._now = simulation, cluster, now
        self._skipped: dict[str, str] = {}
        self._takes: dict[str, list[PodGroup]] = {}

    def run(self, pods: Sequence[PodInfo], priorities: Priorities, config: Obj | None, randomness: Random) -> bool:
        """Whether some group grows. Tells pods what it means for them."""
        groups = groups_of(pods)
        options = self._options(groups)
        tell = self._complain(config)
        names = self._settings.expander.split(",")
        chosen = expanders.best(options, names, priorities, tell, randomness) if options else None
        if chosen is None:
            if options:
                self._filter_out(groups)
            self._tell_remaining(groups)
            return False
        plan = self._plan(chosen)
        if not plan or not self._execute(plan):
            return False
        text = f"pod triggered scale-up: [{' '.join(map(str, plan))}]"
        for pod in chosen.pods:
            self._events.on(pod.pod, "TriggeredScaleUp", text)
        return True

    # --- options -----------------------------------------------------------------------------------------------

    def _options(self, groups: Sequence[PodGroup]) -> list[Option]:
        valid = [group_id for group_id in self._cluster.groups if self._may_grow(group_id)]
        for group_id in valid:
            self._takes[group_id] = self._schedulable(groups, group_id)
        found = [self._option(group_id) for group_id in valid if self._takes[group_id]]
        return [option for option in found if option.node_count and option.pods]

    def _may_grow(self, group_id: str) -> bool:
        reason = self._reason_to_skip(group_id)
        if reason:
            self._skipped[group_id] = reason
        return not reason

    def _reason_to_skip(self, group_id: str) -> str:
        group = self._cluster.groups[group_id]
        if not self._health.is_group_healthy(group):
            return NOT_HEALTHY
        if self._health.backoffs.current(group_id, self._now) is not None:
            return IN_BACKOFF
        if group.target_size >= group.max_size:
            return MAX_SIZE
        over = quotas.exceeded(self._settings, self._cluster.total, self._size(group_id))
        return f"max cluster {', '.join(over)} limit reached" if over else ""

    def _size(self, group_id: str) -> quotas.Size:
        return quotas.size_of(self._cluster.templates[group_id].node)

    def _schedulable(self, groups: Sequence[PodGroup], group_id: str) -> list[PodGroup]:
        """The groups of pods of which one fits a new node alone; the others note why not."""
        found: list[PodGroup] = []
        name = f"template-node-for-{group_id}"
        with self._simulation.trial():
            self._simulation.add_node(*self._cluster.templates[group_id].fresh(name))
            for group in groups:
                rejection = self._simulation.rejection(group.pods[0], name)
                if rejection is None:
                    group.schedulable = True
                    found.append(group)
                else:
                    group.errors[group_id] = rejection.reasons
        return found

    def _option(self, group_id: str) -> Option:
        template = self._cluster.templates[group_id]
        room = [self._cluster.groups[one] for one in (group_id, *self._similar(group_id))]
        most = min(self._settings.max_nodes_per_scaleup, sum(max(0, g.max_size - g.target_size) for g in room))
        if self._settings.max_nodes_total:
            most = min(most, max(0, self._settings.max_nodes_total - self._cluster.node_count))
        found = estimate(self._simulation, self._takes[group_id], template, most)
        return Option(group_id, found.node_count, found.pods, template.node)

    def _similar(self, group_id: str) -> list[str]:
        """Groups that are alike, may grow, and take the same pods."""
        if not self._settings.balance_similar_node_groups:
            return []
        template, mine = self._cluster.templates[group_id], self._takes[group_id]
        return [
            other
            for other, takes in self._takes.items()
            if other != group_id
            and all(any(group is one for one in takes) for group in mine)
            and similar.are_similar(template, self._cluster.templates[other], self._settings)
        ]

    # --- the plan ----------------------------------------------------------------------------------------------

    def _plan(self, chosen: Option) -> list[ScaleUp]:
        count = self._capped(chosen.node_count)
        size, total = self._size(chosen.group_id), self._cluster.total
        count = quotas.nodes_allowed(self._settings, total, size, count)
        members = [self._cluster.groups[one] for one in (chosen.group_id, *self._similar(chosen.group_id))]
        sizes = [ScaleUp(group.id, group.target_size, group.target_size, group.max_size) for group in members]
        return similar.balanced(sizes, count)

    def _capped(self, count: int) -> int:
        most = self._settings.max_nodes_total
        if not most or count + self._cluster.node_count <= most:
            return count
        text = f"Max total nodes in cluster reached: {most}"
        self._events.on_status("MaxNodesTotalReached", text, "Warning")
        return max(0, most - self._cluster.node_count)

    def _execute(self, plan: Sequence[ScaleUp]) -> bool:
        # In order, and no further than the first that is refused.
        return all(execute(each, self._port, self._health, self._events, self._now) for each in plan)

    # --- telling -----------------------------------------------------------------------------------------------

    def _complain(self, config: Obj | None) -> Callable[[Complaint], None]:
        def tell(complaint: Complaint) -> None:
            if config is not None:
                self._events.on(config, complaint.reason, complaint.message, "Warning")

        return tell

    def _filter_out(self, groups: Sequence[PodGroup]) -> None:
        for group in groups:
            if group.schedulable:
                group.schedulable = False
                group.errors |= {one: (FILTERED_OUT,) for one, takes in self._takes.items() if group in takes}

    def _tell_remaining(self, groups: Sequence[PodGroup]) -> None:
        for group in groups:
            if not group.schedulable:
                text = f"pod didn't trigger scale-up: {reasons(group.errors, self._skipped)}"
                for pod in group.pods:
                    self._events.on(pod.pod, "NotTriggerScaleUp", text)


def execute(plan: ScaleUp, port: NodeGroups, health: Health, events: Events, now: float) -> bool:
    """Ask for the new size; False when it was refused at once. What comes of it later is told then."""
    sizes = f"{plan.new} instead of {plan.current} (max: {plan.most})"
    events.on_status("ScaledUpGroup", f"Scale-up: setting group {plan.group_id} size to {sizes}")
    increase, refusals = plan.new - plan.current, list[str]()

    def answered(refusal: str | None) -> None:
        if refusal is None:
            events.on_status("ScaledUpGroup", f"Scale-up: group {plan.group_id} size set to {sizes}")
            return
        refusals.append(refusal)
        text = f"Scale-up failed for group {plan.group_id}: {refusal}"
        events.on_status("FailedToScaleUpGroup", text, "Warning")
        health.register_scale_up(plan.group_id, -increase, now)
        why = f"failed to increase node group size: {refusal}"
        health.register_failure(plan.group_id, "cloudProviderError", why, now)

    health.register_scale_up(plan.group_id, increase, now)
    try:
        port.increase_size(plan.group_id, increase, answered)
    except ValueError as error:
        answered(str(error))
    return not refusals


def reasons(rejected: Mapping[str, Sequence[str]], skipped: Mapping[str, str]) -> str:
    """Every reason with the number of groups that have it, sorted; upstream's order is that of a map."""
    counts = Counter(reason for each in rejected.values() for reason in each)
    counts.update(skipped.values())
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))


def tell_max_nodes(pods: Sequence[PodInfo], events: Events) -> None:
    """The cluster has as many nodes as it may have."""
    for pod in pods:
        events.on(pod.pod, "NotTriggerScaleUp", f"pod didn't trigger scale-up: {MAX_NODES}")
