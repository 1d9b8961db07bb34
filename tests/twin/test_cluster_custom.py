"""Custom resources: served when their definition is established, read against its schema, gone with it."""

from __future__ import annotations

from typing import Any

import pytest

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Call, Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.cluster.custom import KEY, versions_of
from wavetank.twin.engine import Engine

PLURAL = "models.example.com"


def definition() -> Obj:
    spec = {"type": "object", "properties": {"size": {"type": "integer", "default": 2, "maximum": 5}}}
    status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": spec, "status": status}}
    paths = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}, "scale": paths},
    }
    names = {"plural": "models", "singular": "model", "kind": "Model", "listKind": "ModelList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": PLURAL},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    }


def model(**spec: Any) -> Obj:
    metadata = {"name": "m", "namespace": "default"}
    return {"apiVersion": "example.com/v1", "kind": "Model", "metadata": metadata, "spec": spec}


@pytest.fixture
def cluster() -> Cluster:
    made = new_cluster(Engine())
    made.create(definition(), call=Call(external=True))
    made.engine.run_for(1)
    return made


def test_a_kind_is_served_a_moment_after_its_definition_not_at_once() -> None:
    fresh = new_cluster(Engine())
    fresh.create(definition(), call=Call(external=True))
    with pytest.raises(ApiError, match="could not find the requested resource"):
        fresh.create(model())
    fresh.engine.run_for(1)
    conditions = {c["type"]: c["status"] for c in fresh.get(KEY, "", PLURAL)["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    assert fresh.create(model())


def test_unknown_fields_go_defaults_come_and_wrong_values_are_refused(cluster: Cluster) -> None:
    stored = cluster.create(model(colour="blue"), call=Call(external=True))
    assert stored["spec"] == {"size": 2}
    with pytest.raises(ApiError, match="should be less than or equal to 5"):
        cluster.create({**model(size=9), "metadata": {"name": "n", "namespace": "default"}}, call=Call(external=True))


def test_status_and_scale_are_written_apart_from_the_rest(cluster: Cluster) -> None:
    cluster.create({**model(), "status": {"size": 7}}, call=Call(external=True))
    assert "status" not in cluster.get(PLURAL, "default", "m")
    cluster.set_status(model(), {"size": 2})
    assert cluster.set_replicas(PLURAL, "default", "m", 4)["spec"] == {"replicas": 4}
    assert cluster.scale_of(PLURAL, "default", "m")["status"] == {"replicas": 2}
    assert cluster.get(PLURAL, "default", "m")["metadata"]["generation"] == 2


def test_a_definition_takes_its_objects_along(cluster: Cluster) -> None:
    cluster.create(model())
    cluster.delete(KEY, "", PLURAL)
    cluster.engine.run_for(2)
    assert cluster.find(KEY, "", PLURAL) is None
    assert cluster.store.resource_keys().count(PLURAL) == 0
    with pytest.raises(ApiError, match="could not find the requested resource"):
        cluster.create(model())


def test_a_version_that_is_going_away_says_which_one_to_use() -> None:
    given = definition()
    (only,) = given["spec"]["versions"]
    said = {"v1alpha1": "", "v2beta1": "", "v1beta1": "take another"}
    old = [{**only, "name": name, "storage": False, "deprecated": True} for name in said]
    old[2]["deprecationWarning"] = "take another"
    given["spec"]["versions"] = [only, *old]
    assert {v.resource.version: v.deprecation for v in versions_of(given)} == {
        "v1": "",
        "v1alpha1": "example.com/v1alpha1 Model is deprecated; use example.com/v1 Model",
        "v2beta1": "example.com/v2beta1 Model is deprecated; use example.com/v1 Model",
        "v1beta1": "take another",
    }


def test_a_finalizer_without_a_domain_is_warned_of(cluster: Cluster) -> None:
    call = Call(external=True)
    cluster.create({**model(), "metadata": {"name": "m", "namespace": "default", "finalizers": ["mine"]}}, call=call)
    assert [text.partition(": prefer")[0] for text in call.warnings] == ['metadata.finalizers: "mine"']
