"""Counts that are kept up to date equal counts that are made anew."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.engine import Engine
from wavetank.twin.scheduler import ClusterView
from wavetank.twin.scheduler.view import Match

RED = Match(((frozenset({"default"}), LabelSelector.from_map({"color": "red"})),), alive=True)
NODES = ("n1", "n2", "n3")


def node(name: str) -> Obj:
    status = {"allocatable": {"cpu": "4", "pods": "10"}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": status}


def pod(number: int, color: str, node_name: str) -> Obj:
    container = {"name": "main", "image": "a", "resources": {"requests": {"cpu": "100m"}}}
    metadata = {"name": f"p{number}", "namespace": "default", "labels": {"color": color}}
    spec = {"nodeName": node_name, "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "paint", "finish", "end", "remove", "node"]),
        st.integers(0, 5),
        st.sampled_from(["red", "blue"]),
        st.sampled_from(NODES),
    ),
    max_size=40,
)


def act(cluster: Cluster, step: tuple[str, int, str, str]) -> None:
    what, number, color, node_name = step
    live = cluster.find("pods", "default", f"p{number}")
    if what == "node":
        if cluster.find("nodes", "", node_name):
            cluster.delete("nodes", "", node_name)
        else:
            cluster.create(node(node_name))
    elif live is None:
        if what == "add":
            cluster.create(pod(number, color, node_name))
    elif what == "paint":
        cluster.update({**live, "metadata": {**live["metadata"], "labels": {"color": color}}})
    elif what == "finish":
        cluster.set_status(live, {**live["status"], "phase": "Succeeded"})
    elif what == "end":
        cluster.delete("pods", "default", f"p{number}", grace_seconds=30)
    elif what == "remove":
        cluster.delete("pods", "default", f"p{number}", grace_seconds=0)


@given(STEPS)
def test_followed_counts_are_those_of_a_fresh_look(steps: list[tuple[str, int, str, str]]) -> None:
    cluster = Cluster(Engine())
    for name in NODES:
        cluster.create(node(name))
    followed = ClusterView(cluster)
    followed.follow()
    followed.counts(RED)
    for step in steps:
        act(cluster, step)
    fresh = ClusterView(cluster)
    fresh.follow()
    assert Counter(followed.counts(RED)) == Counter(fresh.counts(RED))
    for name, info in fresh.nodes.items():
        assert followed.nodes[name].pods.keys() == info.pods.keys()
        assert followed.nodes[name].requested.get("cpu", 0) == info.requested.get("cpu", 0)
