"""Bodies are read as Go reads them. Messages are those of a 1.36 server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wavetank.kube.decoding import decoded, problems
from wavetank.kube.schema import Node, Schemas

SCHEMAS = Schemas.for_version("1.36")
STORED = json.loads((Path(__file__).parent.parent / "data/kube/stored_objects.json").read_text())


def kind(group: str, version: str, name: str) -> Node:
    node = SCHEMAS.node(group, version, name)
    assert node is not None
    return node


POD, DEPLOYMENT, CONFIG_MAP = kind("", "v1", "Pod"), kind("apps", "v1", "Deployment"), kind("", "v1", "ConfigMap")


def deployment(container: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [container]}}, **spec}}


def test_all_unknown_fields_are_named_in_order() -> None:
    body = {"metadata": {"label": {}}, "spec": {"replica": 1}}
    body["spec"] |= deployment({"name": "a", "port": [], "resources": {"request": {}}})["spec"]
    assert decoded(body, DEPLOYMENT).strict_error == (
        'strict decoding error: unknown field "metadata.label", unknown field "spec.replica", '
        'unknown field "spec.template.spec.containers[0].port", '
        'unknown field "spec.template.spec.containers[0].resources.request"'
    )


def test_unknown_fields_are_dropped() -> None:
    assert decoded({"data": {"a": "1"}, "dat": {}}, CONFIG_MAP).value == {"data": {"a": "1"}}


@pytest.mark.parametrize(
    ("body", "node", "message"),
    [
        (
            {"data": {"a": 1}},
            CONFIG_MAP,
            "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
        ),
        (
            {"data": {"a": True}},
            CONFIG_MAP,
            "json: cannot unmarshal bool into Go struct field ConfigMap.data of type string",
        ),
        (
            {"data": []},
            CONFIG_MAP,
            "json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string",
        ),
        (
            {"spec": {"replicas": "two"}},
            DEPLOYMENT,
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            {"spec": {"replicas": 1.5}},
            DEPLOYMENT,
            "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            deployment({"env": [{"name": "A", "value": 1}]}),
            DEPLOYMENT,
            "json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string",
        ),
        (
            deployment({"imagePullPolicy": 1}),
            DEPLOYMENT,
            (
                "json: cannot unmarshal number into Go struct field "
                "Container.spec.template.spec.containers.imagePullPolicy of type v1.PullPolicy"
            ),
        ),
        (
            {"spec": {"containers": {}}},
            POD,
            "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            {"spec": {"containers": [{"resources": {"limits": {"cpu": "lots"}}}]}},
            POD,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
    ],
)
def test_wrong_types_are_named_in_go(body: dict[str, Any], node: Node, message: str) -> None:
    assert problems(body, node) == [message]


def test_base64_is_checked() -> None:
    secret = kind("", "v1", "Secret")
    assert problems({"data": {"a": "c2VjcmV0"}}, secret) == []
    assert problems({"data": {"a": "not base64"}}, secret) == ["illegal base64 data at input byte 3"]


def test_quantities_are_stored_in_canonical_form() -> None:
    body = {
        "spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi", "x/y": 2}}}]}
    }
    limits = decoded(body, POD).value["spec"]["containers"][0]["resources"]["limits"]
    assert limits == {"cpu": "1", "memory": "1Gi", "x/y": "2"}


def test_what_go_leaves_out_is_absent() -> None:
    body = deployment(
        {"name": "a", "stdin": False, "args": [], "resources": {}, "securityContext": {"privileged": False}},
        replicas=0,
        paused=False,
        minReadySeconds=0,
    )
    body["metadata"] = {"labels": {}, "creationTimestamp": None, "annotations": {"empty": ""}}
    assert decoded(body, DEPLOYMENT).value == {
        "metadata": {"annotations": {"empty": ""}},
        "spec": {
            "replicas": 0,
            "template": {
                "spec": {"containers": [{"name": "a", "resources": {}, "securityContext": {"privileged": False}}]}
            },
        },
    }


def test_the_body_is_left_alone() -> None:
    body = {"data": {"a": None}, "x": 1}
    decoded(body, CONFIG_MAP)
    assert body == {"data": {"a": None}, "x": 1}


@pytest.mark.parametrize(
    "case", [c for c in STORED if c["given"]["kind"] != "InferenceService"], ids=lambda c: c["given"]["kind"]
)
def test_what_a_real_server_stored_is_read_unchanged(case: dict[str, Any]) -> None:
    group, _, version = case["given"]["apiVersion"].rpartition("/")
    read = decoded(case["stored"], kind(group, version, case["given"]["kind"]))
    assert (read.value, read.error, read.unknown_fields) == (case["stored"], "", ())


def test_unknown_times_are_written_as_null() -> None:
    body = {
        "status": {
            "conditions": [{"type": "Ready", "status": "True", "lastProbeTime": None, "lastTransitionTime": None}]
        }
    }
    assert decoded(body, POD).value["status"]["conditions"] == [
        {"type": "Ready", "status": "True", "lastProbeTime": None}
    ]
