"""The order in which pods are tried, and when they are tried again."""

from __future__ import annotations

import pytest

from wavetank.twin.scheduler.framework import BY_NODES, BY_ROOM, LEAVING, NODES
from wavetank.twin.scheduler.queue import SchedulingQueue, backoff_seconds


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (9, 10)])
def test_backoff_doubles_up_to_ten_seconds(attempts: int, seconds: float) -> None:
    assert backoff_seconds(attempts) == seconds


def queue_of(*pods: tuple[str, int, float]) -> SchedulingQueue:
    queue = SchedulingQueue()
    for name, priority, now in pods:
        queue.add(name, "default", name, priority, now)
    return queue


def popped(queue: SchedulingQueue) -> list[str]:
    names = []
    while (entry := queue.pop()) is not None:
        names.append(entry.uid)
    return names


def test_priority_comes_before_age_and_age_before_order() -> None:
    assert popped(queue_of(("old", 0, 1), ("young", 0, 2), ("high", 9, 3), ("same", 0, 1))) == [
        "high",
        "old",
        "same",
        "young",
    ]


def test_a_pod_waits_for_a_change_that_can_help_it() -> None:
    queue = queue_of(("needs-node", 0, 0), ("needs-room", 0, 0))
    first, second = queue.pop(), queue.pop()
    assert first is not None
    assert second is not None
    queue.put_back(first, 1.0, BY_NODES)
    queue.put_back(second, 1.0, BY_ROOM)
    assert queue.pop() is None
    assert queue.wake(LEAVING)
    assert popped(queue) == ["needs-room"]
    assert queue.wake(NODES)
    assert popped(queue) == ["needs-node"]


def test_a_pod_that_is_gone_is_not_tried() -> None:
    queue = queue_of(("a", 0, 0), ("b", 0, 0))
    queue.remove("a")
    assert popped(queue) == ["b"]
    assert len(queue) == 0


def test_nothing_waits_longer_than_five_minutes() -> None:
    queue = queue_of(("a", 0, 0))
    entry = queue.pop()
    assert entry is not None
    queue.put_back(entry, 0.0, BY_NODES)
    assert not queue.wake_stale(299)
    assert queue.wake_stale(300)
    assert popped(queue) == ["a"]
