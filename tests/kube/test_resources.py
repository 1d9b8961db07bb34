"""What a pod asks for: containers together, or the hungriest moment of its initialization."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.kube.resources import ASSUMED, Amounts, formatted, pod_limits, pod_requests, qos_class
from wavetank.kube.types import Obj

MIB = 2**20


def container(
    cpu: str = "", memory: str = "", limits: Obj | None = None, *, sidecar: bool = False, name: str = "c"
) -> Obj:
    requests = {k: v for k, v in (("cpu", cpu), ("memory", memory)) if v}
    made: Obj = {"name": name, "resources": {"requests": requests, "limits": limits or {}}}
    return {**made, "restartPolicy": "Always"} if sidecar else made


def pod(*containers: Obj, init: list[Obj] | None = None, **spec: object) -> Obj:
    return {"spec": {"containers": list(containers), "initContainers": init or [], **spec}}


def test_containers_add_up() -> None:
    assert pod_requests(pod(container("100m", "64Mi"), container("0.2"))) == {"cpu": 300, "memory": 64 * MIB}


def test_the_largest_init_container_counts_if_it_is_more() -> None:
    asked = pod_requests(pod(container("100m", "64Mi"), init=[container("1", "32Mi"), container("500m")]))
    assert asked == {"cpu": 1000, "memory": 64 * MIB}


def test_a_sidecar_runs_beside_what_starts_after_it_and_beside_the_containers() -> None:
    init = [container("300m"), container("100m", sidecar=True), container("250m")]
    assert pod_requests(pod(container("200m"), init=init)) == {"cpu": 350}
    assert pod_requests(pod(container("400m"), init=init)) == {"cpu": 500}


def test_overhead_comes_on_top() -> None:
    assert pod_requests(pod(container("100m"), overhead={"cpu": "50m", "memory": "1Mi"})) == {"cpu": 150, "memory": MIB}
    limited = pod(container(limits={"cpu": "1"}), overhead={"cpu": "50m", "memory": "1Mi"})
    assert pod_limits(limited) == {"cpu": 1050}


def test_requests_of_the_whole_pod_replace_the_sum() -> None:
    asked = pod(container("100m", "64Mi"), resources={"requests": {"cpu": "2"}})
    assert pod_requests(asked) == {"cpu": 2000, "memory": 64 * MIB}


def test_a_container_without_requests_is_assumed_to_want_something_for_scores_only() -> None:
    asked = pod(container("", "64Mi"), container())
    assert pod_requests(asked) == {"memory": 64 * MIB}
    assert pod_requests(asked, assumed=ASSUMED) == {"cpu": 200, "memory": 264 * MIB}


def test_a_container_being_resized_counts_with_what_it_still_has() -> None:
    status = {"name": "c", "resources": {"requests": {"cpu": "900m"}}, "allocatedResources": {"cpu": "500m"}}
    resizing = {**pod(container("100m")), "status": {"containerStatuses": [status]}}
    assert pod_requests(resizing) == {"cpu": 900}


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        ([container()], "BestEffort"),
        ([container("0", "0")], "BestEffort"),
        ([container("1")], "Burstable"),
        ([container("1", "1Gi", {"cpu": "1000m", "memory": "1024Mi"})], "Guaranteed"),
        ([container("1", "1Gi", {"cpu": "2", "memory": "1Gi"})], "Burstable"),
        ([container("1", "1Gi", {"cpu": "1", "memory": "1Gi"}), container()], "Burstable"),
    ],
)
def test_quality_of_service_follows_requests_and_limits(containers: list[Obj], expected: str) -> None:
    assert qos_class(pod(*containers)) == expected


def test_amounts_print_as_quantities() -> None:
    assert [formatted("cpu", 1500), formatted("memory", 2**30), formatted("pods", 110)] == ["1500m", "1Gi", "110"]


CPUS = st.lists(st.tuples(st.integers(1, 2000), st.booleans()), max_size=5)


@given(CPUS, st.lists(st.integers(1, 2000), min_size=1, max_size=4))
def test_a_pod_never_asks_for_less_than_any_moment_needs(init: list[tuple[int, bool]], main: list[int]) -> None:
    asked: Amounts = pod_requests(
        pod(*(container(f"{m}m") for m in main), init=[container(f"{c}m", sidecar=s) for c, s in init])
    )
    running = 0
    for cpu, sidecar in init:
        assert asked["cpu"] >= running + cpu
        running += cpu if sidecar else 0
    assert asked["cpu"] >= running + sum(main)
