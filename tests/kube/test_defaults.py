"""Objects come back with the defaults of a 1.36 server.

``stored_objects.json`` holds manifests (the last applied configuration) with what a 1.36 server made of them.
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
from wavetank.kube.types import Obj

STORED = json.loads((Path(__file__).parent.parent / "data/kube/stored_objects.json").read_text())
# What the server or a controller adds for other reasons: addresses, generated selectors, bound volumes, later changes.
NOT_DEFAULTS = {
    "Service": {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"},
    "Job": {"selector"},
    "PersistentVolumeClaim": {"volumeName"},
    "PodDisruptionBudget": {"minAvailable"},
}
JOB_LABELS = {"batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name"}


def resource(obj: Obj) -> Any:
    return resource_of(obj["apiVersion"].rpartition("/")[0], obj["kind"])


def made(obj: Obj) -> Obj:
    about = resource(obj)
    node = Schemas.for_version("1.36").node(about.group, about.version, about.kind)
    assert node is not None
    result = decoded(obj, node)
    assert not result.error
    return defaulted(result.value, about)


def filled(kind: str, api_version: str = "v1", **rest: Any) -> Obj:
    return made({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, **rest})


def comparable(obj: Obj, kind: str) -> Obj:
    spec = {k: v for k, v in obj.get("spec", {}).items() if k not in NOT_DEFAULTS.get(kind, ())}
    if kind == "Service":
        spec["ports"] = [{k: v for k, v in p.items() if k != "nodePort"} for p in spec["ports"]]
    if kind == "Job":
        metadata = spec["template"]["metadata"]
        metadata["labels"] = {k: v for k, v in metadata["labels"].items() if k not in JOB_LABELS}
    if kind == "DaemonSet":
        # A later step of that session added them.
        spec["template"]["spec"].pop("tolerations", None)
    return spec


@pytest.mark.parametrize(
    "case", [c for c in STORED if c["given"]["kind"] != "InferenceService"], ids=lambda c: c["given"]["kind"]
)
def test_specs_are_those_a_real_server_stored(case: dict[str, Any]) -> None:
    kind = case["given"]["kind"]
    assert comparable(made(case["given"]), kind) == comparable(case["stored"], kind)


def pod(**container: Any) -> Obj:
    return {"containers": [{"name": "a", "image": "a:1", **container}]}


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1", "IfNotPresent"),
        ("registry:5000/nginx", "Always"),
        ("registry:5000/nginx:1", "IfNotPresent"),
        ("nginx@sha256:aa", "IfNotPresent"),
        ("nginx:latest@sha256:aa", "IfNotPresent"),
    ],
)
def test_images_are_pulled_by_their_tag(image: str, policy: str) -> None:
    assert filled("Pod", spec=pod(image=image))["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_requests_follow_limits_in_pods_only() -> None:
    resources = {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}
    spec = filled("Pod", spec=pod(resources=resources))["spec"]
    assert spec["containers"][0]["resources"]["requests"] == {"cpu": "500m", "memory": "1Gi"}
    assert spec["enableServiceLinks"] is True
    template = filled("Deployment", "apps/v1", spec={"template": {"spec": pod(resources=resources)}})["spec"][
        "template"
    ]
    assert template["spec"]["containers"][0]["resources"] == resources
    assert "enableServiceLinks" not in template["spec"]


def test_service_accounts_are_written_in_both_spellings() -> None:
    assert filled("Pod", spec={**pod(), "serviceAccount": "old"})["spec"]["serviceAccountName"] == "old"
    assert filled("Pod", spec={**pod(), "serviceAccountName": "new"})["spec"]["serviceAccount"] == "new"


def test_volumes_get_modes_and_a_kind() -> None:
    volumes = [
        {"name": "a"},
        {"name": "b", "secret": {"secretName": "s"}},
        {"name": "c", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
        {"name": "d", "hostPath": {"path": "/d"}},
        {"name": "e", "downwardAPI": {"items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}},
    ]
    assert filled("Pod", spec={**pod(), "volumes": volumes})["spec"]["volumes"] == [
        {"name": "a", "emptyDir": {}},
        {"name": "b", "secret": {"secretName": "s", "defaultMode": 420}},
        {
            "name": "c",
            "projected": {
                "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}],
                "defaultMode": 420,
            },
        },
        {"name": "d", "hostPath": {"path": "/d", "type": ""}},
        {
            "name": "e",
            "downwardAPI": {
                "items": [{"path": "n", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}],
                "defaultMode": 420,
            },
        },
    ]


def test_autoscalers_have_a_target_and_rules() -> None:
    reference = {"kind": "Deployment", "name": "a", "apiVersion": "apps/v1"}
    plain = filled("HorizontalPodAutoscaler", "autoscaling/v2", spec={"maxReplicas": 4, "scaleTargetRef": reference})
    assert plain["spec"] == {
        "maxReplicas": 4,
        "metrics": [
            {
                "resource": {"name": "cpu", "target": {"averageUtilization": 80, "type": "Utilization"}},
                "type": "Resource",
            }
        ],
        "minReplicas": 1,
        "scaleTargetRef": reference,
    }
    behavior = {"scaleUp": {"policies": [{"periodSeconds": 1, "type": "Percent", "value": 100}]}}
    spec = {"maxReplicas": 4, "scaleTargetRef": reference, "behavior": behavior}
    assert filled("HorizontalPodAutoscaler", "autoscaling/v2", spec=spec)["spec"]["behavior"] == {
        "scaleDown": {"policies": [{"periodSeconds": 15, "type": "Percent", "value": 100}], "selectPolicy": "Max"},
        "scaleUp": {
            "policies": [{"periodSeconds": 1, "type": "Percent", "value": 100}],
            "selectPolicy": "Max",
            "stabilizationWindowSeconds": 0,
        },
    }


def test_services_by_type() -> None:
    assert filled("Service", spec={"ports": [{"port": 80}]})["spec"] == {
        "internalTrafficPolicy": "Cluster",
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        "sessionAffinity": "None",
        "type": "ClusterIP",
    }
    external = filled("Service", spec={"type": "ExternalName", "externalName": "a.example.com"})["spec"]
    assert external == {"externalName": "a.example.com", "sessionAffinity": "None", "type": "ExternalName"}


def test_policy_types_follow_the_rules() -> None:
    assert filled("NetworkPolicy", "networking.k8s.io/v1", spec={"podSelector": {}})["spec"]["policyTypes"] == [
        "Ingress"
    ]
    both = filled("NetworkPolicy", "networking.k8s.io/v1", spec={"podSelector": {}, "egress": [{}]})
    assert both["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_secrets_are_stored_encoded() -> None:
    secret = filled("Secret", stringData={"a": "secret"}, data={"a": "b2xk", "b": "Yg=="})
    assert (secret["type"], secret["data"], "stringData" in secret) == ("Opaque", {"a": "c2VjcmV0", "b": "Yg=="}, False)


def test_namespaces_carry_their_name() -> None:
    namespace = filled("Namespace")
    assert namespace["metadata"]["labels"] == {"kubernetes.io/metadata.name": "x"}
    assert namespace["status"] == {"phase": "Active"}


def test_limit_ranges_pass_limits_down() -> None:
    item = {"type": "Container", "max": {"cpu": "2"}, "min": {"memory": "1Mi"}}
    limits = filled("LimitRange", spec={"limits": [item]})["spec"]["limits"][0]
    assert limits["default"] == {"cpu": "2"}
    assert limits["defaultRequest"] == {"cpu": "2", "memory": "1Mi"}


def test_defaulting_twice_changes_nothing_and_leaves_its_argument_alone() -> None:
    for case in STORED:
        if case["given"]["kind"] == "InferenceService":
            continue
        before = json.dumps(case["given"])
        once = made(case["given"])
        assert defaulted(once, resource(case["given"])) == once
        assert json.dumps(case["given"]) == before


def test_lists_that_are_kept_empty_are_printed_as_null() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "sum"}}
    assert defaulted(role, resource_of("rbac.authorization.k8s.io", "ClusterRole"))["rules"] is None
    piece = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "endpoints": []}
    filled = defaulted(piece, resource_of("discovery.k8s.io", "EndpointSlice"))
    assert (filled["endpoints"], filled["ports"]) == (None, None)
