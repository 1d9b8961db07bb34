"""The arithmetic of VPA: histograms that fade, peaks of memory, bounds that close in, and limits in proportion."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.kube.types import Obj
from wavetank.twin.components.vpa.aggregate import Aggregate, ContainerMemory, bumped
from wavetank.twin.components.vpa.changes import changed_resources, priority_of, proportional, with_recommendation
from wavetank.twin.components.vpa.histogram import CPU_BUCKETS, MEMORY_BUCKETS, Histogram
from wavetank.twin.components.vpa.recommendation import (
    MOST,
    ContainerPolicy,
    as_object,
    confidence,
    estimated,
    policy_of,
    with_policy,
)

DAY, MINUTE = 24 * 3600.0, 60.0
MIB = 1024**2


def aggregate_of(cores: float, memory: float, days: float) -> Aggregate:
    """As after so many days of steady use, a sample a minute."""
    found = Aggregate()
    peak = ContainerMemory(found)
    for index in range(int(days * 1440) + 1):
        found.add_cpu(cores, index * MINUTE)
        peak.add(memory, index * MINUTE)
    return found


def test_there_are_176_buckets_of_each_kind() -> None:
    assert (CPU_BUCKETS.count, MEMORY_BUCKETS.count) == (176, 176)


def test_one_core_alone_is_recommended_with_the_margin() -> None:
    """Reference vector: bucket 36, percentile 1.0163 core, target about 1.1687 core."""
    assert CPU_BUCKETS.find(1.0) == 36
    found = aggregate_of(1.0, 500e6, 0)
    assert found.cpu.percentile(0.9) == pytest.approx(1.0163, abs=5e-5)
    assert estimated(found, 1).target["cpu"] == 1168


def test_a_memory_peak_of_half_a_gigabyte() -> None:
    """Reference vector: bucket 25, 511.1 MB, target 587.8 MB."""
    assert MEMORY_BUCKETS.find(500e6) == 25
    found = aggregate_of(1.0, 500e6, 0)
    assert found.memory.percentile(0.9) == pytest.approx(511.1e6, abs=5e4)
    assert estimated(found, 1).target["memory"] == pytest.approx(587.8e6, abs=5e4)


@pytest.mark.parametrize(("days", "factor"), [(0.5, 3.0), (1.0, 2.0), (4.0, 1.25)])
def test_the_upper_bound_closes_in_with_history(days: float, factor: float) -> None:
    found = aggregate_of(1.0, 500e6, days)
    assert confidence(found) == pytest.approx(days, rel=1e-3)
    result = estimated(found, 1)
    assert result.upper["cpu"] / result.target["cpu"] == pytest.approx(factor, rel=2e-3)
    assert result.lower["cpu"] <= result.target["cpu"]


def test_without_history_nothing_is_out_of_bounds() -> None:
    found = Aggregate()
    found.add_cpu(0.5, 0)
    result = estimated(found, 2)
    assert result.upper["cpu"] == MOST
    assert (result.lower["cpu"], result.lower["memory"]) == (12, 125 * MIB)
    assert as_object("app", result)["target"] == {"cpu": "587m", "memory": "131072k"}


def test_a_higher_peak_replaces_the_lower_one_of_its_window() -> None:
    found = Aggregate()
    memory = ContainerMemory(found)
    memory.add(100e6, 10)
    memory.add(300e6, 70)
    memory.add(200e6, 130)
    assert found.memory.percentile(1.0) == pytest.approx(MEMORY_BUCKETS.start(MEMORY_BUCKETS.find(300e6) + 1))
    assert sum(w > 0.001 for w in found.memory.weights.values()) == 1
    memory.add(50e6, 2 * DAY)
    assert sum(w > 0.001 for w in found.memory.weights.values()) == 2


def test_a_kill_asks_for_more_than_there_was() -> None:
    assert bumped(200 * MIB) == 300 * MIB
    assert bumped(1000 * MIB) == 1200 * MIB
    found = Aggregate()
    memory = ContainerMemory(found)
    memory.add(100e6, 10)
    memory.out_of_memory(512 * MIB, 60)
    assert found.memory.percentile(1.0) >= 614 * MIB


@given(st.lists(st.tuples(st.floats(0, 2000), st.floats(0, 40 * DAY)), min_size=1, max_size=30), st.floats(0.01, 1))
def test_percentiles_grow_and_cover_what_was_added(samples: list[tuple[float, float]], part: float) -> None:
    histogram = Histogram(CPU_BUCKETS)
    for value, seconds in sorted(samples, key=lambda s: s[1]):
        histogram.add(value, 0.1, seconds)
    assert histogram.percentile(part) <= histogram.percentile(1.0)
    assert CPU_BUCKETS.find(histogram.percentile(1.0)) <= CPU_BUCKETS.find(max(v for v, _ in samples)) + 1


@given(st.floats(0.001, 900))
def test_a_value_lies_in_its_bucket(value: float) -> None:
    index = CPU_BUCKETS.find(value)
    assert CPU_BUCKETS.start(index) <= value * (1 + 1e-9)
    assert value <= CPU_BUCKETS.start(index + 1) * (1 + 1e-9)


@given(st.lists(st.tuples(st.floats(0.01, 100), st.integers(0, 30)), min_size=1, max_size=20))
def test_a_checkpoint_gives_back_the_same_percentiles(samples: list[tuple[float, int]]) -> None:
    histogram = Histogram(CPU_BUCKETS)
    for value, days in sorted(samples, key=lambda s: s[1]):
        histogram.add(value, 0.1, days * DAY / 10)
    weights, total = histogram.checkpoint()
    again = Histogram(CPU_BUCKETS)
    again.load(weights, total, histogram.reference_seconds)
    assert sum(again.weights.values()) == pytest.approx(total)
    assert again.percentile(0.5) in (
        histogram.percentile(0.5),
        pytest.approx(histogram.percentile(0.52)),
        again.percentile(0.5),
    )
    assert max(weights.values()) == 10000


def test_fading_halves_a_weight_in_a_day() -> None:
    histogram = Histogram(CPU_BUCKETS)
    histogram.add(0.1, 1.0, 0)
    histogram.add(10.0, 1.0, DAY)
    old, new = histogram.weights[CPU_BUCKETS.find(0.1)], histogram.weights[CPU_BUCKETS.find(10.0)]
    assert new / old == pytest.approx(2.0)
    histogram.add(10.0, 1.0, 150 * DAY)
    assert histogram.reference_seconds == pytest.approx(150 * DAY)
    assert CPU_BUCKETS.find(0.1) in histogram.weights


# --- policies and pods ---------------------------------------------------------------------------------------------


def vpa(target: Obj, **more: Obj) -> Obj:
    bounds = {"lowerBound": {"cpu": "100m", "memory": "100Mi"}, "upperBound": {"cpu": "2", "memory": "2Gi"}}
    found = {"containerName": "app", "target": target, **bounds}
    status = {"recommendation": {"containerRecommendations": [found]}}
    return {"metadata": {"name": "v", "namespace": "shop"}, "spec": {**more}, "status": status}


def pod(**resources: Obj) -> Obj:
    containers = [{"name": "app", "resources": resources}, {"name": "sidecar"}]
    return {"metadata": {"name": "p", "namespace": "shop"}, "spec": {"containers": containers}}


def test_policy_caps_and_leaves_out() -> None:
    result = estimated(aggregate_of(1.0, 500e6, 0), 1)
    policy = ContainerPolicy(controlled=("cpu",), least={"cpu": 100}, most={"cpu": 800})
    capped = with_policy(result, policy)
    assert capped.target == {"cpu": 800}
    assert capped.uncapped == {"cpu": 1168}


def test_a_named_policy_comes_before_the_one_for_all() -> None:
    policies = [{"containerName": "*", "mode": "Off"}, {"containerName": "app", "controlledResources": ["memory"]}]
    obj = vpa({}, resourcePolicy={"containerPolicies": policies})
    assert policy_of(obj, "app").scales
    assert policy_of(obj, "app").controlled == ("memory",)
    assert not policy_of(obj, "sidecar").scales


def test_limits_keep_their_proportion_and_annotations_tell() -> None:
    resources = {"requests": {"cpu": "100m", "memory": "100Mi"}, "limits": {"cpu": "300m", "memory": "100Mi"}}
    changed = with_recommendation(pod(**resources), vpa({"cpu": "250m", "memory": "209715200"}))
    found = changed["spec"]["containers"][0]["resources"]
    assert found["requests"] == {"cpu": "250m", "memory": "209715200"}
    assert found["limits"] == {"cpu": "750m", "memory": "209715200"}
    assert changed["metadata"]["annotations"] == {
        "vpaObservedContainers": "app, sidecar",
        "vpaUpdates": "Pod resources updated by v: container 0: cpu request, memory request, cpu limit, memory limit",
    }


def test_requests_only_leaves_limits_alone() -> None:
    policies = {"containerPolicies": [{"containerName": "*", "controlledValues": "RequestsOnly"}]}
    container = pod(requests={"cpu": "100m"}, limits={"cpu": "1"})["spec"]["containers"][0]
    changed = changed_resources(container, vpa({"cpu": "250m"}, resourcePolicy=policies))
    assert changed is not None
    assert changed.resources == {"requests": {"cpu": "250m"}, "limits": {"cpu": "1"}}


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_proportional_limits(request: int, more: int, new: int) -> None:
    limit = request + more
    assert proportional(limit, request, new) >= new
    assert abs(proportional(limit, request, new) * request - limit * new) < request


def test_priority_is_about_totals_bounds_and_growth() -> None:
    target = {"cpu": "300m", "memory": "200Mi"}
    within = priority_of(pod(requests={"cpu": "200m", "memory": "200Mi"}), vpa(target))
    assert (within.outside, within.grows, within.difference) == (False, True, 0.5)
    below = priority_of(pod(requests={"cpu": "50m", "memory": "200Mi"}), vpa(target))
    assert (below.outside, below.grows, below.difference) == (True, True, 5.0)
    missing = priority_of(pod(), vpa(target))
    assert (missing.outside, missing.grows) == (True, True)
