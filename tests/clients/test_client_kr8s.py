"""kr8s against the twin, unchanged: objects with verbs of their own, waiting, exec, port-forward, watches, custom kinds."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import kr8s
import kr8s.asyncio
import pytest
from kr8s.asyncio.objects import Pod as AsyncPod
from kr8s.objects import CustomResourceDefinition, Deployment, Job, Node, Pod, Service, new_class
from twins import WEB_PORT, Reached, container, wait_for

# kr8s knows the versions that were supported when it was released, and warns of all later ones.
pytestmark = pytest.mark.filterwarnings("ignore:Kubernetes version")

pytest_plugins = ["cluster_of_file"]


@pytest.fixture
def api(reached: Reached) -> Any:
    return kr8s.api(kubeconfig=str(reached.kubeconfig))


def pod(name: str, image: str = "nginx", *words: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default", "labels": {"app": name}}
    spec = {"containers": [container(image, *words)], "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def test_a_pod_is_waited_for_labelled_found_and_deleted(api: Any) -> None:
    made = Pod(pod("found"), api=api)
    made.create()
    made.wait("condition=Ready", timeout=60)
    assert made.ready()
    made.label({"colour": "red"})
    made.annotate({"note": "hello"})
    made.patch([{"op": "remove", "path": "/metadata/labels/colour"}], type="json")
    assert "colour" not in made.labels
    assert [each.name for each in api.get("pods", label_selector={"app": "found"})] == ["found"]
    assert [each.name for each in api.get("pods", field_selector={"metadata.name": "found"})] == ["found"]
    made.delete()
    wait_for(lambda: not made.exists())


def test_commands_run_in_a_pod(api: Any) -> None:
    made = Pod(pod("tools", "tool", "sleep", "60"), api=api)
    made.create()
    made.wait("condition=Ready", timeout=60)
    assert made.exec(["echo", "hello"]).stdout == b"hello\n"
    assert made.exec(["false"], check=False).returncode == 1
    # A word that is a place in a volume is that place.
    assert made.exec(["cat", "/var/run/secrets/kubernetes.io/serviceaccount/namespace"]).stdout == b"default"
    made.delete()


def test_a_port_is_forwarded_to_a_pod_and_to_a_service(api: Any) -> None:
    made = Pod(pod("web", "web"), api=api)
    made.create()
    spec = {"selector": {"app": "web"}, "ports": [{"port": WEB_PORT}]}
    service = Service({"metadata": {"name": "web", "namespace": "default"}, "spec": spec}, api=api)
    service.create()
    made.wait("condition=Ready", timeout=60)
    with made.portforward(remote_port=WEB_PORT) as port:
        assert httpx.get(f"http://localhost:{port}/").status_code == 200
    wait_for(service.ready)
    with service.portforward(remote_port=WEB_PORT) as port:
        assert httpx.get(f"http://localhost:{port}/").status_code == 200
    assert "Directory listing" in service.proxy_http_get("/", port=WEB_PORT).text
    service.delete()
    made.delete()


def test_a_deployment_is_scaled_and_knows_its_pods(api: Any) -> None:
    labels = {"app": "scaled"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container("nginx")]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    made = Deployment({"metadata": {"name": "scaled", "namespace": "default"}, "spec": spec}, api=api)
    made.create()
    made.wait("condition=Available", timeout=60)
    made.scale(3)
    assert made.replicas == 3
    wait_for(lambda: len(made.pods()) == 3)
    made.delete(propagation_policy="Foreground")


def test_a_job_completes_and_its_log_is_read(api: Any) -> None:
    template = {"spec": {"containers": [container("tool", "echo", "3.14")], "restartPolicy": "Never"}}
    made = Job({"metadata": {"name": "pi", "namespace": "default"}, "spec": {"template": template}}, api=api)
    made.create()
    made.wait(["condition=Complete", "condition=Failed"], timeout=60)
    (worker,) = api.get("pods", label_selector={"job-name": "pi"})
    assert list(worker.logs()) == ["3.14"]
    made.delete(propagation_policy="Foreground")


def test_a_watch_follows_a_pod_to_its_end(api: Any) -> None:
    Pod(pod("watched"), api=api).create()
    seen = []
    for event, each in api.watch("pods", label_selector={"app": "watched"}):
        seen.append(event)
        if event == "ADDED":
            each.patch({"metadata": {"labels": {"seen": "yes"}}})
        elif event == "MODIFIED" and "seen" in each.labels and "DELETED" not in seen:
            each.delete()
        elif event == "DELETED":
            break
    assert seen[0] == "ADDED"
    assert "MODIFIED" in seen


def test_a_node_is_cordoned_and_uncordoned(api: Any) -> None:
    node: Any = Node.get("node-1", api=api)
    node.cordon()
    assert node.unschedulable
    node.uncordon()
    assert not node.unschedulable


def test_a_kind_of_ones_own_is_selected_by_its_fields(api: Any) -> None:
    spec = {"type": "object", "properties": {"colour": {"type": "string"}}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}},
        "selectableFields": [{"jsonPath": ".spec.colour"}],
    }
    names = {"plural": "shirts", "singular": "shirt", "kind": "Shirt"}
    body = {"group": "stable.example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    made = CustomResourceDefinition({"metadata": {"name": "shirts.stable.example.com"}, "spec": body}, api=api)
    made.create()
    # A new definition has null for its conditions, which kr8s cannot look through.
    wait_for(lambda: bool(CustomResourceDefinition.get(made.name, api=api).status.conditions))
    made.refresh()
    made.wait("condition=Established")
    shirt = new_class(kind="Shirt", version="stable.example.com/v1", namespaced=True)
    for number, colour in enumerate(("blue", "green", "blue")):
        metadata = {"name": f"shirt-{number}", "namespace": "default"}
        shirt({"metadata": metadata, "spec": {"colour": colour}}, api=api).create()
    found = api.get("shirts.stable.example.com", field_selector="spec.colour=blue")
    assert [each.name for each in found] == ["shirt-0", "shirt-2"]
    made.delete()


def test_the_api_tells_who_one_is_and_what_there_is(api: Any) -> None:
    assert api.whoami() == "kubernetes-admin"
    assert api.version()["gitVersion"].startswith("v1.36.")
    assert {"apps/v1", "batch/v1", "v1"} <= set(api.api_versions())
    assert any(resource["name"] == "deployments" for resource in api.api_resources())


def test_the_asynchronous_side_works_too(reached: Reached) -> None:
    async def live() -> list[str]:
        api: Any = await kr8s.asyncio.api(kubeconfig=str(reached.kubeconfig))
        made = await AsyncPod(pod("awaited"), api=api)
        await made.create()
        await made.wait("condition=Ready", timeout=60)
        names = [each.name async for each in api.get("pods", "awaited")]
        await made.delete()
        return names

    assert asyncio.run(live()) == ["awaited"]
