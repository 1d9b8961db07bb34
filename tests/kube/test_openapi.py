"""The published documents hold what kubectl looks for in them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from wavetank.kube.kinds import BUILT_IN
from wavetank.kube.openapi import OpenApi
from wavetank.kube.types import Obj, Resource

API = OpenApi("1.36")
WIDGET = Resource(
    "rec.example.com",
    "v1",
    "Widget",
    "widgets",
    "widget",
    True,
    subresources=(("status", ("rec.example.com", "v1", "Widget")),),
)
WIDGET_SCHEMA = {
    "type": "object",
    "properties": {"spec": {"type": "object", "properties": {"model": {"type": "string"}}}},
}


def document(api_version: str, api: OpenApi = API) -> Obj:
    body = api.document(api_version)
    assert body is not None
    result: Obj = json.loads(body)
    return result


def kinds_that_can(doc: Obj, parameter: str) -> set[str]:
    """The kinds whose PATCH knows a query parameter: how kubectl decides to let the server validate."""
    found = set()
    for item in doc["paths"].values():
        patch = item.get("patch", {})
        if any(p["name"] == parameter for p in patch.get("parameters", ())):
            found.add(patch["x-kubernetes-group-version-kind"]["kind"])
    return found


def test_paths_and_fields_of_a_real_server() -> None:
    doc = document("apps/v1")
    assert doc["openapi"] == "3.0.0"
    assert sorted(p for p in doc["paths"] if "daemonsets" in p) == [
        "/apis/apps/v1/daemonsets",
        "/apis/apps/v1/namespaces/{namespace}/daemonsets",
        "/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}",
        "/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}/status",
        "/apis/apps/v1/watch/daemonsets",
        "/apis/apps/v1/watch/namespaces/{namespace}/daemonsets",
        "/apis/apps/v1/watch/namespaces/{namespace}/daemonsets/{name}",
    ]
    spec = doc["components"]["schemas"]["io.k8s.api.apps.v1.DeploymentSpec"]
    assert spec["required"] == ["selector", "template"]
    assert sorted(spec["properties"]) == [
        "minReadySeconds",
        "paused",
        "progressDeadlineSeconds",
        "replicas",
        "revisionHistoryLimit",
        "selector",
        "strategy",
        "template",
    ]


def test_every_kind_that_can_be_patched_knows_field_validation() -> None:
    for api_version in dict.fromkeys(r.api_version for r in BUILT_IN):
        patched = {r.kind for r in BUILT_IN if r.api_version == api_version and "patch" in r.verbs}
        assert patched <= kinds_that_can(document(api_version), "fieldValidation")


@pytest.mark.parametrize("api_version", list(dict.fromkeys(r.api_version for r in BUILT_IN)))
def test_every_reference_leads_somewhere(api_version: str) -> None:
    doc = document(api_version)
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(doc)))
    assert references <= set(doc["components"]["schemas"])


def test_merge_rules_and_enums_are_published() -> None:
    schemas = document("v1")["components"]["schemas"]
    containers = schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert containers["x-kubernetes-patch-merge-key"] == "name"
    kind = schemas["io.k8s.api.core.v1.ServiceSpec"]["properties"]["type"]
    assert kind["enum"] == ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]
    assert '\n\nPossible enum values:\n - `"ClusterIP"` means a service' in kind["description"]


def test_the_index_leads_to_every_document() -> None:
    index = API.index()["paths"]
    assert index["api/v1"]["serverRelativeURL"].startswith("/openapi/v3/api/v1?hash=")
    assert set(index) == {("apis/" if "/" in r.api_version else "api/") + r.api_version for r in BUILT_IN}


def test_custom_resources_have_a_document() -> None:
    api = API.with_custom([(WIDGET, WIDGET_SCHEMA)])
    doc = document("rec.example.com/v1", api)
    schema = doc["components"]["schemas"]["com.example.rec.v1.Widget"]
    assert schema["x-kubernetes-group-version-kind"] == [
        {"group": "rec.example.com", "kind": "Widget", "version": "v1"}
    ]
    assert set(schema["properties"]) == {"apiVersion", "kind", "metadata", "spec"}
    patch: Any = doc["paths"]["/apis/rec.example.com/v1/namespaces/{namespace}/widgets/{name}"]["patch"]
    assert "application/strategic-merge-patch+json" not in patch["requestBody"]["content"]
    assert API.document("rec.example.com/v1") is None


def test_the_hash_changes_with_the_schema() -> None:
    def url(schema: dict[str, Any]) -> str:
        found: str = API.with_custom([(WIDGET, schema)]).index()["paths"]["apis/rec.example.com/v1"][
            "serverRelativeURL"
        ]
        return found

    assert url(WIDGET_SCHEMA) == url(dict(WIDGET_SCHEMA))
    assert url(WIDGET_SCHEMA) != url({"type": "object"})


def test_version_two_holds_everything() -> None:
    doc = API.v2()
    assert doc["swagger"] == "2.0"
    assert "io.k8s.api.apps.v1.Deployment" in doc["definitions"]
    assert "#/components" not in json.dumps(doc)
    assert "/api/v1/namespaces/{namespace}/pods/{name}" in doc["paths"]
