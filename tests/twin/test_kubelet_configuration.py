"""What a container is told, and what happens when something it needs is not there."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from nodes_kit import World, container, pod

from wavetank.kube.types import Obj
from wavetank.twin.nodes.kubelet.environment import service_variables
from wavetank.twin.nodes.kubelet.expansion import expanded
from wavetank.twin.nodes.kubelet.images import effective_policy
from wavetank.twin.nodes.runtime import Behaviour, Launch


def told(world_pod: Obj, *objects: Obj) -> dict[str, str]:
    """The environment of the pod's first container."""
    launches: list[Launch] = []

    def behaviour(launch: Launch) -> Behaviour:
        launches.append(launch)
        return Behaviour()

    world = World(behaviour)
    for obj in objects:
        world.cluster.create(obj)
    world.run(world_pod)
    world.after(5.0)
    return dict(launches[0].environment)


def config_map(name: str = "settings", **data: str) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def from_key(name: str, key: str, **more: Any) -> Obj:
    return {"name": "X", "valueFrom": {"configMapKeyRef": {"name": name, "key": key, **more}}}


def test_variables_come_from_maps_fields_and_resources() -> None:
    env = [
        from_key("settings", "trees"),
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "TEAM", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['team']"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        {"name": "MIB", "valueFrom": {"resourceFieldRef": {"resource": "requests.memory", "divisor": "1Mi"}}},
        {"name": "ALL", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Gi"}}},
    ]
    resources = {"requests": {"memory": "256Mi", "cpu": "250m"}, "limits": {"cpu": "1500m"}}
    env_from = [{"configMapRef": {"name": "settings"}, "prefix": "P_"}]
    obj = pod("web", container(env=env, envFrom=env_from, resources=resources))
    obj["metadata"]["labels"] = {"team": "ml"}
    variables = told(obj, config_map(trees="100"))
    assert variables["X"] == variables["P_trees"] == "100"
    assert variables["NODE"].endswith("compute.internal")
    assert variables["TEAM"] == "ml"
    assert variables["CPU"] == "2"
    assert variables["MIB"] == "256"
    assert variables["ALL"] == "3"


def test_a_missing_config_map_is_said_in_the_kubelets_words_and_healed_when_it_comes() -> None:
    world = World()
    world.run(pod("web", container(env=[from_key("settings", "trees")])))
    world.after(1.0)
    waiting = world.container()["state"]["waiting"]
    assert waiting == {"reason": "CreateContainerConfigError", "message": 'configmap "settings" not found'}
    assert world.messages("Failed") == ['Error: configmap "settings" not found']
    world.cluster.create(config_map(other="1"))
    world.after(11.0)
    assert world.container()["state"]["waiting"]["message"] == "couldn't find key trees in ConfigMap default/settings"
    world.cluster.modify("configmaps", "default", "settings", lambda old: {**old, "data": {"trees": "1"}})
    world.after(21.0)
    assert world.ready()


def test_a_missing_secret_is_named_as_one() -> None:
    world = World()
    source = {"secretKeyRef": {"name": "keys", "key": "password"}}
    world.run(pod("web", container(env=[{"name": "X", "valueFrom": source}])))
    world.after(1.0)
    assert world.container()["state"]["waiting"]["message"] == 'secret "keys" not found'


def test_optional_references_may_lead_nowhere() -> None:
    env = [from_key("nothing", "trees", optional=True)]
    env_from = [{"secretRef": {"name": "nothing", "optional": True}}]
    variables = told(pod("web", container(env=env, envFrom=env_from)))
    assert "X" not in variables


def test_a_volume_without_its_source_is_not_mounted_until_it_is_there() -> None:
    world = World()
    volumes = [{"name": "config", "configMap": {"name": "settings"}}]
    world.run(pod("web", container(), volumes=volumes))
    world.after(5.0)
    assert world.container()["state"]["waiting"]["reason"] == "ContainerCreating"
    assert world.messages("FailedMount")[0] == (
        'MountVolume.SetUp failed for volume "config" : configmap "settings" not found'
    )
    world.cluster.create(config_map(trees="1"))
    world.after(20.0)
    assert world.ready()


def test_services_are_told_as_variables() -> None:
    ports = [{"name": "http", "port": 80}, {"name": "grpc-web", "port": 9000, "protocol": "TCP"}]
    api = service("model-api", "default", "10.100.0.7", ports)
    other = service("other", "elsewhere", "10.100.0.8", [{"port": 1}])
    headless = service("peers", "default", "None", [{"port": 1}])
    master = service("kubernetes", "default", "10.100.0.1", [{"name": "https", "port": 443}])
    variables = service_variables([api, other, headless, master], "default", all_services=True)
    assert variables["MODEL_API_SERVICE_HOST"] == "10.100.0.7"
    assert variables["MODEL_API_SERVICE_PORT"] == "80"
    assert variables["MODEL_API_SERVICE_PORT_GRPC_WEB"] == "9000"
    assert variables["MODEL_API_PORT"] == "tcp://10.100.0.7:80"
    assert variables["MODEL_API_PORT_9000_TCP_ADDR"] == "10.100.0.7"
    assert not any(name.startswith(("OTHER", "PEERS")) for name in variables)
    only_master = service_variables([api, other, master], "default", all_services=False)
    assert {name.partition("_")[0] for name in only_master} == {"KUBERNETES"}


def service(name: str, namespace: str, address: str, ports: list[Obj]) -> Obj:
    spec = {"clusterIP": address, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def test_references_expand_as_kubernetes_does() -> None:
    known = {"A": "1", "B": "two"}
    assert expanded("$(A)-$(B)-$(C)-$$(A)-$A-$(A", known) == "1-two-$(C)-$(A)-$A-$(A"


@given(st.text(alphabet="ab()", max_size=30))
def test_text_without_a_dollar_is_left_alone(text: str) -> None:
    assert expanded(text, {"a": "x"}) == text


def test_images_without_a_fixed_tag_are_always_asked_for() -> None:
    policies = [effective_policy("", image) for image in ("a", "a:latest", "r:5000/a", "a:1", "a@sha256:0")]
    assert policies == ["Always", "Always", "Always", "IfNotPresent", "IfNotPresent"]
    assert effective_policy("Never", "a") == "Never"


def test_an_image_that_may_not_be_pulled_and_is_not_there_is_an_error() -> None:
    world = World()
    world.run(pod("web", container(imagePullPolicy="Never")))
    world.after(1.0)
    assert world.container()["state"]["waiting"]["reason"] == "ErrImageNeverPull"
