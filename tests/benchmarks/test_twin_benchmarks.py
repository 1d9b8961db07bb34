"""The benchmarks of the twin measure what they say, here at sizes that take no time."""

from __future__ import annotations

import pytest

from benchmarks import day, memory, scheduling
from wavetank.kube.conditions import is_pod_ready


@pytest.mark.parametrize("scenario", scheduling.SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_scenario_binds_its_pods(scenario: scheduling.Scenario) -> None:
    by_cpu, by_wall = scheduling.measured(scenario, 6, None, most=12, runs=1)
    assert by_cpu.value > 0
    assert by_wall.limit is None


def test_a_goal_and_a_published_rate_are_told_beside_ours() -> None:
    known = {"name": "somebody", "value": 155}
    basic = next(scenario for scenario in scheduling.SCENARIOS if scenario.name == "basic")
    _, by_wall = scheduling.measured(basic, 2, known, most=2, runs=1)
    assert (by_wall.limit_name, by_wall.limit) == ("somebody", 155)


SMALL_DAY = day.Size(nodes=6, scaled=2, steady=1, namespaces=2)


def test_autoscalers_are_active_through_the_day() -> None:
    _, world = day.day_seconds(SMALL_DAY, 4 * 3600.0)
    rescaled = [entry for entry in world.engine.journal if "SuccessfulRescale" in entry.detail]
    assert {"scaled-0", "scaled-1"} == {
        f"scaled-{n}" for n in (0, 1) if any(f"scaled-{n} " in e.detail for e in rescaled)
    }
    assert all(map(is_pod_ready, world.cluster.list("pods", "team-0")))


def test_the_large_cluster_is_ready_when_its_memory_is_read() -> None:
    size = memory.Size(nodes=3, deployments=2, replicas=4, namespaces=1)
    assert memory.ready_pods(memory.filled(size)) == size.pods
    assert memory.resident_mib() > 20
