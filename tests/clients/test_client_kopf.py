"""An operator of kopf against the twin, unchanged: handlers, a timer, a daemon, a finalizer, events, a peering-free run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config
from twins import Reached, wait_for

OPERATOR = """
import kopf

@kopf.on.startup()
def configure(settings, **_):
    settings.persistence.finalizer = "boats.example.com/crew"

@kopf.on.create("boats")
def launch(spec, body, patch, **_):
    kopf.info(body, reason="Launched", message=f"{spec['crew']} on board")
    patch.status["afloat"] = True
    return {"crew": spec["crew"]}

@kopf.on.field("boats", field="spec.crew")
def changed(old, new, body, **_):
    if old is not None:
        kopf.info(body, reason="CrewChanged", message=f"{old} to {new}")

@kopf.timer("boats", interval=0.3)
def sound(patch, status, **_):
    patch.status["soundings"] = status.get("soundings", 0) + 1

@kopf.daemon("boats")
async def watchman(stopped, **_):
    await stopped.wait()

@kopf.on.delete("boats")
def scuttle(name, **_):
    print("scuttled", name, flush=True)

@kopf.on.event("pods", labels={"boat": "fram"})
def seen(event, **_):
    print("pod", event["type"], flush=True)
"""
GROUP, VERSION, PLURAL = "boats.example.com", "v1", "boats"
OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
DEFINITION: Any = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"{PLURAL}.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"kind": "Boat", "plural": PLURAL, "singular": "boat"},
        "versions": [
            {
                "name": VERSION,
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": OPEN, "status": OPEN}}},
            }
        ],
    },
}

pytest_plugins = ["cluster_of_file"]


@pytest.fixture
def boats(reached: Reached, tmp_path: Path) -> Iterator[Callable[[], dict[str, Any]]]:
    """The operator runs; what is returned reads the boat."""
    access: Any = config  # a module without types
    access.load_kube_config(str(reached.kubeconfig))
    client.ApiextensionsV1Api().create_custom_resource_definition(DEFINITION)
    (tmp_path / "operator.py").write_text(OPERATOR)
    words = [sys.executable, "-m", "kopf", "run", "--namespace=default", "--standalone", str(tmp_path / "operator.py")]
    environment = {"KUBECONFIG": str(reached.kubeconfig), "PATH": "/usr/bin:/bin"}
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(words, stdout=log, stderr=log, env=environment) as operator,
    ):
        try:
            yield lambda: as_dict(
                client.CustomObjectsApi().get_namespaced_custom_object(GROUP, VERSION, "default", PLURAL, "fram")
            )
        finally:
            operator.terminate()
            assert operator.wait(20) == 0, (tmp_path / "log").read_text()


def as_dict(value: Any) -> dict[str, Any]:
    """What the client calls an object is a dictionary."""
    return dict(value)


def reasons() -> set[str]:
    return {str(event.reason) for event in client.CoreV1Api().list_namespaced_event("default").items}


def is_gone(read: Callable[[], object]) -> bool:
    try:
        read()
    except client.ApiException as error:
        return bool(error.status == 404)
    return False


def test_a_boat_is_launched_watched_changed_and_scuttled(boats: Callable[[], dict[str, Any]], tmp_path: Path) -> None:
    custom = client.CustomObjectsApi()
    boat = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Boat", "metadata": {"name": "fram"}, "spec": {"crew": 13}}
    wait_for(lambda: not is_gone(lambda: custom.list_namespaced_custom_object(GROUP, VERSION, "default", PLURAL)))
    custom.create_namespaced_custom_object(GROUP, VERSION, "default", PLURAL, boat)
    wait_for(lambda: bool(boats().get("status", {}).get("afloat")))
    assert boats()["status"]["launch"] == {"crew": 13}
    assert boats()["metadata"]["finalizers"] == ["boats.example.com/crew"]
    wait_for(lambda: boats()["status"].get("soundings", 0) >= 3)
    custom.patch_namespaced_custom_object(GROUP, VERSION, "default", PLURAL, "fram", {"spec": {"crew": 16}})
    wait_for(lambda: {"Launched", "CrewChanged"} <= reasons())
    pod: Any = {
        "metadata": {"name": "mate", "labels": {"boat": "fram"}},
        "spec": {"containers": [{"name": "a", "image": "a"}]},
    }
    client.CoreV1Api().create_namespaced_pod("default", pod)
    custom.delete_namespaced_custom_object(GROUP, VERSION, "default", PLURAL, "fram")
    wait_for(lambda: is_gone(boats))
    wait_for(lambda: {"scuttled fram", "pod ADDED"} <= set((tmp_path / "log").read_text().splitlines()))
