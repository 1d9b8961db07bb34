"""Silent nodes are noticed, tainted at the zone's pace, and their pods deleted when their patience ends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from controllers_kit import Bench, node, pod

from wavetank.kube.conditions import condition, is_pod_ready, status_of
from wavetank.kube.types import Obj
from wavetank.twin.controllers.node_zones import Health, Limiter, ZoneState, judgement, rate_in, state_of
from wavetank.twin.controllers.settings import NodeLifecycleSettings
from wavetank.twin.controllers.tainteviction import seconds_tolerated

SETTINGS = NodeLifecycleSettings()
UNREACHABLE, NOT_READY = "node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready"


class Beats:
    """Heartbeats of nodes: every ten seconds until a node is silenced."""

    def __init__(self) -> None:
        self.bench = Bench(heartbeats=self.last)
        self.silent_since: dict[str, float] = {}

    def last(self, name: str) -> float | None:
        return min(self.bench.engine.now, self.silent_since.get(name, float("inf"))) // 10 * 10

    def silence(self, *names: str) -> None:
        self.silent_since |= dict.fromkeys(names, self.bench.engine.now)


def tolerating(seconds: int | None) -> list[Obj]:
    limit = {} if seconds is None else {"tolerationSeconds": seconds}
    return [{"key": k, "operator": "Exists", "effect": "NoExecute", **limit} for k in (UNREACHABLE, NOT_READY)]


def taints(bench: Bench, name: str) -> set[str]:
    found = bench.node(name)["spec"].get("taints") or ()
    return {f"{t['key'].removeprefix('node.kubernetes.io/')}:{t['effect']}" for t in found}


def tainted(bench: Bench, names: Sequence[str]) -> list[str]:
    return [name for name in names if "unreachable:NoExecute" in taints(bench, name)]


def test_a_node_death_deletes_its_pods_about_355_seconds_later() -> None:
    beats = Beats()
    bench = beats.bench
    for name in ("n1", "n2", "n3"):
        bench.cluster.create(node(name))
    bench.cluster.create(pod("p", node_name="n1", tolerations=tolerating(300)))
    bench.make_ready("p")
    bench.settle(100)
    beats.silence("n1")
    bench.settle(49)
    assert status_of(bench.node("n1"), "Ready") == "True"
    bench.settle(8)
    assert (condition(bench.node("n1"), "Ready") or {})["reason"] == "NodeStatusUnknown"
    assert taints(bench, "n1") == {"unreachable:NoSchedule", "unreachable:NoExecute"}
    assert not is_pod_ready(bench.pod("p"))
    assert "NodeNotReady" in bench.event_reasons("p")
    bench.settle(290)
    assert "deletionTimestamp" not in bench.pod("p")["metadata"]
    bench.settle(15)
    assert "deletionTimestamp" in bench.pod("p")["metadata"]
    assert (condition(bench.pod("p"), "DisruptionTarget") or {})["reason"] == "DeletionByTaintManager"


def test_a_node_that_comes_back_loses_its_taints_and_keeps_its_pods() -> None:
    beats = Beats()
    bench = beats.bench
    for name in ("n1", "n2"):
        bench.cluster.create(node(name))
    bench.cluster.create(pod("p", node_name="n1", tolerations=tolerating(300)))
    bench.settle(20)
    beats.silence("n1")
    bench.settle(70)
    beats.silent_since.clear()
    ready = [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": "2026-01-01T00:01:30Z"}]
    bench.cluster.set_status(bench.node("n1"), {"conditions": ready})
    bench.settle(400)
    assert taints(bench, "n1") == set()
    assert "deletionTimestamp" not in bench.pod("p")["metadata"]
    assert "TaintManagerEviction" in bench.event_reasons("p")


def test_a_zone_that_dies_is_tainted_one_node_each_ten_seconds() -> None:
    beats = Beats()
    bench = beats.bench
    dying, living = [f"a{i}" for i in range(4)], [f"b{i}" for i in range(2)]
    for name in dying + living:
        bench.cluster.create(node(name, zone=name[0]))
    bench.settle(60)
    beats.silence(*dying)
    bench.settle(56)
    counts = []
    for _ in range(5):
        counts.append(len(tainted(bench, dying)))
        bench.settle(10)
    assert counts == [1, 2, 3, 4, 4]


def test_a_small_zone_with_most_nodes_down_is_not_evicted() -> None:
    beats = Beats()
    bench = beats.bench
    names = [f"a{i}" for i in range(5)]
    for name in names:
        bench.cluster.create(node(name, zone="a"))
    bench.settle(60)
    beats.silence(*names[:3])
    bench.settle(300)
    assert tainted(bench, names) == []
    assert "unreachable:NoSchedule" in taints(bench, "a0")


def test_when_every_node_is_silent_nobody_is_evicted() -> None:
    beats = Beats()
    bench = beats.bench
    names = ["a0", "b0", "c0"]
    for name in names:
        bench.cluster.create(node(name, zone=name[0]))
    bench.settle(60)
    beats.silence(*names)
    bench.settle(600)
    assert tainted(bench, names) == []
    assert all("unreachable:NoSchedule" in taints(bench, name) for name in names)


def test_without_a_source_of_heartbeats_the_lease_tells() -> None:
    bench = Bench()
    bench.cluster.create(node("n1"))
    bench.cluster.create(node("n2"))
    for name in ("n1", "n2"):
        metadata = {"name": name, "namespace": "kube-node-lease"}
        spec = {"renewTime": "2026-01-01T00:00:00.000000Z"}
        bench.cluster.create(
            {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
        )
    for second in range(10, 80, 10):
        bench.engine.run_until(second)
        renewed = {"renewTime": f"2026-01-01T00:{second // 60:02}:{second % 60:02}.000000Z"}
        lease = bench.cluster.get("leases.coordination.k8s.io", "kube-node-lease", "n1")
        bench.cluster.update({**lease, "spec": renewed})
    assert status_of(bench.node("n1"), "Ready") == "True"
    assert (condition(bench.node("n2"), "Ready") or {})["reason"] == "NodeStatusUnknown"


def test_a_node_whose_kubelet_never_spoke_is_given_a_minute() -> None:
    bench = Bench()
    bench.cluster.create({**node("n1"), "status": {}})
    bench.settle(58)
    assert condition(bench.node("n1"), "Ready") is None
    bench.settle(10)
    found = condition(bench.node("n1"), "Ready") or {}
    assert (found["status"], found["reason"]) == ("Unknown", "NodeStatusNeverUpdated")


def test_cordon_and_pressure_show_as_taints_and_go_again() -> None:
    bench = Beats().bench
    bench.cluster.create(node("n1", taints=[{"key": NOT_READY, "effect": "NoSchedule"}]))
    bench.settle()
    assert taints(bench, "n1") == set()
    bench.cluster.modify("nodes", "", "n1", lambda n: {**n, "spec": {**n["spec"], "unschedulable": True}})
    live = bench.node("n1")
    pressure = [*live["status"]["conditions"], {"type": "DiskPressure", "status": "True"}]
    bench.cluster.set_status(live, {"conditions": pressure})
    bench.settle()
    assert taints(bench, "n1") == {"unschedulable:NoSchedule", "disk-pressure:NoSchedule"}


# --- arithmetic ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ready", "not_ready", "state"),
    [
        (0, 1, ZoneState.FULL),
        (2, 2, ZoneState.NORMAL),
        (2, 3, ZoneState.PARTIAL),
        (45, 55, ZoneState.PARTIAL),
        (46, 54, ZoneState.NORMAL),
    ],
)
def test_a_zone_is_partially_disrupted_from_three_nodes_and_55_percent(
    ready: int, not_ready: int, state: ZoneState
) -> None:
    assert state_of(Health(ready, not_ready), SETTINGS) is state


def test_large_zones_are_evicted_slowly_in_partial_disruption_and_small_ones_not_at_all() -> None:
    assert rate_in(ZoneState.PARTIAL, 51, SETTINGS) == 0.01
    assert rate_in(ZoneState.PARTIAL, 50, SETTINGS) == 0
    assert rate_in(ZoneState.FULL, 5, SETTINGS) == 0.1


def test_leaving_a_standstill_gives_every_zone_its_rate_again() -> None:
    full = {"a": ZoneState.FULL, "b": ZoneState.FULL}
    found = judgement(full, {"a": Health(1, 0), "b": Health(0, 2)}, SETTINGS)
    assert found.standstill_ends
    assert found.rates == {"a": 0.1, "b": 0.1}


def test_a_limiter_has_room_for_one_and_carries_exhaustion_over_to_a_new_rate() -> None:
    limiter = Limiter(0.1, now=0)
    assert [limiter.take(0), limiter.take(9.9), limiter.take(10)] == [True, False, True]
    slower = limiter.changed_to(0.01, now=11)
    assert not slower.take(12)
    assert slower.wait_seconds(12) == pytest.approx(99)


def test_patience_is_that_of_the_least_patient_toleration_in_use() -> None:
    taint = {"key": UNREACHABLE, "effect": "NoExecute"}
    other = {"key": "maintenance", "value": "x", "effect": "NoExecute"}
    assert seconds_tolerated([taint], tolerating(30)) == 30
    assert seconds_tolerated([taint], tolerating(None)) == float("inf")
    assert seconds_tolerated([taint, other], tolerating(30)) == 0
    assert seconds_tolerated([taint, other], [*tolerating(30), {"operator": "Exists", "tolerationSeconds": 5}]) == 5
