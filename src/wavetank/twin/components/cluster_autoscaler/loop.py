"""The running program: looks at the cluster again and again, and acts. Upstream: ``core/static_autoscaler.go``.

The next look (``loop/trigger.go``) comes after the scan interval, at once after one that changed something, and when a pod is
found unschedulable. ``close`` ends it; what it knows (timers, back-offs) ends with it, as the memory of a process does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster
from wavetank.twin.engine import Timer
from wavetank.twin.nodes.groups import NodeGroup, NodeGroups
from wavetank.twin.scheduler.pod_info import PodInfo, pod_info
from wavetank.twin.scheduler.simulation import Simulation

from . import quotas, scale_up
from .actuator import Actuator
from .calm import Calm
from .events import Events
from .expanders import PRIORITIES_KEY, PRIORITY_CONFIG, Priorities
from .flags import Settings, discovery_tags, explicit_group
from .health import Health
from .node_facts import TO_BE_DELETED, has_startup_taint, has_taint, is_ready
from .pending import all_are_new, is_old_enough, left_over
from .planner import Planner, Scene
from .pod_facts import became_unschedulable_recently, is_daemon, is_mirror, is_unschedulable, without_node
from .scale_up import ScaleUpPass
from .similar import ScaleUp
from .status import StatusMap
from .surroundings import running_pods, surroundings
from .templates import Template, Templates

#: From a write to the look that it leads to: the latency of a watch.
REACTION_SECONDS = 0.002
#: How long a look takes, in which no other begins; assumed, of a small cluster. What it does it does at its beginning.
LOOK_SECONDS = 0.1
NEVER = -3600.0


class Loop:
    """One process of the program with its settings."""

    def __init__(self, cluster: Cluster, port: NodeGroups, simulation: Simulation, settings: Settings) -> None:
        self._cluster, self._port, self._simulation, self._settings = cluster, port, simulation, settings
        self._engine = cluster.engine
        self._events = Events(cluster, settings)
        self._health = Health(settings, port, self._events)
        self._templates = Templates(settings)
        self._planner = Planner(settings)
        self._actuator = Actuator(cluster, settings, port, self._events)
        self._status = StatusMap(cluster, settings)
        self._startup = frozenset((*settings.startup_taint, *settings.ignore_taint))
        self._waiting: dict[str, tuple[str, str]] = {}
        self._timer: Timer | None = None
        self._busy_until_seconds = 0.0
        self._closed = False
        self._productive = False
        self._too_new = False
        now = self._engine.now
        # As if the last scale-up had been an hour ago.
        self._last_scale_up = self._last_delete = self._last_failure = now + NEVER
        self._calm = Calm(cluster)
        self._unsubscribe = cluster.subscribe("pods", self._note_pod)

    def start(self) -> None:
        """Undo what an earlier process has left half done, and wait for the first look."""
        self._status.initialize()
        for node in self._cluster.list("nodes"):
            if has_taint(node, TO_BE_DELETED):
                self._actuator.spare(node["metadata"]["name"])
        for pod in self._cluster.list("pods", where=is_unschedulable):
            self._wait_with(pod)
        self._plan(self._settings.scan_interval)
        if any(self._is_recent(name) for name in self._waiting.values()):
            self._plan(REACTION_SECONDS)

    def close(self) -> None:
        self._closed = True
        self._unsubscribe()
        self._calm.close()
        self._actuator.close()
        if self._timer is not None:
            self._timer.cancel()

    # --- when --------------------------------------------------------------------------------------------------

    def _note_pod(self, change: Change) -> None:
        pod = change.object
        if change.type == "DELETED" or pod["spec"].get("nodeName") or not is_unschedulable(pod):
            self._waiting.pop(pod["metadata"]["uid"], None)
            return
        self._wait_with(pod)
        if self._settings.frequent_loops_enabled and became_unschedulable_recently(pod, self._engine.utc):
            self._plan(REACTION_SECONDS)

    def _wait_with(self, pod: Obj) -> None:
        metadata = pod["metadata"]
        self._waiting[metadata["uid"]] = (metadata["namespace"], metadata["name"])

    def _is_recent(self, name: tuple[str, str]) -> bool:
        pod = self._cluster.find("pods", *name)
        return pod is not None and became_unschedulable_recently(pod, self._engine.utc)

    def _plan(self, seconds: float) -> None:
        """Look then, or earlier if that is planned."""
        if self._closed:
            return
        due = max(self._engine.now + seconds, self._busy_until_seconds)
        if self._timer is not None and self._timer.active:
            if self._timer.seconds <= due:
                return
            self._timer.cancel()
        self._timer = self._engine.call_at(due, self._run)

    def _run(self) -> None:
        self._productive = self._too_new = False
        self._busy_until_seconds = self._engine.now + LOOK_SECONDS
        self.look()
        immediately = self._productive and self._settings.frequent_loops_enabled
        self._plan(0.0 if immediately else self._settings.scan_interval)

    # --- one look ----------------------------------------------------------------------------------------------

    def look(self) -> None:
        """One iteration: see, repair, grow, shrink, tell."""
        self._port.refresh()
        groups = self._groups()
        if self._calm.lasts(groups) and self._has_nothing_under_way():
            self._status.write(groups, self._health, {}, self._engine.now)
            return
        nodes = sorted(self._cluster.list("nodes"), key=lambda node: str(node["metadata"]["name"]))
        group_of = {
            n["metadata"]["name"]: g for n in nodes if (g := self._port.group_of(n)) in groups and g is not None
        }
        ready = [node for node in nodes if is_ready(node) and not has_startup_taint(node, self._startup)]
        if not self._settings.scale_up_from_zero and not ready:
            return
        with self._simulation.trial():
            self._act(groups, nodes, group_of, len(ready))
        candidates: dict[str, int] = {}
        for name in self._planner.unneeded:
            if name in group_of:
                candidates[group_of[name]] = candidates.get(group_of[name], 0) + 1
        self._status.write(self._groups(), self._health, candidates, self._engine.now)

    def _has_nothing_under_way(self) -> bool:
        """No pod, machine or timer that another look might find changed by time alone."""
        waiting = self._waiting or self._actuator.in_progress or self._planner.is_timing(self._engine.now)
        return not waiting and not self._health.is_timing

    def _groups(self) -> dict[str, NodeGroup]:
        """Groups that flags name, with the sizes that they name, and those that have the tags."""
        settings = self._settings
        explicit = {group.name: group for group in map(explicit_group, settings.nodes)}
        wanted = [discovery_tags(spec) for spec in settings.node_group_auto_discovery]
        found: dict[str, NodeGroup] = {}
        for group in self._port.all():
            if group.id in explicit:
                sizes = explicit[group.id]
                found[group.id] = replace(group, min_size=sizes.min_size, max_size=sizes.max_size)
            elif any(tags.finds(group.tags) for tags in wanted):
                found[group.id] = group
        return found

    def _act(
        self, groups: Mapping[str, NodeGroup], nodes: Sequence[Obj], group_of: Mapping[str, str], ready: int
    ) -> None:
        now, utc = self._engine.now, self._engine.utc
        daemon_sets = self._cluster.list("daemonsets.apps")
        templates = self._templates.of(groups, self._simulation.nodes, group_of, daemon_sets, utc)
        self._health.update(groups, nodes, group_of, now, utc)
        self._leave_out_expendable()
        self._remove_unregistered(groups)
        if not self._health.is_cluster_healthy:
            self._planner.forget()
            self._events.on_status("ClusterUnhealthy", "Cluster is unhealthy", "Warning")
            return
        self._delete_failed(groups)
        if self._fix_sizes(groups):
            return
        starting = self._add_upcoming(self._groups(), templates)
        if self._scale_up(templates, nodes, group_of, ready):
            return
        if self._settings.scale_down_enabled:
            settled = {n["metadata"]["name"]: n for n in nodes if n["metadata"]["name"] not in starting}
            self._scale_down(settled, group_of, templates)
        if self._settings.enforce_node_group_min_size:
            self._grow_to_least()

    # --- seeing and repairing ----------------------------------------------------------------------------------

    def _leave_out_expendable(self) -> None:
        """Pods below the cutoff count for nothing: others take their place."""
        cutoff = self._settings.expendable_pods_priority_cutoff
        for name, info in self._simulation.nodes.items():
            for pod in [pod for pod in info.pods.values() if pod.priority < cutoff]:
                self._simulation.lift(pod, name)

    def _remove_unregistered(self, groups: Mapping[str, NodeGroup]) -> None:
        """Machines that have not become nodes for too long; never below the least size."""
        limit = self._engine.now - self._settings.max_node_provision_time
        for group_id, group in groups.items():
            old = [
                one for one, (owner, since) in self._health.unregistered.items() if owner == group_id and since < limit
            ]
            names = {instance.id: instance.node_name for instance in self._health.instances[group_id]}
            for one in sorted(old)[: max(0, group.target_size - group.min_size)]:
                self._delete_instance(group_id, one, names[one])

    def _delete_instance(self, group_id: str, instance_id: str, node_name: str) -> None:
        def answered(refusal: str | None) -> None:
            if refusal is None:
                self._events.on_status("DeleteUnregistered", f"Removed unregistered node {instance_id}")
            else:
                text = f"Failed to remove node {instance_id}: {refusal}"
                self._events.on_status("DeleteUnregisteredFailed", text, "Warning")

        try:
            self._port.delete_nodes(group_id, [node_name], answered)
        except ValueError as error:
            answered(str(error))

    def _delete_failed(self, groups: Mapping[str, NodeGroup]) -> None:
        """Machines that the cloud cannot give are asked for no longer."""
        for group_id in groups:
            names = [instance.node_name for instance in self._health.failed_instances(group_id)]
            if names:
                try:
                    self._port.delete_nodes(group_id, names, lambda _: None)
                except ValueError as error:
                    self._engine.record("cluster-autoscaler", "fail", group_id, str(error))

    def _fix_sizes(self, groups: Mapping[str, NodeGroup]) -> bool:
        """A size that nodes have not reached for too long becomes what there is."""
        limit, fixed = self._engine.now - self._settings.max_node_provision_time, False
        for group_id, wrong in self._health.wrong_sizes.items():
            if group_id in groups and wrong.since_seconds < limit and wrong.nodes < wrong.size:
                try:
                    self._port.decrease_target(group_id, wrong.size - wrong.nodes, lambda _: None)
                except ValueError as error:
                    self._engine.record("cluster-autoscaler", "fail", group_id, str(error))
                else:
                    fixed = True
        return fixed

    def _add_upcoming(self, groups: Mapping[str, NodeGroup], templates: Mapping[str, Template]) -> set[str]:
        """Nodes that are on their way count as if they were there; returns those that have a Node already."""
        starting: set[str] = set()
        for group_id, group in groups.items():
            count = self._health.upcoming(group)
            for number in range(count):
                name = f"template-node-for-{group_id}-upcoming-{number}"
                self._simulation.add_node(*templates[group_id].fresh(name))
            if count and group_id in self._health.of:
                starting.update(self._health.of[group_id].not_started)
        for name in sorted(starting & self._simulation.nodes.keys()):
            self._simulation.remove_node(name)
        return starting

    # --- growing -----------------------------------------------------------------------------------------------

    def _scale_up(
        self, templates: Mapping[str, Template], nodes: Sequence[Obj], group_of: Mapping[str, str], ready: int
    ) -> bool:
        now, utc = self._engine.now, self._engine.utc
        pods = [pod for pod in left_over(self._simulation, self._pending()) if not is_daemon(pod.pod)]
        pods = [pod for pod in pods if is_old_enough(pod.pod, self._settings, utc)]
        most = self._settings.max_nodes_total
        if not pods:
            return False
        if most and ready >= most:
            scale_up.tell_max_nodes(pods, self._events)
            return False
        if all_are_new([pod.pod for pod in pods], utc):
            self._too_new = True
            return False
        groups = self._groups()
        upcoming = sum(map(self._health.upcoming, groups.values()))
        total = self._total(groups, templates, nodes, group_of)
        scene = scale_up.Cluster(groups, templates, ready + upcoming, total)
        attempt = ScaleUpPass(
            self._settings, self._port, self._health, self._events, self._simulation, scene, self._engine.now
        )
        config = self._cluster.find("configmaps", self._settings.namespace, PRIORITY_CONFIG)
        priorities = Priorities(config is not None, ((config or {}).get("data") or {}).get(PRIORITIES_KEY))
        if not attempt.run(pods, priorities, config, self._engine.random("cluster-autoscaler")):
            return False
        self._last_scale_up, self._productive = now, True
        return True

    def _pending(self) -> list[PodInfo]:
        """Pods without a node, and pods of nodes that are being emptied."""
        cutoff = self._settings.expendable_pods_priority_cutoff
        found: list[PodInfo] = []
        for name in sorted(self._waiting.values()):
            pod = self._cluster.find("pods", *name)
            if pod is None or (pod["spec"].get("priority") or 0) < cutoff:
                continue
            nominated = str((pod.get("status") or {}).get("nominatedNodeName") or "")
            if nominated in self._simulation.nodes:
                self._simulation.place(pod_info(pod), nominated)
            else:
                found.append(pod_info(pod))
        for deletion in self._actuator.in_progress.values():
            moving = running_pods(self._cluster, deletion.name) if deletion.drain else ()
            # One that is told to end has a successor already.
            moving = [p for p in moving if not (p.terminating or is_daemon(p.pod) or is_mirror(p.pod))]
            found += [without_node(pod, "drained") for pod in moving]
        return found

    @staticmethod
    def _total(
        groups: Mapping[str, NodeGroup],
        templates: Mapping[str, Template],
        nodes: Sequence[Obj],
        group_of: Mapping[str, str],
    ) -> quotas.Size:
        examples = {group_id: templates[group_id].node for group_id in groups}
        others = [node for node in nodes if node["metadata"]["name"] not in group_of]
        return quotas.target_size(groups.values(), examples, others)

    def _grow_to_least(self) -> None:
        now = self._engine.now
        for group in self._groups().values():
            blocked = self._health.backoffs.current(group.id, now) is not None
            if group.target_size >= group.min_size or blocked or not self._health.is_group_healthy(group):
                continue
            plan = ScaleUp(group.id, group.target_size, group.min_size, group.max_size)
            if scale_up.execute(plan, self._port, self._health, self._events, now):
                self._last_scale_up, self._productive = now, True

    # --- shrinking ---------------------------------------------------------------------------------------------

    def _scale_down(
        self, nodes: Mapping[str, Obj], group_of: Mapping[str, str], templates: Mapping[str, Template]
    ) -> None:
        now, groups, busy = self._engine.now, self._groups(), frozenset(self._actuator.in_progress)
        around = surroundings(self._cluster, self._settings)
        scene = Scene(groups, group_of, nodes, busy, self._actuator.by_group, around, now)
        self._planner.update(self._simulation, scene)
        if self._too_new or not self._planner.candidates(scene) or self._is_cooling_down():
            return
        left = [node for name, node in nodes.items() if name not in busy]
        total = quotas.Size()
        for node in left:
            total = total.plus(quotas.size_of(node))
        empty, drain = self._planner.to_delete(scene, total)
        try:
            started = self._actuator.start(empty, drain, group_of, self._planner.utilizations)
        except ApiError:
            self._last_failure = now
            return
        if started:
            self._last_delete, self._productive = now, True
        elif self._settings.max_bulk_soft_taint_count:
            owned = [node for name, node in nodes.items() if name in group_of]
            self._actuator.mark_candidates(list(self._planner.unneeded), owned)

    def _is_cooling_down(self) -> bool:
        now, settings = self._engine.now, self._settings
        return (
            self._last_scale_up + settings.scale_down_delay_after_add > now
            or self._last_failure + settings.scale_down_delay_after_failure > now
            or self._last_delete + settings.delay_after_delete > now
        )
