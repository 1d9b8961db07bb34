"""Conditions keep the time of their last change; availability waits for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wavetank.kube import conditions
from wavetank.kube.types import Obj

START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LATER = START + timedelta(seconds=30)


def test_the_transition_time_moves_only_with_the_status() -> None:
    first = conditions.with_condition([], "Ready", "True", START, reason="Up")
    same = conditions.with_condition(first, "Ready", "True", LATER, reason="StillUp")
    assert same == [{**first[0], "reason": "StillUp"}]
    changed = conditions.with_condition(same, "Ready", "False", LATER)
    assert changed[0]["lastTransitionTime"] == "2026-11-21T10:00:30Z"
    assert first[0]["status"] == "True"


def test_deployment_conditions_move_to_the_end_when_they_change() -> None:
    both = conditions.with_condition([], "Progressing", "True", START, reason="A")
    both = conditions.with_condition(both, "Available", "False", START, reason="B")
    unchanged = conditions.with_condition(both, "Progressing", "True", LATER, reason="A", order="last changed last")
    assert unchanged == both
    moved = conditions.with_condition(both, "Progressing", "True", LATER, reason="C", order="last changed last")
    assert [c["type"] for c in moved] == ["Available", "Progressing"]
    assert moved[1]["lastTransitionTime"] == "2026-11-21T10:00:00Z"


def test_reading_a_missing_condition_is_unknown() -> None:
    assert conditions.status_of({}, "Ready") == "Unknown"
    assert conditions.condition({"status": {}}, "Ready") is None
    assert conditions.without_condition([{"type": "A"}, {"type": "B"}], "A") == [{"type": "B"}]


def pod(status: str = "True") -> Obj:
    ready = {"type": "Ready", "status": status, "lastTransitionTime": "2026-11-21T10:00:00Z"}
    return {"status": {"conditions": [ready]}}


@pytest.mark.parametrize(("seconds", "available"), [(0, True), (30, True), (31, False)])
def test_a_pod_is_available_after_being_ready_long_enough(seconds: int, available: bool) -> None:
    assert conditions.is_pod_available(pod(), seconds, LATER) is available
    assert conditions.seconds_until_available(pod(), 40, LATER) == 10


def test_a_pod_that_is_not_ready_is_never_available() -> None:
    assert not conditions.is_pod_ready(pod("False"))
    assert not conditions.is_pod_available(pod("False"), 0, LATER)
    assert conditions.seconds_until_available({}, 0, LATER) is None
