"""Probes run, count and bite at the exact second at which a kubelet's would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodes_kit import BOOT_SECONDS, SANDBOX_SECONDS, World, container, pod, template

from wavetank.kube.types import Obj
from wavetank.twin.nodes.runtime import Behaviour, Launch

START = SANDBOX_SECONDS


def probe(path: str, **numbers: Any) -> Obj:
    return {"httpGet": {"path": path, "port": 8080}, **numbers}


def answering(healthy: Callable[[str, float], bool]) -> Callable[[Launch], Behaviour]:
    return lambda launch: Behaviour(healthy=healthy, stop_seconds=0.0)


def test_without_probes_a_container_is_ready_when_it_runs() -> None:
    world = World()
    world.run(pod())
    world.after(START)
    assert world.ready()
    assert world.container()["started"]


def test_readiness_is_asked_at_once_and_then_each_period() -> None:
    asked: list[float] = []

    def healthy(path: str, since_start: float) -> bool:
        asked.append(since_start)
        return since_start >= 9

    world = World(answering(healthy))
    world.run(pod("web", container(readinessProbe=probe("/ready", periodSeconds=4))))
    world.after(START + 11.9)
    assert asked == [0, 4, 8]
    assert not world.ready()
    world.after(START + 12.0)
    assert world.ready()
    assert set(world.messages("Unhealthy")) == {"Readiness probe failed: HTTP probe failed with statuscode: 503"}


def test_an_initial_delay_is_counted_from_the_containers_start() -> None:
    asked: list[float] = []

    def healthy(path: str, since_start: float) -> bool:
        asked.append(since_start)
        return True

    world = World(answering(healthy))
    world.run(pod("web", container(readinessProbe=probe("/ready", periodSeconds=3, initialDelaySeconds=10))))
    world.after(START + 11.9)
    assert not world.ready()
    world.after(START + 12.0)
    assert world.ready()
    assert asked == [12]


def test_readiness_is_lost_after_as_many_failures_as_it_says_and_returns_by_its_successes() -> None:
    world = World(answering(lambda path, since: not 20 <= since < 50))
    numbers = {"periodSeconds": 5, "failureThreshold": 3, "successThreshold": 2}
    world.run(pod("web", container(readinessProbe=probe("/ready", **numbers))))
    world.after(START + 4.9)
    assert not world.ready()
    world.after(START + 5.0)
    assert world.ready()
    world.after(START + 29.9)
    assert world.ready()
    world.after(START + 30.0)
    assert not world.ready()
    assert world.container()["restartCount"] == 0
    world.after(START + 54.9)
    assert not world.ready()
    world.after(START + 55.0)
    assert world.ready()


def test_a_startup_probe_holds_up_the_others_until_it_has_passed() -> None:
    asked: list[tuple[str, float]] = []

    def healthy(path: str, since_start: float) -> bool:
        asked.append((path, since_start))
        return since_start >= 10

    world = World(answering(healthy))
    probes: dict[str, Any] = {
        "startupProbe": probe("/started", periodSeconds=4, failureThreshold=30),
        "readinessProbe": probe("/ready", periodSeconds=7),
        "livenessProbe": probe("/live", periodSeconds=10, failureThreshold=1),
    }
    world.run(pod("web", container(**probes)))
    world.after(START + 11.0)
    assert {path for path, _ in asked} == {"/started"}
    assert not world.container()["started"]
    asked.clear()
    world.after(START + 25.0)
    # Startup ticks from the pod's start; readiness follows its success at once, liveness keeps its own ticks.
    assert asked == [("/started", 12), ("/ready", 12), ("/ready", 19), ("/live", 20)]
    assert world.ready()


def test_a_container_that_does_not_start_in_time_is_restarted() -> None:
    world = World(answering(lambda path, since: False))
    world.run(pod("web", container(startupProbe=probe("/started", periodSeconds=2, failureThreshold=3))))
    world.after(START + 5.9)
    assert world.container()["restartCount"] == 0
    world.after(START + 6.1)
    assert world.container()["restartCount"] == 1
    assert "Container app failed startup probe, will be restarted" in world.messages("Killing")


def test_a_liveness_failure_restarts_at_once_and_then_with_back_off() -> None:
    world = World(answering(lambda path, since: since < 5))
    world.run(pod("web", container(livenessProbe=probe("/live", periodSeconds=5, failureThreshold=1))))
    world.after(START + 5.2)
    assert world.container()["restartCount"] == 1
    assert world.ready()
    # Its second end comes at 10 seconds; the next start 10 seconds later.
    world.after(START + 15.0)
    assert world.container()["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    world.after(START + 20.2)
    assert world.container()["restartCount"] == 2
    assert set(world.messages("Unhealthy")) == {"Liveness probe failed: HTTP probe failed with statuscode: 503"}


def test_a_liveness_failure_waits_for_the_grace_of_its_probe() -> None:
    world = World(lambda launch: Behaviour(healthy=lambda path, since: False, stop_seconds=None))
    live = probe("/live", periodSeconds=10, failureThreshold=1, terminationGracePeriodSeconds=3)
    world.run(pod("web", container(livenessProbe=live)))
    world.after(START + 12.9)
    assert world.container()["restartCount"] == 0
    world.after(START + 13.1)
    assert world.container()["restartCount"] == 1
    assert world.container()["lastState"]["terminated"]["exitCode"] == 137


def test_a_terminating_pod_is_not_restarted_by_its_liveness_probe() -> None:
    world = World(lambda launch: Behaviour(healthy=lambda path, since: since < 3, stop_seconds=20.0))
    world.run(pod("web", container(livenessProbe=probe("/live", periodSeconds=2, failureThreshold=1))))
    world.after(2.0)
    world.cluster.delete("pods", "default", "web")
    world.after(15.0)
    assert world.container()["restartCount"] == 0
    assert world.messages("Killing") == ["Stopping container app"]


def test_exec_and_tcp_probes_are_asked_by_what_they_say() -> None:
    asked: set[str] = set()

    def healthy(target: str, since_start: float) -> bool:
        asked.add(target)
        return True

    world = World(answering(healthy))
    ready = {"exec": {"command": ["cat", "/tmp/ready"]}}
    live = {"tcpSocket": {"port": 80}}
    world.run(pod("web", container(readinessProbe=ready, livenessProbe=live)))
    world.after(30.0)
    assert asked == {"cat /tmp/ready", "tcp"}


def test_probes_of_a_young_kubelet_start_spread_over_their_period() -> None:
    firsts: dict[str, float] = {}

    def behaviour(launch: Launch) -> Behaviour:
        def healthy(path: str, since: float) -> bool:
            firsts.setdefault(path, world.engine.now)
            return True

        return Behaviour(healthy=healthy)

    world = World(behaviour)
    machine = world.fleet.start(template(boot_seconds=0.0))
    for number in range(6):
        live = probe(f"/{number}", periodSeconds=30)
        obj = pod(f"web-{number}", container(livenessProbe=live))
        world.cluster.create({**obj, "spec": {**obj["spec"], "nodeName": machine.name}})
    world.after(90.0)
    assert len(firsts) == 6
    assert len({round(at % 30, 3) for at in firsts.values()}) == 6
    assert BOOT_SECONDS > 0
