"""Manifests are refused with the sentences of a 1.36 server, all of them at once.

``refused_manifests.json`` holds manifests with what a 1.36 server said of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wavetank.kube.decoding import decoded
from wavetank.kube.defaults import defaulted
from wavetank.kube.kinds import resource_of
from wavetank.kube.schema import Schemas
from wavetank.kube.types import Obj, Resource
from wavetank.kube.validation import validate_create

DATA = Path(__file__).parent.parent / "data/kube"
REFUSED = json.loads((DATA / "refused_manifests.json").read_text())
STORED = json.loads((DATA / "stored_objects.json").read_text())


def refusals(manifest: Obj) -> list[str]:
    about = resource_of(manifest["apiVersion"].rpartition("/")[0], manifest["kind"])
    node = Schemas.for_version("1.36").node(about.group, about.version, about.kind)
    assert node is not None
    read = decoded(manifest, node)
    assert not read.error
    return [f"{c.field}: {c.message}" for c in validate_create(defaulted(read.value, about), about)]


def refused(kind: str, api_version: str = "v1", name: str = "x", **rest: Any) -> list[str]:
    return refusals({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **rest})


@pytest.mark.parametrize("case", REFUSED, ids=lambda c: f"{c['manifest']['kind']}-{c['manifest']['metadata']['name']}")
def test_refusals_are_those_of_a_real_server(case: dict[str, Any]) -> None:
    # Some come in the order of a Go map.
    assert sorted(refusals(case["manifest"])) == sorted(case["refusals"])


@pytest.mark.parametrize(
    "case", [c for c in STORED if c["given"]["kind"] != "InferenceService"], ids=lambda c: c["given"]["kind"]
)
def test_what_a_real_server_stored_is_valid(case: dict[str, Any]) -> None:
    assert refusals(case["given"]) == []


def test_names_by_kind() -> None:
    assert refused("ConfigMap", name="bad/name", data={"a": "b"}) == [
        (
            'metadata.name: Invalid value: "bad/name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric '
            "characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
            "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
        )
    ]
    assert refused("Role", "rbac.authorization.k8s.io/v1", "a:b") == []
    assert refused("Role", "rbac.authorization.k8s.io/v1", "a/b") == [
        "metadata.name: Invalid value: \"a/b\": may not contain '/'"
    ]


def test_config_maps_have_a_size() -> None:
    assert refused("ConfigMap", data={"a": "a" * 1048577}) == ["[]: Too long: may not be more than 1048576 bytes"]
    assert refused("ConfigMap", data={"a": "a" * 1048576}) == []


def test_quotas() -> None:
    spec = {"hard": {"pods": "1"}, "scopes": ["Nonsense"]}
    assert refused("ResourceQuota", spec=spec) == ['spec.scopes: Invalid value: ["Nonsense"]: unsupported scope']
    assert refused("ResourceQuota", spec={"hard": {"nonsense": "1"}}) == [
        'spec.hard[nonsense]: Invalid value: "nonsense": must be a standard resource type or fully qualified',
        'spec.hard[nonsense]: Invalid value: "nonsense": must be a standard resource for quota',
    ]
    hard = {
        "count/configmaps": "3",
        "requests.nvidia.com/gpu": "2",
        "gold.storageclass.storage.k8s.io/requests.storage": "1Gi",
    }
    assert refused("ResourceQuota", spec={"hard": {"requests.cpu": "1500m", **hard}}) == []


def test_priority_classes() -> None:
    api = "scheduling.k8s.io/v1"
    assert refused("PriorityClass", api, value=2000000001) == [
        "value: Forbidden: maximum allowed value of a user defined priority is 1000000000"
    ]
    assert refused("PriorityClass", api, "system-mine", value=1) == [
        (
            "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. "
            "error: system-mine is not a known system priority class"
        )
    ]
    assert refused("PriorityClass", api, "system-node-critical", value=2000001000) == []


def test_pod_security_labels() -> None:
    prefix = "pod-security.kubernetes.io"
    labels = {f"{prefix}/enforce": "strict", f"{prefix}/warn-version": "nonsense"}
    assert refusals({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "secure", "labels": labels}}) == [
        f'metadata.labels[{prefix}/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted',
        f'metadata.labels[{prefix}/warn-version]: Invalid value: "nonsense": must be "latest" or "v1.x"',
    ]


def pod(resources: dict[str, Any]) -> Obj:
    return {"containers": [{"name": "c", "image": "c:1", "resources": resources}]}


def test_extended_resources_are_whole_and_equal() -> None:
    assert refused("Pod", spec=pod({"limits": {"nvidia.com/gpu": "1"}})) == []
    assert refused("Pod", spec=pod({"limits": {"nvidia.com/gpu": "2"}, "requests": {"nvidia.com/gpu": "1"}})) == [
        'spec.containers[0].resources.requests: Invalid value: "1": must be equal to nvidia.com/gpu limit of 2'
    ]
    assert refused("Pod", spec=pod({"requests": {"nvidia.com/gpu": "1"}})) == [
        "spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources"
    ]


def test_jobs_end() -> None:
    spec = {"template": {"spec": pod({})}}
    assert refused("Job", "batch/v1", spec=spec) == [
        'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
    ]


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("0 2 * * *", None),
        ("*/5 8-18 * jan-mar mon-fri", None),
        ("@daily", None),
        ("@every 1h", None),
        ("x", "expected exactly 5 fields, found 1: [x]"),
        ("61 * * * *", "end of range (61) above maximum (59): 61"),
        ("a * * * *", 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("9-3 * * * *", "beginning of range (9) beyond end of range (3): 9-3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("@often", "unrecognized descriptor: @often"),
    ],
)
def test_schedules(schedule: str, problem: str | None) -> None:
    template = {"spec": {"template": {"spec": {**pod({}), "restartPolicy": "Never"}}}}
    found = refused("CronJob", "batch/v1", spec={"schedule": schedule, "jobTemplate": template})
    assert found == ([f'spec.schedule: Invalid value: "{schedule}": {problem}'] if problem else [])


def test_stateful_sets_may_mount_their_claims() -> None:
    mounting = {"containers": [{"name": "c", "image": "c:1", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]}
    spec: Obj = {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": mounting},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}],
    }
    assert refused("StatefulSet", "apps/v1", spec=spec) == []
    del spec["volumeClaimTemplates"]
    assert refused("StatefulSet", "apps/v1", spec=spec) == [
        'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"'
    ]


def test_typed_secrets_need_their_keys() -> None:
    assert refused("Secret", type="kubernetes.io/tls") == [
        "data[tls.crt]: Required value",
        "data[tls.key]: Required value",
    ]


def test_services_need_ports_and_names() -> None:
    assert refused("Service", spec={}) == ["spec.ports: Required value"]
    assert refused("Service", spec={"clusterIP": "None"}) == []
    assert refused("Service", spec={"type": "ExternalName"}) == ["spec.externalName: Required value"]


def test_roles_need_verbs() -> None:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": []}, {"verbs": ["get"]}]
    assert refused("Role", "rbac.authorization.k8s.io/v1", rules=rules) == [
        "rules[0].verbs: Required value: verbs must contain at least one value",
        "rules[1].apiGroups: Required value: resource rules must supply at least one api group",
        "rules[1].resources: Required value: resource rules must supply at least one resource",
    ]


def test_subresources_that_are_kinds_of_their_own() -> None:
    token = Resource("authentication.k8s.io", "v1", "TokenRequest", "serviceaccounts/token", "", True)
    (refusal,) = validate_create({"spec": {"expirationSeconds": 60}}, token)
    assert refusal.message == "Invalid value: 60: may not specify a duration less than 10 minutes"
    scale = Resource("autoscaling", "v1", "Scale", "deployments/scale", "", True)
    (refusal,) = validate_create({"spec": {"replicas": -1}}, scale)
    assert (refusal.field, refusal.message) == (
        "spec.replicas",
        "Invalid value: -1: must be greater than or equal to 0",
    )


def on_the_hosts_network(**port: int) -> Obj:
    container = {"name": "agent", "image": "agent", "ports": [{"containerPort": 61678, **port}]}
    return {"hostNetwork": True, "containers": [container]}


def test_ports_on_the_network_of_the_host_are_the_hosts() -> None:
    labels = {"app": "agent"}

    def daemons(spec: Obj) -> list[str]:
        template = {"metadata": {"labels": labels}, "spec": spec}
        return refused("DaemonSet", "apps/v1", spec={"selector": {"matchLabels": labels}, "template": template})

    assert refused("Pod", spec=on_the_hosts_network()) == []
    assert daemons(on_the_hosts_network()) == []
    (problem,) = daemons(on_the_hosts_network(hostPort=80))
    assert "hostPort: Invalid value: 80: must match `containerPort` when `hostNetwork` is true" in problem
