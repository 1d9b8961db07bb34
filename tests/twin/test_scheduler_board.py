"""What the scheduler remembers of nodes never differs from what it would find out anew, node by node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.engine import Engine
from wavetank.twin.scheduler import ClusterView, Cycle
from wavetank.twin.scheduler.cycle import nodes_to_find, scored
from wavetank.twin.scheduler.filters import filters_for, rejection_with_nominated
from wavetank.twin.scheduler.pod_info import PodInfo, pod_info

#: More than are looked at for one pod, so that where a search begins and ends matters.
NODES = 130
HOSTNAME, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
GREEN = {"matchLabels": {"color": "green"}}


def node(number: int, *, some_disliked: bool = True) -> Obj:
    name = f"n{number}"
    labels = {HOSTNAME: name} | ({ZONE: f"z{number % 3}"} if number % 7 else {})
    taints = [{"key": "k", "value": "v", "effect": "PreferNoSchedule"}] if some_disliked and number % 5 == 0 else []
    room = {"cpu": "2" if number % 3 else "1", "memory": "4Gi", "pods": "3"}
    metadata = {"name": name, "labels": labels}
    spec = {"taints": taints, "unschedulable": number % 11 == 0}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": {"allocatable": room}}


def spread(key: str, when: str) -> Obj:
    return {
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": when, "labelSelector": GREEN}
        ]
    }


def affinity(kind: str, key: str) -> Obj:
    term = {"topologyKey": key, "labelSelector": GREEN}
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


KINDS: Sequence[Obj] = (
    {},
    spread(ZONE, "DoNotSchedule"),
    spread(HOSTNAME, "ScheduleAnyway"),
    affinity("podAntiAffinity", HOSTNAME),
    affinity("podAffinity", ZONE),
)


def pod(number: int, kind: int, **spec: Any) -> Obj:
    container = {"name": "main", "image": "a", "resources": {"requests": {"cpu": "400m"}}}
    metadata = {"name": f"p{number}", "namespace": "default", "labels": {"color": "green" if number % 2 else "red"}}
    spec = {"containers": [container], **KINDS[kind], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def found_anew(pod: PodInfo, view: ClusterView, start: int) -> tuple[list[str], object, list[int]]:
    """Feasible nodes from a place on, scores and totals, by asking every filter and every score about every node."""
    fresh = ClusterView(view.cluster)
    fresh.follow()
    fresh.nominated, view = view.nominated, fresh
    nodes, filters = view.ordered(), filters_for(pod, view)
    wanted = nodes_to_find(len(nodes))
    ring = [*nodes[start:], *nodes[:start]]
    feasible = [n for n in ring if rejection_with_nominated(pod, n, filters, view) is None][:wanted]
    scores, totals = scored(pod, feasible, view) if len(feasible) > 1 else ({}, [])
    return [n.name for n in feasible], scores, totals


def change(cluster: Cluster, view: ClusterView, what: str, number: int) -> None:
    live = cluster.get("nodes", "", f"n{number}")
    labels = live["metadata"]["labels"]
    match what:
        case "move":
            moved = {**labels, ZONE: "z0" if labels.get(ZONE) != "z0" else "z1"}
            cluster.update({**live, "metadata": {**live["metadata"], "labels": moved}})
        case "cordon":
            turned = not live["spec"].get("unschedulable")
            cluster.update({**live, "spec": {**live["spec"], "unschedulable": turned}})
        case "remove":
            for name in [p.name for p in view.nodes[f"n{number}"].pods.values()]:
                cluster.delete("pods", "default", name, grace_seconds=0)
        case "nominate":
            promised = pod_info(pod(1000 + number, 0, priority=10))
            view.nominate(promised, f"n{number}")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pod", "pod", "pod", "pod", "move", "cordon", "remove", "nominate"]),
        st.integers(0, NODES - 1),
        st.integers(0, len(KINDS) - 1),
    ),
    min_size=5,
    max_size=30,
)


@settings(max_examples=25, deadline=None)
@given(STEPS, st.booleans())
def test_remembered_nodes_are_those_of_a_fresh_look(steps: list[tuple[str, int, int]], some_disliked: bool) -> None:
    cluster = Cluster(Engine())
    for number in range(NODES):
        cluster.create(node(number, some_disliked=some_disliked))
    view = ClusterView(cluster)
    view.follow()
    cycle, brief, start = Cycle(view), Cycle(view), 0
    for serial, (what, number, kind) in enumerate(steps):
        if what != "pod":
            change(cluster, view, what, number)
            continue
        info = pod_info(cluster.create(pod(serial, kind)))
        feasible, scores, totals = found_anew(info, view, start)
        outcome = cycle.attempt(info)
        assert (list(outcome.feasible), outcome.scores, list(outcome.totals)) == (feasible, scores, totals)
        assert brief.attempt(info, explain=False).node == outcome.node
        last = view.position(feasible[-1]) if len(feasible) == nodes_to_find(NODES) else start - 1
        start = (last + 1) % NODES
        if outcome.node:
            with view.binding(info):
                cluster.bind("default", info.name, outcome.node)
