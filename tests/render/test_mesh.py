"""The mesh comes out in Istio's words, with full names, and its charts keep Pod Security."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ways_in import BASE, only, planned, rendered

from strict import problems_of
from wavetank.plan import plan
from wavetank.render import render
from wavetank.spec import load_text

PLATFORM = BASE.replace(
    "[{name: harbor}]", "[{name: harbor, mesh: true}, {name: istio-ingress, podSecurity: baseline}]"
)
PLATFORM = PLATFORM.replace("- {name: api,", "- {name: api, namespace: harbor, labels: {version: v1},", 1)
PLATFORM = PLATFORM.replace("- {name: web,", "- {name: web, namespace: harbor,", 1)
MESH = """\
certificateIssuers: [{name: letsencrypt, email: ops@example.com, solver: dns01}]
helmReleases: [{name: istio-base}, {name: istiod}, {name: istio-cni}, {name: istio-ingressgateway}]
mesh:
  tracingSamplingPercent: 10
  gateways: [{name: edge, scheme: internet-facing, hosts: [app.example.com], tls: {issuer: letsencrypt}}]
  telemetry: {accessLogs: true, tracing: {service: otel.monitoring.svc.cluster.local}}
  routes:
    - name: api
      hosts: api
      http:
        - {when: {headers: {canary: "true"}, path: /v2}, to: api, subset: v1, timeout: 5s, retries: 3}
        - {to: api, weights: {v1: 100}}
    - {name: app, hosts: app.example.com, gateways: edge, http: {to: web}}
    - name: web
      hosts: [web]
      http: [{match: [{uri: {prefix: /}}], route: [{destination: {host: web, port: {number: 3000}}}]}]
  destinations:
    - name: api
      service: api
      subsets: [v1]
      loadBalancer: LEAST_REQUEST
      connectionPool: {tcp: {maxConnections: 100}, http: {http1MaxPendingRequests: 50}}
      outlierDetection: {consecutive5xxErrors: 5, interval: 30s, baseEjectionTime: 30s}
  authorization:
    - {name: api, workload: api, rules: [{from: web, methods: [GET, POST]}]}
  requestAuthentication:
    - {name: users, workload: web, issuer: "https://id.example.com", jwksUri: "https://id.example.com/keys"}
  serviceEntries: [{name: models, hosts: models.example.net, ports: 443}]
"""


def spec(kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = only(PLATFORM + MESH, kind, name)["spec"]
    return found


def values(release: str) -> dict[str, Any]:
    found = render(plan(load_text(PLATFORM + MESH, "platform.yaml"))).files[f"helm/values/{release}.yaml"]
    loaded: dict[str, Any] = yaml.safe_load(found.text)
    return loaded


def test_every_object_has_istio_s_structure() -> None:
    objects = rendered(PLATFORM + MESH)
    assert {"PeerAuthentication", "Gateway", "VirtualService", "DestinationRule", "Telemetry", "Certificate"} <= {
        item["kind"] for item in objects
    }
    assert [problem for item in objects for problem in problems_of(item)] == []


def test_pods_of_the_mesh_take_encrypted_requests_only() -> None:
    assert spec("PeerAuthentication", "default") == {"mtls": {"mode": "STRICT"}}
    labels = only(PLATFORM + MESH, "Namespace", "harbor")["metadata"]["labels"]
    assert labels["istio-injection"] == "enabled"


def test_a_revision_is_chosen_by_label() -> None:
    text = PLATFORM + MESH.replace("mesh:\n", "mesh:\n  revision: stable\n", 1)
    labels = only(text, "Namespace", "harbor")["metadata"]["labels"]
    assert (labels["istio.io/rev"], labels.get("istio-injection")) == ("stable", None)


def test_hosts_have_full_names_so_that_no_namespace_changes_their_meaning() -> None:
    assert spec("VirtualService", "api")["hosts"] == ["api.harbor.svc.cluster.local"]
    destination = spec("VirtualService", "web")["http"][0]["route"][0]["destination"]
    assert destination == {"host": "web.harbor.svc.cluster.local", "port": {"number": 3000}}
    assert spec("DestinationRule", "api")["host"] == "api.harbor.svc.cluster.local"


def test_headers_paths_and_attempts_have_short_forms() -> None:
    first = spec("VirtualService", "api")["http"][0]
    assert first["match"] == [{"uri": {"prefix": "/v2"}, "headers": {"canary": {"exact": "true"}}}]
    assert (first["timeout"], first["retries"]["attempts"]) == ("5s", 3)


def test_who_calls_and_what_stay_in_one_rule() -> None:
    rules = spec("AuthorizationPolicy", "api")["rules"]
    assert rules == [
        {
            "from": [{"source": {"principals": ["cluster.local/ns/harbor/sa/web"]}}],
            "to": [{"operation": {"methods": ["GET", "POST"]}}],
        }
    ]


def test_a_gateway_is_a_caller_by_name() -> None:
    text = PLATFORM + MESH.replace("from: web,", "from: [web, edge],")
    rules = only(text, "AuthorizationPolicy", "api")["spec"]["rules"]
    assert rules[0]["from"][0]["source"]["principals"] == [
        "cluster.local/ns/harbor/sa/web",
        "cluster.local/ns/istio-ingress/sa/istio-ingressgateway",
    ]


def test_the_certificate_of_a_gateway_lies_beside_its_proxies() -> None:
    certificate = only(PLATFORM + MESH, "Certificate", "edge")
    assert (certificate["metadata"]["namespace"], certificate["spec"]["secretName"]) == ("istio-ingress", "edge-tls")
    assert spec("Gateway", "edge")["selector"] == {"istio": "ingressgateway"}
    assert spec("VirtualService", "app")["gateways"] == ["istio-ingress/edge"]
    assert values("istio-ingressgateway")["labels"] == {"istio": "ingressgateway"}


def test_proxies_need_no_privileges_of_pods() -> None:
    pilot = values("istiod")["pilot"]
    assert pilot == {"cni": {"enabled": True}, "env": {"ENABLE_NATIVE_SIDECARS": "true"}}


def test_traces_go_where_the_control_plane_knows_of() -> None:
    provider = values("istiod")["meshConfig"]["extensionProviders"][0]
    tracing = spec("Telemetry", "mesh-default")["tracing"][0]
    assert tracing == {"providers": [{"name": provider["name"]}], "randomSamplingPercentage": 10.0}


def test_a_platform_without_a_mesh_has_nothing_of_it() -> None:
    assert planned(BASE).mesh is None
    assert [item for item in rendered(BASE) if "istio" in item["apiVersion"]] == []


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 100))
def test_weights_are_rendered_as_they_were_said(share: int) -> None:
    text = PLATFORM.replace("version: v1", "version: v1, track: b") + MESH.replace(
        "subsets: [v1]", "subsets: [v1, {name: b, labels: {track: b}}]"
    ).replace("weights: {v1: 100}", f"weights: {{v1: {share}, b: {100 - share}}}")
    mesh = planned(text).mesh
    assert mesh is not None
    route = mesh.routes[0].spec["http"][1]["route"]
    assert [each["weight"] for each in route] == [share, 100 - share]
    assert sum(each["weight"] for each in route) == 100


def test_ports_that_callers_without_a_proxy_are_led_to_take_both() -> None:
    monitored = PLATFORM + MESH + "serviceMonitors: [{name: web, service: web}]\n"
    found = only(monitored, "PeerAuthentication", "web-plain-callers")
    assert found["spec"]["mtls"] == {"mode": "STRICT"}
    assert found["spec"]["portLevelMtls"] == {"3000": {"mode": "PERMISSIVE"}}
    others = {each["metadata"]["name"] for each in rendered(monitored) if each["kind"] == "PeerAuthentication"}
    assert others == {"default", "web-plain-callers"}
    assert problems_of(found) == []


def test_a_mesh_that_takes_plain_requests_anyway_needs_no_exceptions() -> None:
    permissive = PLATFORM + MESH.replace("mesh:\n", "mesh:\n  mtls: PERMISSIVE\n", 1)
    found = rendered(permissive + "serviceMonitors: [{name: web, service: web}]\n")
    assert [each["metadata"]["name"] for each in found if each["kind"] == "PeerAuthentication"] == ["default"]
