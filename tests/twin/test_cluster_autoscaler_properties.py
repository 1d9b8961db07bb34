"""What holds of Cluster Autoscaler whatever happens: bounds, help for pods that can be helped, no harm to those that run.

And one long scenario, in which the load of a day passes through HPA, autoscaler and budgets.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from autoscaling_kit import CPU_MILLI, AutoscaledWorld, budget, deployment, node_group
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nodes_kit import GIB

from wavetank.kube.conditions import is_true
from wavetank.kube.resources import pod_requests
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change
from wavetank.twin.components.cluster_autoscaler.node_facts import TO_BE_DELETED, has_taint
from wavetank.twin.components.registry import install
from wavetank.twin.nodes import Resources
from wavetank.twin.nodes.runtime import Behaviour

LARGE = {
    "instance_type": "m5.xlarge",
    "capacity": Resources(4000, 16 * GIB, 58),
    "allocatable": Resources(3920, 14 * GIB, 58),
}
#: Impatient, so that much happens in little time.
QUICK = {
    "extraArgs": {
        "scale-down-unneeded-time": "1m",
        "scale-down-delay-after-add": "1m",
        "unremovable-node-recheck-timeout": "30s",
    }
}
STEPS = st.lists(
    st.tuples(st.sampled_from(("a", "b", "c")), st.integers(0, 6), st.integers(20, 240)), min_size=2, max_size=6
)
SIZES = st.tuples(st.integers(0, 2), st.integers(0, 3)).map(lambda pair: (pair[0], pair[0] + pair[1]))
#: What a pod of each workload asks for, in milli-cores: one of them fits the large machine only.
ASKS = {"a": 300, "b": 1500, "c": 3000}


class Watched:
    """A world with two groups, in which every size that a group ever has is noted."""

    def __init__(self, small: tuple[int, int], large: tuple[int, int]) -> None:
        self.bounds = {"small": small, "large": large}
        groups = [
            node_group("small", size=small[0], least=small[0], most=small[1]),
            node_group("large", size=large[0], least=large[0], most=large[1], machine=LARGE),
        ]
        self.world = AutoscaledWorld(*groups, values=QUICK)
        self.sizes: dict[str, list[int]] = {"small": [], "large": []}
        self.unplaced: list[str] = []
        self.world.cluster.subscribe("nodes", self._note)

    def _note(self, change: Change) -> None:
        for name in self.sizes:
            self.sizes[name].append(self.world.size(name))

    def scale(self, name: str, replicas: int) -> None:
        cluster = self.world.cluster
        if cluster.find("deployments.apps", "default", name) is None:
            self.world.run(deployment(name, replicas, cpu=f"{ASKS[name]}m"))
        else:
            cluster.set_replicas("deployments.apps", "default", name, replicas)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SIZES, SIZES, STEPS)
def test_groups_stay_within_their_bounds_and_pods_that_can_be_helped_are(
    small: tuple[int, int], large: tuple[int, int], steps: list[tuple[str, int, int]]
) -> None:
    watched = Watched(small, large)
    world = watched.world
    for name, replicas, seconds in steps:
        watched.scale(name, replicas)
        world.engine.run_for(seconds)
    world.engine.run_for(400.0)
    for name, sizes in watched.sizes.items():
        least, most = watched.bounds[name]
        assert all(least <= size <= most for size in sizes)
        assert least <= world.size(name) <= most
    waiting = [pod for pods in ASKS for pod in world.pods(pods) if not pod["spec"].get("nodeName")]
    for pod in waiting:
        asked = pod_requests(pod)["cpu"]
        helped_by_small = asked <= CPU_MILLI and world.size("small") < small[1]
        helped_by_large = asked <= 3920 and world.size("large") < large[1]
        assert not helped_by_small
        assert not helped_by_large


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(100, 1900), min_size=1, max_size=8), st.integers(0, 2))
def test_no_node_goes_whose_pods_have_no_place_elsewhere(asks: list[int], least: int) -> None:
    world = AutoscaledWorld(node_group(size=5, least=least))
    for index, milli in enumerate(asks):
        world.run(deployment(f"app-{index}", cpu=f"{milli}m"))
    world.engine.run_for(30.0)
    placed = {index for index in range(len(asks)) if not world.pending(f"app-{index}")}
    marked: set[str] = set()

    def note(change: Change) -> None:
        node = change.object
        if change.type == "MODIFIED" and has_taint(node, TO_BE_DELETED) and change.name not in marked:
            marked.add(change.name)
            assert fit(*room_without(world, change.name))

    world.cluster.subscribe("nodes", note)
    world.install(QUICK)
    world.after(900.0)
    # The scheduler may put them elsewhere than the autoscaler thought; then a machine comes back.
    assert all(not world.pending(f"app-{index}") for index in placed)
    assert world.size() >= least


def room_without(world: AutoscaledWorld, name: str) -> tuple[list[int], list[int]]:
    """What the pods of a node ask for, and what the other nodes have left, in milli-cores."""
    asked: dict[str, list[int]] = {node: [] for node in world.nodes()}
    for pod in world.cluster.list("pods", "default"):
        if pod["spec"].get("nodeName") in asked and not pod["metadata"].get("deletionTimestamp"):
            asked[pod["spec"]["nodeName"]].append(pod_requests(pod)["cpu"])
    open_ones = [n for n in asked if n != name and not has_taint(world.cluster.get("nodes", "", n), TO_BE_DELETED)]
    return asked[name], [CPU_MILLI - sum(asked[node]) for node in open_ones]


def fit(pods: list[int], rooms: list[int]) -> bool:
    """Whether some way to place the pods exists."""
    if not pods:
        return True
    first, *rest = pods
    ways = ([*rooms[:i], room - first, *rooms[i + 1 :]] for i, room in enumerate(rooms) if room >= first)
    return any(fit(rest, way) for way in ways)


def test_the_same_day_twice_is_the_same_to_the_letter() -> None:
    def account() -> list[str]:
        watched = Watched((1, 4), (0, 3))
        for name, replicas in (("a", 9), ("b", 3), ("c", 2), ("a", 1), ("b", 0), ("c", 0)):
            watched.scale(name, replicas)
            watched.world.engine.run_for(200.0)
        return [str(entry) for entry in watched.world.engine.journal]

    assert account() == account()


# --- a day --------------------------------------------------------------------------------------------------------------


def autoscaler(name: str, least: int, most: int) -> Obj:
    target = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
    }
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    spec = {"scaleTargetRef": reference, "minReplicas": least, "maxReplicas": most, "metrics": [target]}
    metadata = {"name": name, "namespace": "default"}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata,
        "spec": spec,
    }


#: What all pods together have to do, in milli-cores, from when on (seconds of the scenario).
LOAD = ((0.0, 600), (900.0, 6000), (2700.0, 400))


def test_load_brings_replicas_and_they_bring_nodes_and_both_go_again_within_the_budget() -> None:
    world = AutoscaledWorld(
        node_group(size=2, least=1, most=8), values={"extraArgs": {"ignore-daemonsets-utilization": True}}
    )
    begin = world.engine.now

    def share(seconds: float) -> float:
        load = next(milli for since, milli in reversed(LOAD) if seconds - begin >= since)
        return load / max(1, sum(1 for pod in world.pods() if pod["spec"].get("nodeName")))

    world.behaviours["app"] = Behaviour(cpu_milli=share)
    install(
        world.cluster,
        "metrics-server",
        "v1",
        {"tolerations": [{"operator": "Exists"}], "nodeSelector": {"role": "system"}},
    )
    world.run(deployment("web", 2, cpu="600m"))
    world.run(autoscaler("web", 2, 20))
    world.run(budget("web", maxUnavailable=1))
    disrupted: list[float] = []
    world.cluster.subscribe("pods", lambda change: _note_eviction(change, world, disrupted))
    sizes: dict[float, tuple[int, int]] = {}
    for seconds in (600.0, 1500.0, 2600.0, 3600.0, 6000.0):
        world.engine.run_until(begin + seconds)
        sizes[seconds] = (len(world.pods()), world.size())
        assert world.pending() == 0
    # Three pods fit a node; the load of the second hour quarter needs 17 of them, that of the end two.
    assert sizes == {600.0: (2, 1), 1500.0: (17, 6), 2600.0: (17, 6), 3600.0: (2, 6), 6000.0: (2, 1)}
    assert world.events("ScaleDownFailed") == []
    # Pods that were moved left one after the other, each when the one before was Ready elsewhere.
    assert all(later - earlier > 1.0 for earlier, later in pairwise(disrupted))


def _note_eviction(change: Change, world: AutoscaledWorld, disrupted: list[float]) -> None:
    before, after = change.old, change.object
    was = before is not None and is_true(before, "DisruptionTarget")
    if not was and is_true(after, "DisruptionTarget"):
        disrupted.append(world.engine.now)
