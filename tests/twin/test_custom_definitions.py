"""Definitions in the course of time: names that are taken, versions that are stored, objects read under a new schema."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Call, Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.cluster.custom import KEY
from wavetank.twin.engine import Engine

EXTERNAL = Call(external=True)


def definition(plural: str = "models", kind: str = "Model", *versions: str, **spec: Any) -> Obj:
    free = {"type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
    listed = [
        {"name": name, "served": True, "storage": index == 0, "schema": {"openAPIV3Schema": free}}
        for index, name in enumerate(versions or ("v1",))
    ]
    names = {"plural": plural, "singular": plural[:-1], "kind": kind, "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": listed, **spec},
    }


@pytest.fixture
def cluster() -> Cluster:
    return new_cluster(Engine())


def reasons(cluster: Cluster, name: str) -> list[str]:
    return [c["reason"] for c in cluster.get(KEY, "", name)["status"]["conditions"]]


def test_names_belong_to_whoever_came_first_until_it_goes(cluster: Cluster) -> None:
    cluster.create(definition(), call=EXTERNAL)
    cluster.engine.run_for(1)
    cluster.create(definition("patterns"), call=EXTERNAL)
    cluster.engine.run_for(1)
    assert reasons(cluster, "patterns.example.com") == ["ListKindConflict", "NotAccepted"]
    status = cluster.get(KEY, "", "patterns.example.com")["status"]
    assert status["conditions"][0]["message"] == '"ModelList" is already in use'
    assert status["acceptedNames"] == {"plural": "patterns", "singular": "pattern", "kind": ""}
    cluster.delete(KEY, "", "models.example.com")
    cluster.engine.run_for(2)
    assert reasons(cluster, "patterns.example.com") == ["NoConflicts", "InitialNamesAccepted"]


def test_a_definition_that_is_new_has_a_status_already(cluster: Cluster) -> None:
    made = cluster.create(definition(), call=EXTERNAL)
    names = {"plural": "", "kind": ""}
    assert made["status"] == {"conditions": None, "acceptedNames": names, "storedVersions": ["v1"]}


def test_versions_once_stored_must_stay(cluster: Cluster) -> None:
    cluster.create(definition("models", "Model", "v1beta1", "v1"), call=EXTERNAL)
    cluster.engine.run_for(1)
    live = copy.deepcopy(cluster.get(KEY, "", "models.example.com"))
    for version in live["spec"]["versions"]:
        version["storage"] = version["name"] == "v1"
    live = copy.deepcopy(cluster.update(live, call=EXTERNAL))
    assert live["status"]["storedVersions"] == ["v1beta1", "v1"]
    live["spec"]["versions"].pop(0)
    with pytest.raises(ApiError, match="v1beta1 was previously a storage version"):
        cluster.update(live, call=EXTERNAL)


def test_discovery_prefers_the_most_mature_version_whichever_is_stored(cluster: Cluster) -> None:
    cluster.create(definition("models", "Model", "v1alpha1", "v1", "v2beta1"), call=EXTERNAL)
    cluster.engine.run_for(1)
    served = [r.version for r in cluster.registry.all() if r.key == "models.example.com"]
    assert served == ["v1", "v2beta1", "v1alpha1"]
    assert cluster.resource("models.example.com").version == "v1alpha1"


def test_what_is_stored_is_read_by_the_schema_of_now(cluster: Cluster) -> None:
    cluster.create(definition(), call=EXTERNAL)
    cluster.engine.run_for(1)
    metadata = {"name": "m", "namespace": "default"}
    cluster.create(
        {"apiVersion": "example.com/v1", "kind": "Model", "metadata": metadata, "spec": {"size": "x", "old": 1}},
        call=EXTERNAL,
    )
    live = copy.deepcopy(cluster.get(KEY, "", "models.example.com"))
    properties = {"size": {"type": "integer"}, "runtime": {"type": "string", "default": "onnx"}}
    spec = {"type": "object", "properties": properties}
    live["spec"]["versions"][0]["schema"] = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    cluster.update(live, call=EXTERNAL)
    kept = cluster.get("models.example.com", "default", "m")
    assert kept["spec"] == {"size": "x", "runtime": "onnx"}
    labelled = cluster.update({**kept, "metadata": {**kept["metadata"], "labels": {"a": "b"}}}, call=EXTERNAL)
    assert labelled["spec"]["size"] == "x"


def test_groups_of_the_community_say_whether_they_are_approved(cluster: Cluster) -> None:
    made = definition(group="x.k8s.io")
    annotations = {"api-approved.kubernetes.io": "unapproved, a test"}
    made["metadata"] = {"name": "models.x.k8s.io", "annotations": annotations}
    cluster.create(made, call=EXTERNAL)
    cluster.engine.run_for(1)
    condition = cluster.get(KEY, "", "models.x.k8s.io")["status"]["conditions"][-1]
    assert (condition["type"], condition["status"], condition["reason"]) == (
        "KubernetesAPIApprovalPolicyConformant",
        "False",
        "UnapprovedAnnotation",
    )
    assert condition["message"] == 'not approved: "unapproved, a test"'
