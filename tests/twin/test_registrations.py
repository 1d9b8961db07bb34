"""What the API server shows of itself as objects."""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Call, Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.cluster.custom import KEY as DEFINITIONS
from wavetank.twin.controllers import start_controllers
from wavetank.twin.controllers.registrations import API_SERVICES, IP_ADDRESSES, SERVICE_CIDRS
from wavetank.twin.engine import Engine


def running() -> Cluster:
    cluster = new_cluster(Engine())
    start_controllers(cluster)
    cluster.engine.run_for(1)
    return cluster


def names(cluster: Cluster, key: str) -> set[str]:
    return {obj["metadata"]["name"] for obj in cluster.list(key)}


def definition() -> Obj:
    schema = {"openAPIV3Schema": {"type": "object"}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    kinds = {"plural": "models", "singular": "model", "kind": "Model", "listKind": "ModelList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "models.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": kinds, "versions": [version]},
    }


def test_every_version_of_every_group_has_an_api_service() -> None:
    cluster = running()
    assert {"v1.", "v1.apps", "v2.autoscaling"} <= names(cluster, API_SERVICES)
    core = cluster.get(API_SERVICES, "", "v1.")["spec"]
    assert core == {"groupPriorityMinimum": 18000, "version": "v1", "versionPriority": 1}
    cluster.create(definition())
    cluster.engine.run_for(1)
    assert "v1.example.com" in names(cluster, API_SERVICES)
    cluster.delete(DEFINITIONS, "", "models.example.com")
    cluster.engine.run_for(1)
    assert "v1.example.com" not in names(cluster, API_SERVICES)


def test_every_address_of_a_service_is_an_object_while_it_is_taken() -> None:
    cluster = running()
    assert names(cluster, SERVICE_CIDRS) == {"kubernetes"}
    assert names(cluster, IP_ADDRESSES) == {"172.20.0.1"}
    spec = {"ports": [{"port": 80}]}
    made = cluster.create(
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "default"}, "spec": spec}
    )
    cluster.engine.run_for(1)
    address = cluster.get(IP_ADDRESSES, "", made["spec"]["clusterIP"])
    assert address["spec"]["parentRef"] == {"group": "", "resource": "services", "namespace": "default", "name": "a"}
    cluster.delete("services", "default", "a")
    cluster.engine.run_for(1)
    assert names(cluster, IP_ADDRESSES) == {"172.20.0.1"}


def test_what_the_control_plane_writes_of_an_object_is_among_its_managed_fields() -> None:
    cluster = running()
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "c:1"}]}}
    given = {"selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": "web", "namespace": "default"}
    asked = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": given}
    cluster.create(asked, call=Call(manager="kubectl-create", external=True))
    cluster.engine.run_for(1)
    found = cluster.get("deployments.apps", "default", "web")["metadata"]["managedFields"]
    assert [(f["manager"], f["operation"], f.get("subresource", "")) for f in found] == [
        ("kube-controller-manager", "Update", "status"),
        ("kubectl-create", "Update", ""),
    ]
    noted = found[0]["fieldsV1"]
    assert noted["f:metadata"] == {"f:annotations": {".": {}, "f:deployment.kubernetes.io/revision": {}}}
    assert "f:observedGeneration" in noted["f:status"]


def test_a_service_of_another_type_leaves_behind_what_only_the_old_one_has() -> None:
    cluster = running()
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    metadata = {"name": "a", "namespace": "default"}
    cluster.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    for kind in ("ClusterIP", "NodePort", "ExternalName", "LoadBalancer"):
        live = cluster.get("services", "default", "a")
        name = {"externalName": "a.b"} if kind == "ExternalName" else {}
        changed = cluster.update({**live, "spec": {**live["spec"], "type": kind, **name}})["spec"]
        ports = changed["ports"][0]
        assert ("nodePort" in ports) == (kind in ("NodePort", "LoadBalancer"))
        assert ("externalTrafficPolicy" in changed) == (kind in ("NodePort", "LoadBalancer"))
        assert ("allocateLoadBalancerNodePorts" in changed) == (kind == "LoadBalancer")
        assert ("clusterIP" in changed) == (kind != "ExternalName")
