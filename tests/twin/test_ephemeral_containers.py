"""Containers that are added to a running pod, and resources that are changed in place."""

from __future__ import annotations

from typing import Any

import pytest
from nodes_kit import World, container, pod
from scaling_kit import Bench

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Call
from wavetank.twin.nodes.runtime import Behaviour
from wavetank.twin.nodes.runtime.modelled import default_behaviour
from wavetank.twin.nodes.runtime.port import Exit


def debugged(there: World, *added: Obj, name: str = "web") -> Obj:
    live = there.pod(name)
    spec = {**live["spec"], "ephemeralContainers": [*(live["spec"].get("ephemeralContainers") or ()), *added]}
    return there.cluster.update({**live, "spec": spec}, subresource="ephemeralcontainers")


def debugger(name: str = "debugger", **fields: Any) -> Obj:
    return {"name": name, "image": "registry.example/tools:1", "stdin": True, "tty": True, **fields}


def added(there: World, name: str = "web") -> list[Obj]:
    found: list[Obj] = there.pod(name)["status"].get("ephemeralContainerStatuses") or []
    return found


def test_a_debugging_container_starts_beside_the_others_and_changes_nothing_for_them() -> None:
    there = World()
    there.run(pod())
    there.after(10)
    debugged(there, debugger(targetContainerName="app"))
    there.after(15)
    (status,) = added(there)
    assert (status["name"], status["restartCount"]) == ("debugger", 0)
    assert "running" in status["state"]
    assert there.ready()
    assert there.pod()["status"]["phase"] == "Running"


def test_a_command_ends_and_is_not_run_again() -> None:
    there = World()
    there.run(pod())
    there.after(10)
    debugged(there, debugger("once", stdin=False, tty=False, command=["ls"]), debugger("shell"))
    there.after(40)
    once, shell = added(there)
    assert once["state"]["terminated"]["exitCode"] == 0
    assert once["restartCount"] == 0
    assert "running" in shell["state"]
    assert there.ready()


def test_a_pod_whose_init_container_fails_can_be_debugged() -> None:
    failing = Behaviour(exit_after_seconds=1.0, exit=Exit(1, "Error"))
    there = World(lambda launch: failing if launch.container["name"] == "setup" else default_behaviour(launch))
    there.run(pod("web", initContainers=[container("setup")]))
    debugged(there, debugger())
    there.after(30)
    assert "running" in added(there)[0]["state"]
    assert there.conditions()["Initialized"] == "False"


def test_it_goes_with_its_pod() -> None:
    there = World()
    there.run(pod())
    there.after(10)
    debugged(there, debugger())
    there.after(20)
    there.cluster.delete("pods", "default", "web")
    there.after(60)
    assert there.cluster.find("pods", "default", "web") is None
    assert there.messages("Killing") == ["Stopping container app", "Stopping container debugger"]


@pytest.fixture(scope="module")
def bench() -> Bench:
    found = Bench()
    found.deployment()
    found.run(15)
    return found


def patched(bench: Bench, *containers: Obj) -> Obj:
    """As kubectl debug writes it."""
    (live,) = bench.pods()
    body = {"spec": {"ephemeralContainers": list(containers)}}
    resource, call = bench.cluster.resource("pods"), Call(external=True, manager="kubectl-debug")
    name = live["metadata"]["name"]
    found, _ = bench.cluster.patch(
        resource, "shop", name, body, "strategic", subresource="ephemeralcontainers", call=call
    )
    return found


@pytest.mark.parametrize(
    ("container_", "text"),
    [
        (debugger("app"), 'spec.ephemeralContainers[0].name: Duplicate value: "app"'),
        (debugger("Debug"), "spec.ephemeralContainers[0].name: Invalid value"),
        ({"name": "d"}, "spec.ephemeralContainers[0].image: Required value"),
        (debugger(targetContainerName="nobody"), 'targetContainerName: Not found: "nobody"'),
        (
            debugger(resources={"limits": {"cpu": "1"}}),
            "spec.ephemeralContainers[0].resources: Forbidden: cannot be set for an Ephemeral Container",
        ),
        (
            debugger(volumeMounts=[{"name": "none", "mountPath": "/x"}]),
            'spec.ephemeralContainers[0].volumeMounts[0].name: Not found: "none"',
        ),
    ],
)
def test_what_they_may_not_have_is_refused(bench: Bench, container_: Obj, text: str) -> None:
    with pytest.raises(ApiError) as caught:
        patched(bench, container_)
    assert caught.value.code == 422
    assert text in caught.value.message


def test_they_can_be_added_but_neither_changed_nor_removed(bench: Bench) -> None:
    patched(bench, debugger("first"))
    stored = patched(bench, debugger("second"))
    names = [c["name"] for c in stored["spec"]["ephemeralContainers"]]
    assert sorted(names) == ["first", "second"]
    assert stored["spec"]["ephemeralContainers"][0]["terminationMessagePolicy"] == "File"
    with pytest.raises(ApiError, match='existing ephemeral containers "first" may not be changed'):
        patched(bench, {"name": "first", "image": "registry.example/other:1"})
    (live,) = bench.pods()
    emptied = {**live, "spec": {**live["spec"], "ephemeralContainers": []}}
    with pytest.raises(ApiError, match='existing ephemeral containers "first" may not be removed'):
        bench.cluster.update(emptied, subresource="ephemeralcontainers", call=Call(external=True))


def test_resources_change_in_place_when_they_fit_and_wait_when_not() -> None:
    there = World()
    there.run(pod("web", container(resources={"requests": {"cpu": "100m"}})))
    there.after(10)
    resized(there, {"requests": {"cpu": "500m"}})
    there.after(12)
    assert there.container()["resources"] == {"requests": {"cpu": "500m"}}
    assert there.container()["restartCount"] == 0
    resized(there, {"requests": {"cpu": "5"}})
    there.after(14)
    pending = next(c for c in there.pod()["status"]["conditions"] if c["type"] == "PodResizePending")
    assert (pending["reason"], pending["message"]) == (
        "Deferred",
        "Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 1930",
    )
    assert there.container()["resources"] == {"requests": {"cpu": "500m"}}


def test_a_policy_can_ask_for_a_restart() -> None:
    there = World()
    policy = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
    there.run(pod("web", container(resources={"requests": {"memory": "64Mi"}}, resizePolicy=policy)))
    there.after(10)
    resized(there, {"requests": {"memory": "128Mi"}})
    there.after(15)
    assert there.container()["restartCount"] == 1
    assert there.container()["resources"] == {"requests": {"memory": "128Mi"}}
    assert there.messages("Killing") == ["Container app resize requires restart"]


def resized(there: World, resources: Obj) -> None:
    live = there.pod()
    spec = {**live["spec"], "containers": [{**live["spec"]["containers"][0], "resources": resources}]}
    there.cluster.update({**live, "spec": spec}, subresource="resize")
