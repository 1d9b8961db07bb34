"""The official Python client against the twin, unchanged: typed, dynamic, watches, create-from-dict, exec, port-forward."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config, dynamic, utils, watch
from kubernetes.stream import portforward, stream
from twins import WEB_PORT, Reached, container, wait_for

from wavetank.app.bare import BareTwin
from wavetank.twin.bare import BareOptions

pytest_plugins = ["cluster_of_file"]


@pytest.fixture(scope="module", autouse=True)
def access(reached: Reached) -> None:
    loading: Any = config  # a module without types
    loading.load_kube_config(str(reached.kubeconfig))


@pytest.fixture
def core() -> Any:
    """Without types: the client takes dictionaries as well as models, which its signatures do not say."""
    return client.CoreV1Api()


def running_pod(core: Any, name: str, *containers: dict[str, object]) -> None:
    pod = {"metadata": {"name": name, "labels": {"app": name}}, "spec": {"containers": list(containers)}}
    core.create_namespaced_pod("default", pod)
    wait_for(lambda: is_ready(core.read_namespaced_pod(name, "default")))


def is_ready(pod: Any) -> bool:
    return any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or ())


def test_a_command_runs_in_a_pod_and_its_output_and_exit_code_come_back(core: Any) -> None:
    running_pod(core, "execing", container("tool", "sleep", "60"))
    call = core.connect_get_namespaced_pod_exec
    words = ["/bin/sh", "-c", "echo out; echo err >&2"]
    options = {"stdin": False, "stdout": True, "tty": False}
    assert stream(call, "execing", "default", command=words, stderr=False, **options) == "out\n"
    assert sorted(stream(call, "execing", "default", command=words, stderr=True, **options).split()) == ["err", "out"]
    open_streams = {"stderr": True, "stdin": True, "stdout": True, "tty": False, "_preload_content": False}
    shell = stream(call, "execing", "default", command=["/bin/sh"], **open_streams)
    shell.write_stdin("echo from the shell\n")
    assert shell.readline_stdout(timeout=10) == "from the shell"
    shell.write_stdin("exit 7\n")
    shell.run_forever(timeout=10)
    assert shell.returncode == 7
    core.delete_namespaced_pod("execing", "default", grace_period_seconds=0)


def test_a_port_of_a_pod_is_reached_through_the_api(core: Any) -> None:
    running_pod(core, "web", container("web"))
    forwarding = portforward(core.connect_get_namespaced_pod_portforward, "web", "default", ports=str(WEB_PORT))
    socket = forwarding.socket(WEB_PORT)
    socket.settimeout(10)
    socket.sendall(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
    assert socket.recv(64).startswith(b"HTTP/1.0 200 OK")
    assert forwarding.error(WEB_PORT) is None
    assert "Directory listing" in core.connect_get_namespaced_pod_proxy("web", "default")
    with pytest.raises(client.ApiException) as refused:
        core.connect_get_namespaced_pod_proxy("web:9999", "default")
    assert (refused.value.status, "connection refused" in str(refused.value.body)) == (503, True)
    core.delete_namespaced_pod("web", "default", grace_period_seconds=0)


def test_a_service_keeps_its_ports_by_their_names(core: Any) -> None:
    port = {"name": "old", "port": 80, "targetPort": 80}
    service = {"metadata": {"name": "shop"}, "spec": {"selector": {"app": "shop"}, "ports": [port]}}
    assert core.create_namespaced_service("default", service).spec.cluster_ip.startswith("172.20.")
    more = {"spec": {"ports": [{"name": "new", "port": 8080, "targetPort": 8080}]}}
    assert [p.name for p in core.patch_namespaced_service("shop", "default", more).spec.ports] == ["new", "old"]
    core.delete_namespaced_service("shop", "default")


def test_a_replication_controller_has_its_pods(core: Any) -> None:
    template = {"metadata": {"labels": {"app": "old"}}, "spec": {"containers": [container("nginx")]}}
    spec = {"replicas": 2, "selector": {"app": "old"}, "template": template}
    core.create_namespaced_replication_controller("default", {"metadata": {"name": "old"}, "spec": spec})
    wait_for(lambda: core.read_namespaced_replication_controller("old", "default").status.ready_replicas == 2)
    core.delete_namespaced_replication_controller("old", "default", propagation_policy="Background")
    wait_for(lambda: not core.list_namespaced_pod("default", label_selector="app=old").items)


def deployment(name: str, replicas: int) -> client.V1Deployment:
    labels = {"app": name}
    pod = client.V1PodSpec(containers=[client.V1Container(name="main", image="nginx:1")])
    template = client.V1PodTemplateSpec(metadata=client.V1ObjectMeta(labels=labels), spec=pod)
    spec = client.V1DeploymentSpec(
        replicas=replicas, selector=client.V1LabelSelector(match_labels=labels), template=template
    )
    return client.V1Deployment(metadata=client.V1ObjectMeta(name=name), spec=spec)


def test_a_deployment_is_watched_until_it_is_available_and_goes_in_the_foreground() -> None:
    watches: Any = watch  # a module without types
    apps, events = client.AppsV1Api(), watches.Watch()
    apps.create_namespaced_deployment("default", deployment("api", 3))
    watched = {"field_selector": "metadata.name=api", "timeout_seconds": 60}
    for event in events.stream(apps.list_namespaced_deployment, "default", **watched):
        if event["object"].status.available_replicas == 3:
            events.stop()
    apps.delete_namespaced_deployment("api", "default", propagation_policy="Foreground")
    wait_for(lambda: not apps.list_namespaced_deployment("default").items)


def test_a_watch_sees_each_change_and_ends_at_its_time(core: Any) -> None:
    core.create_namespaced_config_map("default", {"metadata": {"name": "watched", "labels": {"watched": "yes"}}})
    watches: Any = watch
    events, seen = watches.Watch(), []
    options = {"label_selector": "watched=yes", "timeout_seconds": 2}
    for event in events.stream(core.list_namespaced_config_map, "default", **options):
        seen.append(event["type"])
        if event["type"] == "ADDED":
            core.patch_namespaced_config_map("watched", "default", {"data": {"a": "1"}})
        if event["type"] == "MODIFIED":
            core.delete_namespaced_config_map("watched", "default")
    assert seen == ["ADDED", "MODIFIED", "DELETED"]


def test_objects_come_from_dictionaries_and_one_that_exists_is_told(core: Any) -> None:
    role = {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}
    items = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "made"}, "data": {"a": "b"}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "made"}, **role},
    ]
    tools: Any = utils
    tools.create_from_dict(client.ApiClient(), {"apiVersion": "v1", "kind": "List", "items": items})
    assert core.read_namespaced_config_map("made", "default").data == {"a": "b"}
    with pytest.raises(utils.FailToCreateError, match='configmaps \\\\"made\\\\" already exists'):
        tools.create_from_dict(client.ApiClient(), items[0])


def test_the_dynamic_client_finds_kinds_and_applies() -> None:
    kinds: Any = dynamic
    found = kinds.DynamicClient(client.ApiClient())
    maps = found.resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"x": "1"}}
    maps.create(body=body, namespace="default")
    changed = {**body, "data": {"x": "2"}}
    options = {"namespace": "default", "field_manager": "tests", "force_conflicts": True}
    assert found.server_side_apply(maps, body=changed, **options).data.x == "2"
    maps.delete(name="applied", namespace="default")
    assert found.version["kubernetes"]["gitVersion"].startswith("v1.36.")


def test_what_a_user_may_do_is_told() -> None:
    asked: Any = {"spec": {"resourceAttributes": {"verb": "delete", "resource": "nodes"}}}
    answer = client.AuthorizationV1Api().create_self_subject_access_review(asked)
    assert answer.status is not None
    assert answer.status.allowed


def test_what_nodes_use_is_told(tmp_path: Path) -> None:
    """In a cluster whose metrics are there at once: elsewhere they come after two looks of the metrics server."""
    loading: Any = config
    with BareTwin(BareOptions(kubelet="scripted")) as twin:
        twin.write_kubeconfig(tmp_path / "kubeconfig")
        custom: Any = client.CustomObjectsApi(loading.new_client_from_config(str(tmp_path / "kubeconfig")))
        items = custom.list_cluster_custom_object("metrics.k8s.io", "v1beta1", "nodes")["items"]
    assert [item["usage"]["cpu"] for item in items] == ["500m"] * 3


def test_a_client_in_a_pod_is_its_service_account(core: Any) -> None:
    script = (
        "from kubernetes import client, config; config.load_kube_config(); "
        "print(client.AuthenticationV1Api().create_self_subject_review({}).status.user_info.username, flush=True); "
        "import time; time.sleep(60)"
    )
    running_pod(core, "inside", container("tool", sys.executable, "-c", script))
    wait_for(lambda: core.read_namespaced_pod_log("inside", "default") == "system:serviceaccount:default:default\n")
    core.delete_namespaced_pod("inside", "default", grace_period_seconds=0)
