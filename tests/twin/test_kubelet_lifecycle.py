"""Pods come up, fail, restart and go as a kubelet makes them, to the second of virtual time."""

from __future__ import annotations

import itertools

from nodes_kit import SANDBOX_SECONDS, World, container, pod, template

from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.engine import Engine
from wavetank.twin.nodes import Fleet
from wavetank.twin.nodes.kubelet import Registry
from wavetank.twin.nodes.kubelet.backoff import go_duration
from wavetank.twin.nodes.runtime import Behaviour, Exit, Launch, ModelledRuntime

CRASH = Behaviour(exit_after_seconds=0.0, exit=Exit(1, "Error"))


def test_a_pod_starts_with_the_events_of_a_kubelet_in_order() -> None:
    world = World(registry=Registry(size_bytes=100, bytes_per_second=100.0, check_seconds=0.5))
    world.run(pod())
    world.after(0.0)
    assert world.pod()["status"]["phase"] == "Pending"
    assert world.container()["state"] == {"waiting": {"reason": "ContainerCreating"}}
    world.after(10.0)
    assert world.reasons() == ["Pulling", "Pulled", "Created", "Started"]
    assert world.messages("Pulling") == ['Pulling image "registry.example/app:1.0"']
    assert world.messages("Pulled") == [
        'Successfully pulled image "registry.example/app:1.0" in 1.5s (1.5s including waiting). Image size: 100 bytes.'
    ]
    status = world.pod()["status"]
    assert status["phase"] == "Running"
    assert [c["type"] for c in status["conditions"]][:4] == [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
    ]
    assert set(world.conditions().values()) == {"True"}
    assert status["podIP"].startswith("10.0.10.")
    assert status["hostIP"] == world.machine.address
    assert world.container()["containerID"].startswith("containerd://")


def test_an_image_that_is_there_is_not_pulled_again() -> None:
    world = World(registry=Registry(size_bytes=100, bytes_per_second=100.0))
    world.run(pod("one"))
    world.after(10.0)
    world.run(pod("two"))
    world.after(20.0)
    assert world.messages("Pulled")[-1] == (
        'Container image "registry.example/app:1.0" already present on machine and can be accessed by the pod'
    )


def test_pulls_of_one_machine_wait_for_each_other() -> None:
    world = World(registry=Registry(size_bytes=100, bytes_per_second=100.0, check_seconds=0.0))
    for name in ("a", "b", "c"):
        world.run(pod(name, container(name)))
    world.after(SANDBOX_SECONDS + 2.5)
    assert [world.pod(name)["status"]["phase"] for name in ("a", "b", "c")] == ["Running", "Running", "Pending"]


def test_an_image_that_cannot_be_pulled_backs_off() -> None:
    world = World(registry=Registry(size_bytes=0, check_seconds=0.0, problem=lambda image: "not found"))
    world.run(pod())
    world.after(0.6)
    assert world.container()["state"]["waiting"]["reason"] == "ErrImagePull"
    world.after(2.0)
    waiting = world.container()["state"]["waiting"]
    assert waiting["reason"] == "ImagePullBackOff"
    assert waiting["message"] == 'Back-off pulling image "registry.example/app:1.0": ErrImagePull: not found'
    world.after(60.0)
    # at 0.5, then 10, 20 and 40 seconds later
    assert sum(e["count"] for e in world.events("Pulling")) == 3


def test_a_crashing_container_restarts_after_0_10_20_40_80_160_300_300_seconds() -> None:
    starts: list[float] = []

    def behaviour(launch: Launch) -> Behaviour:
        starts.append(world.engine.now)
        return CRASH

    world = World(behaviour)
    world.run(pod())
    world.after(1000.0)
    gaps = [round(b - a, 3) for a, b in itertools.pairwise(starts)]
    assert gaps == [0, 10, 20, 40, 80, 160, 300, 300]
    status = world.container()
    uid = world.pod()["metadata"]["uid"]
    assert status["restartCount"] == 8
    assert status["state"]["waiting"] == {
        "reason": "CrashLoopBackOff",
        "message": f"back-off 5m0s restarting failed container=app pod=web_default({uid})",
    }
    assert status["lastState"]["terminated"]["exitCode"] == 1
    assert set(world.messages("BackOff")) == {f"Back-off restarting failed container app in pod web_default({uid})"}


def test_a_container_that_ran_for_ten_minutes_starts_over() -> None:
    starts: list[float] = []

    def behaviour(launch: Launch) -> Behaviour:
        starts.append(world.engine.now)
        return Behaviour(exit_after_seconds=601.0 if len(starts) == 4 else 0.0, exit=Exit(1, "Error"))

    world = World(behaviour)
    world.run(pod())
    world.after(800.0)
    gaps = [round(b - a, 3) for a, b in itertools.pairwise(starts)]
    assert gaps[:6] == [0, 10, 20, 601, 10, 20]


def test_restart_policies_decide_who_comes_back() -> None:
    world = World(lambda launch: Behaviour(exit_after_seconds=1.0, exit=Exit(0, "Completed")))
    world.run(pod("never", restartPolicy="Never"))
    world.run(pod("on-failure", restartPolicy="OnFailure"))
    world.run(pod("always"))
    world.after(5.0)
    assert world.pod("never")["status"]["phase"] == "Succeeded"
    assert world.pod("on-failure")["status"]["phase"] == "Succeeded"
    assert world.pod("always")["status"]["phase"] == "Running"
    ready = next(c for c in world.pod("never")["status"]["conditions"] if c["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "PodCompleted")
    assert world.container(pod="never")["state"]["terminated"]["reason"] == "Completed"


def test_a_failed_pod_that_may_not_restart_has_failed() -> None:
    world = World(lambda launch: CRASH)
    world.run(pod(restartPolicy="Never"))
    world.after(5.0)
    assert world.pod()["status"]["phase"] == "Failed"
    assert world.container()["restartCount"] == 0


def test_init_containers_run_one_after_the_other_and_before_the_others() -> None:
    order: list[str] = []

    def behaviour(launch: Launch) -> Behaviour:
        order.append(launch.container["name"])
        ends = launch.container["name"].startswith("init")
        return Behaviour(exit_after_seconds=2.0 if ends else None)

    world = World(behaviour)
    world.run(pod("web", container("app"), initContainers=[container("init-a"), container("init-b")]))
    world.after(SANDBOX_SECONDS + 3.0)
    assert order == ["init-a", "init-b"]
    assert world.pod()["status"]["phase"] == "Pending"
    initialized = next(c for c in world.pod()["status"]["conditions"] if c["type"] == "Initialized")
    assert initialized["message"] == "containers with incomplete status: [init-b]"
    assert world.container("app")["state"]["waiting"]["reason"] == "PodInitializing"
    world.after(SANDBOX_SECONDS + 4.0)
    assert order == ["init-a", "init-b", "app"]
    assert world.ready()


def test_a_sidecar_starts_first_stays_and_is_stopped_last() -> None:
    def behaviour(launch: Launch) -> Behaviour:
        return Behaviour(stop_seconds=3.0)

    world = World(behaviour)
    sidecar = container("mesh", restartPolicy="Always")
    world.run(pod("web", container("app"), initContainers=[sidecar]))
    world.after(2.0)
    assert world.ready()
    assert [m for m in world.reasons() if m == "Started"]
    world.cluster.delete("pods", "default", "web")
    world.after(4.0)
    assert "Stopping container app" in world.messages("Killing")
    assert "Stopping container mesh" not in world.messages("Killing")
    world.after(6.0)
    assert "Stopping container mesh" in world.messages("Killing")
    world.after(9.0)
    assert world.cluster.find("pods", "default", "web") is None


def test_a_job_pod_with_a_sidecar_ends_when_its_main_container_has() -> None:
    def behaviour(launch: Launch) -> Behaviour:
        return Behaviour(exit_after_seconds=5.0 if launch.container["name"] == "app" else None)

    world = World(behaviour)
    sidecar = container("mesh", restartPolicy="Always")
    world.run(pod("web", container("app"), initContainers=[sidecar], restartPolicy="Never"))
    world.after(4.0)
    assert world.pod()["status"]["phase"] == "Running"
    world.after(10.0)
    assert world.pod()["status"]["phase"] == "Succeeded"


def test_a_deleted_pod_has_its_grace_and_then_is_killed() -> None:
    world = World(lambda launch: Behaviour(stop_seconds=None))
    world.run(pod(terminationGracePeriodSeconds=20))
    world.after(5.0)
    world.cluster.delete("pods", "default", "web")
    world.after(24.0)
    assert world.pod()["metadata"]["deletionGracePeriodSeconds"] == 20
    assert world.messages("Killing") == ["Stopping container app"]
    world.after(25.1)
    assert world.cluster.find("pods", "default", "web") is None


def test_a_pod_that_obeys_sigterm_goes_as_soon_as_it_has_ended() -> None:
    world = World(lambda launch: Behaviour(stop_seconds=4.0))
    world.run(pod())
    world.after(5.0)
    world.cluster.delete("pods", "default", "web")
    world.after(8.9)
    assert world.cluster.find("pods", "default", "web") is not None
    world.after(9.1)
    assert world.cluster.find("pods", "default", "web") is None


def test_pre_stop_takes_its_time_out_of_the_grace() -> None:
    world = World(lambda launch: Behaviour(stop_seconds=None))
    hook = {"preStop": {"sleep": {"seconds": 6}}}
    world.run(pod("web", container(lifecycle=hook), terminationGracePeriodSeconds=10))
    world.run(pod("short", container(lifecycle=hook), terminationGracePeriodSeconds=3))
    world.after(5.0)
    world.cluster.delete("pods", "default", "web")
    world.cluster.delete("pods", "default", "short")
    # The hook outlasts the grace: SIGTERM at its end, and two seconds of mercy.
    world.after(9.9)
    assert world.cluster.find("pods", "default", "short") is not None
    world.after(10.1)
    assert world.cluster.find("pods", "default", "short") is None
    world.after(14.9)
    assert world.cluster.find("pods", "default", "web") is not None
    world.after(15.1)
    assert world.cluster.find("pods", "default", "web") is None


def test_a_second_shorter_deletion_shortens_the_grace() -> None:
    world = World(lambda launch: Behaviour(stop_seconds=None))
    world.run(pod())
    world.after(5.0)
    world.cluster.delete("pods", "default", "web")
    world.after(6.0)
    world.cluster.delete("pods", "default", "web", grace_seconds=1)
    world.after(7.1)
    assert world.cluster.find("pods", "default", "web") is None


def test_a_deletion_before_anything_ran_is_confirmed_at_once() -> None:
    world = World()
    world.run(pod())
    world.after(0.1)
    world.cluster.delete("pods", "default", "web")
    world.after(0.2)
    assert world.cluster.find("pods", "default", "web") is None


def test_a_pod_that_does_not_fit_fails_with_the_kubelets_words() -> None:
    world = World()
    big = container(resources={"requests": {"cpu": "1500m"}})
    world.run(pod("one", big))
    world.run(pod("two", big))
    world.after(5.0)
    status = world.pod("two")["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "OutOfcpu")
    assert status["message"] == (
        "Pod was rejected: Node didn't have enough resource: cpu, requested: 1500, used: 1500, capacity: 1930"
    )
    assert world.pod("one")["status"]["phase"] == "Running"


def test_a_pod_with_a_deadline_fails_when_it_has_passed() -> None:
    world = World(lambda launch: Behaviour())
    world.run(pod(activeDeadlineSeconds=10))
    world.after(9.0)
    assert world.pod()["status"]["phase"] == "Running"
    world.after(12.0)
    assert (world.pod()["status"]["phase"], world.pod()["status"]["reason"]) == ("Failed", "DeadlineExceeded")


def test_a_dead_machine_says_nothing_more() -> None:
    world = World()
    world.run(pod())
    world.after(5.0)
    world.fleet.fail(world.machine.name)
    world.cluster.delete("pods", "default", "web")
    world.after(300.0)
    assert world.pod()["metadata"]["deletionTimestamp"]
    assert world.pod()["status"]["phase"] == "Running"


def test_a_status_is_not_written_when_nothing_has_changed() -> None:
    world = World()
    world.run(pod("web", container(readinessProbe={"httpGet": {"path": "/", "port": 80}, "periodSeconds": 1})))
    world.after(10.0)
    revision = world.cluster.store.revision
    world.after(300.0)
    assert world.cluster.store.revision == revision


def test_durations_read_as_go_prints_them() -> None:
    printed = [go_duration(s) for s in (0, 0.25, 1.5, 10, 60, 300, 3725)]
    assert printed == ["0s", "250ms", "1.5s", "10s", "1m0s", "5m0s", "1h2m5s"]


def test_a_finished_pod_keeps_its_outcome_when_it_is_deleted_on_a_machine_that_never_ran_it() -> None:
    world = World()
    obj = pod(restartPolicy="Never")
    other = world.fleet.start(template(boot_seconds=50.0))
    stored = world.cluster.create({**obj, "spec": {**obj["spec"], "nodeName": other.name}})
    world.cluster.set_status(stored, {"phase": "Succeeded"})
    world.cluster.delete("pods", "default", "web")
    phases: list[str] = []
    world.cluster.subscribe("pods", lambda change: phases.append(change.object["status"]["phase"]))
    world.after(60.0)
    assert world.cluster.find("pods", "default", "web") is None
    assert set(phases) <= {"Succeeded"}


def test_pods_of_a_namespace_that_is_going_end_in_peace() -> None:
    engine = Engine(seed=5)
    cluster = new_cluster(engine)
    machines = Fleet(cluster, ModelledRuntime(engine))
    machine = machines.start(template())
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "short"}})
    account = {"name": "default", "namespace": "short"}
    cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    obj = pod(automountServiceAccountToken=False)
    metadata = {"name": "web", "namespace": "short"}
    cluster.create({**obj, "metadata": metadata, "spec": {**obj["spec"], "nodeName": machine.name}})
    engine.run_until(100.0)
    assert cluster.get("pods", "short", "web")["status"]["phase"] == "Running"
    cluster.delete("namespaces", "", "short")
    cluster.delete("pods", "short", "web")
    engine.run_until(140.0)
    assert cluster.find("pods", "short", "web") is None
