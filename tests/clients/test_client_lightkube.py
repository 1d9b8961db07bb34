"""lightkube against the twin, unchanged: typed objects, patches, apply, selectors, waiting, watching, logs, custom kinds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lightkube import ApiError, AsyncClient, Client, KubeConfig
from lightkube import operators as op
from lightkube.core.exceptions import ObjectDeleted
from lightkube.generic_resource import create_global_resource
from lightkube.models.apiextensions_v1 import (
    CustomResourceDefinitionNames,
    CustomResourceDefinitionSpec,
    CustomResourceDefinitionVersion,
    CustomResourceSubresources,
    CustomResourceSubresourceScale,
    CustomResourceValidation,
    JSONSchemaProps,
)
from lightkube.models.apps_v1 import DeploymentSpec
from lightkube.models.core_v1 import Container, PodSpec, PodTemplateSpec
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Namespace, Node, Pod
from lightkube.types import CascadeType, PatchType
from twins import Reached

pytest_plugins = ["cluster_of_file"]


@pytest.fixture(scope="module")
def config(reached: Reached) -> KubeConfig:
    return KubeConfig.from_file(reached.kubeconfig)


@pytest.fixture
def client(config: KubeConfig) -> Client:
    return Client(config=config, field_manager="lightkube-tests")


def pod(name: str, command: str = "sleep 100") -> Pod:
    main = Container(name="main", image="tool:1", args=["/bin/sh", "-c", command])
    spec = PodSpec(containers=[main], terminationGracePeriodSeconds=1, restartPolicy="Never")
    return Pod(metadata=ObjectMeta(name=name, labels={"app": name}), spec=spec)


def test_a_pod_is_made_read_changed_in_four_ways_and_deleted(client: Client) -> None:
    made = client.create(pod("changing"))
    assert made.metadata is not None
    for _, seen in client.watch(Pod, labels={"app": "changing"}, resource_version=made.metadata.resourceVersion):
        assert seen.status is not None
        if seen.status.phase != "Pending":
            break
    client.wait(Pod, "changing", for_conditions=["Ready"])
    live = client.get(Pod, "changing")
    assert live.metadata is not None
    assert live.metadata.labels is not None
    live.metadata.labels["replaced"] = "yes"
    client.replace(live)
    client.patch(Pod, "changing", {"metadata": {"labels": {"strategic": "yes"}}})
    client.patch(Pod, "changing", {"metadata": {"labels": {"strategic": None}}}, patch_type=PatchType.MERGE)
    json_patch = [{"op": "add", "path": "/metadata/labels/json", "value": "yes"}]
    client.patch(Pod, "changing", json_patch, patch_type=PatchType.JSON)
    live = client.get(Pod, "changing")
    assert live.metadata is not None
    labels = live.metadata.labels
    assert labels is not None
    own = {name: value for name, value in labels.items() if "/" not in name}
    assert own == {"app": "changing", "replaced": "yes", "json": "yes"}
    client.delete(Pod, "changing")
    with pytest.raises(ObjectDeleted):
        client.wait(Pod, "changing", for_conditions=["Never"])


def test_logs_are_followed_to_the_end(client: Client) -> None:
    client.create(pod("talking", "for i in 1 2 3; do echo line $i; done"))
    client.wait(Pod, "talking", for_conditions=["Initialized"])
    for _, seen in client.watch(Pod, fields={"metadata.name": "talking"}):
        if seen.status is not None and seen.status.phase == "Succeeded":
            break
    assert list(client.log("talking", follow=True)) == ["line 1\n", "line 2\n", "line 3\n"]
    client.delete(Pod, "talking")


def test_what_the_api_refuses_is_told_with_its_reason(client: Client) -> None:
    with pytest.raises(ApiError) as missing:
        client.get(Pod, "nowhere")
    assert (missing.value.status.code, missing.value.status.message) == (404, 'pods "nowhere" not found')
    client.create(pod("twice"))
    with pytest.raises(ApiError) as again:
        client.create(pod("twice"))
    assert again.value.status.reason == "AlreadyExists"
    client.delete(Pod, "twice", grace_period=0)


def test_lists_come_in_chunks_by_labels_and_go_together(client: Client) -> None:
    client.create(Namespace(metadata=ObjectMeta(name="many")))
    for i in range(7):
        labels = {"number": str(i)}
        client.create(ConfigMap(metadata=ObjectMeta(name=f"c{i}", namespace="many", labels=labels), data={"k": "v"}))
    selected: Any = {"number": op.exists()}
    assert len(list(client.list(ConfigMap, namespace="many", chunk_size=3, labels=selected))) == 7
    assert len(list(client.list(ConfigMap, namespace="*", labels={"number": ["1", "2"]}))) == 2
    assert len(list(client.list(ConfigMap, namespace="many", labels={"number": op.not_in(["1"])}))) == 7  # and the CA
    client.deletecollection(ConfigMap, namespace="many")
    assert list(client.list(ConfigMap, namespace="many", labels=selected)) == []
    client.delete(Namespace, "many", cascade=CascadeType.FOREGROUND)


def test_two_managers_that_apply_one_field_are_in_conflict_until_one_forces(config: KubeConfig) -> None:
    mine, others = Client(config=config, field_manager="mine"), Client(config=config, field_manager="others")
    wanted = ConfigMap(apiVersion="v1", kind="ConfigMap", metadata=ObjectMeta(name="shared"), data={"a": "1", "b": "2"})
    mine.apply(wanted)
    wanted.data = {"a": "1"}
    assert mine.apply(wanted).data == {"a": "1"}
    wanted.data = {"a": "2"}
    with pytest.raises(ApiError, match="conflict"):
        others.apply(wanted)
    assert others.apply(wanted, force=True).data == {"a": "2"}
    mine.delete(ConfigMap, "shared")


def test_a_deployment_becomes_available_and_is_scaled(client: Client) -> None:
    main = Container(name="main", image="nginx:1")
    template = PodTemplateSpec(metadata=ObjectMeta(labels={"app": "web"}), spec=PodSpec(containers=[main]))
    spec = DeploymentSpec(replicas=1, selector=LabelSelector(matchLabels={"app": "web"}), template=template)
    client.create(Deployment(metadata=ObjectMeta(name="web"), spec=spec))
    client.wait(Deployment, "web", for_conditions=["Available"])
    scale = client.get(Deployment.Scale, "web")
    assert scale.spec is not None
    scale.spec.replicas = 3
    client.replace(scale, "web")
    live = client.get(Deployment, "web")
    assert live.spec is not None
    assert live.spec.replicas == 3
    client.delete(Deployment, "web")


def definition() -> CustomResourceDefinition:
    replicas = JSONSchemaProps(type="object", properties={"replicas": JSONSchemaProps(type="integer")})
    schema = JSONSchemaProps(type="object", properties={"spec": replicas, "status": replicas})
    scale = CustomResourceSubresourceScale(specReplicasPath=".spec.replicas", statusReplicasPath=".status.replicas")
    version = CustomResourceDefinitionVersion(
        name="v1",
        served=True,
        storage=True,
        schema=CustomResourceValidation(openAPIV3Schema=schema),
        subresources=CustomResourceSubresources(scale=scale, status={}),
    )
    names = CustomResourceDefinitionNames(kind="Crew", plural="crews", singular="crew", listKind="CrewList")
    spec = CustomResourceDefinitionSpec(group="boats.example.com", names=names, scope="Cluster", versions=[version])
    return CustomResourceDefinition(metadata=ObjectMeta(name="crews.boats.example.com"), spec=spec)


def test_a_kind_of_ones_own_has_status_and_scale(client: Client) -> None:
    client.create(definition())
    client.wait(CustomResourceDefinition, "crews.boats.example.com", for_conditions=["Established"])
    crews = create_global_resource("boats.example.com", "v1", "Crew", "crews")
    client.create(crews(metadata=ObjectMeta(name="fram"), spec={"replicas": 13}))
    client.patch(crews.Status, "fram", {"status": {"replicas": 12}}, patch_type=PatchType.MERGE)
    kinds: Any = crews  # mypy cannot see that the scale of a kind of one's own is read like that of a Deployment
    scale = client.get(kinds.Scale, "fram")
    assert scale.spec is not None
    assert scale.status is not None
    assert (scale.spec.replicas, scale.status.replicas) == (13, 12)
    client.delete(CustomResourceDefinition, "crews.boats.example.com")


def test_the_asynchronous_client_works_too(config: KubeConfig) -> None:
    async def live() -> list[str]:
        client = AsyncClient(config=config)
        await client.create(pod("waited-for"))
        await client.wait(Pod, "waited-for", for_conditions=["Ready"])
        await client.delete(Pod, "waited-for")
        return [str(node.metadata.name) async for node in client.list(Node) if node.metadata is not None]

    assert asyncio.run(live()) == ["node-1", "node-2", "node-3"]
