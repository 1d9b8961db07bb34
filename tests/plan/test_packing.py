"""Packing pods onto nodes: nothing is lost, nothing is overfilled, and more room never needs more nodes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wavetank.plan.packing import Demand, Room, copies, nodes_for, placed

demands = st.lists(
    st.builds(
        Demand,
        st.integers(0, 2000),
        st.integers(0, 4000),
        st.dictionaries(st.just("nvidia.com/gpu"), st.integers(1, 2)),
    ),
    max_size=25,
)
rooms = st.builds(Room, st.integers(0, 4000), st.integers(0, 8000), st.integers(0, 20), st.just({"nvidia.com/gpu": 4}))


@given(demands, rooms)
def test_every_pod_is_placed_or_homeless_and_no_node_is_overfilled(pods: list[Demand], room: Room) -> None:
    left, homeless = placed(pods, [room] * 3)
    assert all(node.cpu_milli >= 0 and node.memory_bytes >= 0 and node.pods >= 0 for node in left)
    assert all(count >= 0 for node in left for count in node.devices.values())
    assert sum(room.pods - node.pods for node in left) + len(homeless) == len(pods)


@given(demands, rooms)
def test_nodes_are_enough_and_at_least_what_the_sums_need(pods: list[Demand], room: Room) -> None:
    nodes = nodes_for(pods, room)
    if nodes is None:
        assert any(not room.holds(pod) for pod in pods)
        return
    assert nodes * room.cpu_milli >= sum(pod.cpu_milli for pod in pods)
    assert nodes * room.memory_bytes >= sum(pod.memory_bytes for pod in pods)
    assert nodes * room.pods >= len(pods)
    assert nodes <= len(pods)


@given(st.builds(Demand, st.integers(0, 2000), st.integers(0, 4000)), rooms, st.integers(0, 5))
def test_equal_pods_fit_as_often_as_division_says(pod: Demand, room: Room, nodes: int) -> None:
    most = nodes * copies(pod, room)
    assert placed([pod] * most, [room] * nodes)[1] == []
    assert placed([pod] * (most + 1), [room] * nodes)[1] == [pod]
    if copies(pod, room):
        assert room.holds(pod)


def test_devices_are_counted_like_everything_else() -> None:
    node = Room(8000, 32_000, 20, {"nvidia.com/gpu": 4})
    assert copies(Demand(100, 100, {"nvidia.com/gpu": 2}), node) == 2
    assert copies(Demand(100, 100, {"nvidia.com/gpu": 1}), Room(8000, 32_000, 20)) == 0
