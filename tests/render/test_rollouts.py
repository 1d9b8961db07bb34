"""Rollouts have what Argo Rollouts asks for: selector and template, Services, subsets, named routes, analyses that exist."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ways_in import BASE, only, rendered

from strict import problems_of

BLUE_GREEN = """\
    delivery:
      blueGreen:
        autoPromotionSeconds: 600
        scaleDownDelaySeconds: 3600
        smokeTest: {image: "curlimages/curl:8.17.0", path: /ready}
"""
CANARY = """\
    delivery:
      canary:
        steps: [{weight: 10, pause: 5m}, {weight: 50, pause: {}, analysis: errors}, {setWeight: 100}]
        analysis: [errors]
        trafficRouting: mesh
"""
TEMPLATES = """\
mesh: {}
analysisTemplates:
  - name: errors
    args: [{name: service, value: api}]
    metrics: {name: errors, prometheus: "sum(rate(errors[5m]))", successCondition: "result[0] < 0.01", interval: 1m, count: 5}
"""


def delivered(delivery: str, mesh: bool = False) -> str:
    """The base with a delivery for the workload api."""
    line = '  - {name: api, image: "nginx:1.29", port: 8080, readinessProbe: /ready, resources: {cpu: 100m, memory: 64Mi}}\n'
    block = """\
  - name: api
    image: "nginx:1.29"
    port: 8080
    readinessProbe: /ready
    resources: {cpu: 100m, memory: 64Mi}
    autoscaling: {minReplicas: 2, maxReplicas: 6, cpu: 70}
"""
    text = BASE.replace(line, block + delivery)
    return text.replace("[{name: harbor}]", "[{name: harbor, mesh: true}]") if mesh else text


def strategy(text: str) -> dict[str, Any]:
    found: dict[str, Any] = only(text, "Rollout", "api")["spec"]["strategy"]
    return found


def test_every_object_has_argo_s_structure() -> None:
    objects = [*rendered(delivered(BLUE_GREEN)), *rendered(delivered(CANARY, mesh=True) + TEMPLATES)]
    assert {"Rollout", "AnalysisTemplate", "VirtualService", "DestinationRule"} <= {item["kind"] for item in objects}
    assert [problem for item in objects for problem in problems_of(item)] == []


def test_a_delivery_makes_a_rollout_and_no_deployment_beside_it() -> None:
    kinds = [item["kind"] for item in rendered(delivered(BLUE_GREEN)) if item["metadata"]["name"] == "api"]
    assert "Rollout" in kinds
    assert "Deployment" not in kinds
    rollout = only(delivered(BLUE_GREEN), "Rollout", "api")["spec"]
    assert rollout["selector"] == {"matchLabels": {"app.kubernetes.io/name": "api"}}
    assert rollout["template"]["metadata"]["labels"]["app.kubernetes.io/name"] == "api"


def test_the_autoscaler_scales_the_rollout() -> None:
    target = only(delivered(BLUE_GREEN), "HorizontalPodAutoscaler", "api")["spec"]["scaleTargetRef"]
    assert target == {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "api"}
    assert "replicas" not in only(delivered(BLUE_GREEN), "Rollout", "api")["spec"]


def test_blue_green_tries_the_new_version_on_a_service_of_its_own() -> None:
    found = strategy(delivered(BLUE_GREEN))["blueGreen"]
    assert (found["activeService"], found["previewService"]) == ("api", "api-preview")
    assert (found["autoPromotionEnabled"], found["autoPromotionSeconds"]) == (False, 600)
    assert found["prePromotionAnalysis"] == {"templates": [{"templateName": "api-smoke-test"}]}
    preview = only(delivered(BLUE_GREEN), "Service", "api-preview")["spec"]
    assert (preview["type"], preview["ports"][0]["port"]) == ("ClusterIP", 8000)


def test_what_nothing_tested_waits_for_somebody() -> None:
    text = delivered("    delivery: {blueGreen: {}}\n")
    assert strategy(text)["blueGreen"]["autoPromotionEnabled"] is False
    tested = delivered("    delivery: {blueGreen: {smokeTest: {image: 'curl:1', path: /}}}\n")
    assert strategy(tested)["blueGreen"]["autoPromotionEnabled"] is True


def test_a_smoke_test_is_a_job_that_pod_security_lets_through() -> None:
    job = only(delivered(BLUE_GREEN), "AnalysisTemplate", "api-smoke-test")["spec"]["metrics"][0]["provider"]["job"]
    pod = job["spec"]["template"]["spec"]
    assert pod["containers"][0]["command"][-1] == "http://api-preview.harbor.svc:8000/ready"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_a_smoke_test_gets_through_where_traffic_is_denied() -> None:
    egress = only(delivered(BLUE_GREEN), "NetworkPolicy", "api-smoke-test-egress")["spec"]
    ingress = only(delivered(BLUE_GREEN), "NetworkPolicy", "api-smoke-test-ingress")["spec"]
    assert egress["egress"][0]["to"] == [{"podSelector": ingress["podSelector"]}]
    assert ingress["ingress"][0]["from"] == [{"podSelector": egress["podSelector"]}]
    assert {port["port"] for port in egress["egress"][1]["ports"]} == {53}


def test_a_canary_in_the_mesh_moves_weights_of_a_named_route_between_subsets() -> None:
    text = delivered(CANARY, mesh=True) + TEMPLATES
    istio = strategy(text)["canary"]["trafficRouting"]["istio"]
    assert istio["destinationRule"] == {"name": "api", "canarySubsetName": "canary", "stableSubsetName": "stable"}
    routes = only(text, "VirtualService", istio["virtualService"]["name"])["spec"]["http"]
    assert [each["name"] for each in routes] == istio["virtualService"]["routes"]
    shares = {each["destination"]["subset"]: each["weight"] for each in routes[0]["route"]}
    assert shares == {"stable": 100, "canary": 0}
    subsets = only(text, "DestinationRule", "api")["spec"]["subsets"]
    assert [each["name"] for each in subsets] == ["stable", "canary"]


def test_a_route_of_the_author_is_the_one_that_is_moved() -> None:
    mesh = """\
mesh:
  routes:
    - {name: front, hosts: api, http: [{when: {path: /v2}, to: api, name: second}, {to: api}]}
  destinations: [{name: limits, service: api, outlierDetection: {consecutive5xxErrors: 5}}]
"""
    text = delivered(CANARY, mesh=True) + TEMPLATES.replace("mesh: {}\n", mesh)
    istio = strategy(text)["canary"]["trafficRouting"]["istio"]
    assert istio["virtualService"] == {"name": "front", "routes": ["second", "route-1"]}
    assert istio["destinationRule"]["name"] == "limits"
    assert [item["metadata"]["name"] for item in rendered(text) if item["kind"] == "VirtualService"] == ["front"]
    assert [each["name"] for each in only(text, "VirtualService", "front")["spec"]["http"]] == ["second", "route-1"]
    assert len(only(text, "DestinationRule", "limits")["spec"]["subsets"]) == 2


def test_steps_are_argo_s_in_the_order_weight_wait_analysis() -> None:
    found = strategy(delivered(CANARY, mesh=True) + TEMPLATES)["canary"]
    errors = {"templates": [{"templateName": "errors"}]}
    assert found["steps"] == [
        {"setWeight": 10},
        {"pause": {"duration": "5m"}},
        {"setWeight": 50},
        {"pause": {}},
        {"analysis": errors},
        {"setWeight": 100},
    ]
    assert found["analysis"] == {**errors, "startingStep": 1}


def test_a_query_goes_to_the_prometheus_of_the_platform() -> None:
    text = delivered(CANARY, mesh=True) + TEMPLATES
    metric = only(text, "AnalysisTemplate", "errors")["spec"]["metrics"][0]
    assert metric["provider"]["prometheus"]["address"] == "http://prometheus-operated.monitoring.svc:9090"
    assert "prometheus" not in metric


def test_a_rollout_without_a_delivery_is_a_rolling_update() -> None:
    assert strategy(delivered("    kind: Rollout\n")) == {"canary": {"maxSurge": 1, "maxUnavailable": 0}}


def test_argo_s_own_routing_gets_its_two_services() -> None:
    text = delivered("    delivery: {canary: {trafficRouting: {alb: {ingress: api, servicePort: 8000}}}}\n")
    found = strategy(text)["canary"]
    assert (found["stableService"], found["canaryService"]) == ("api-stable", "api-canary")
    assert only(text, "Service", "api-canary")["spec"]["selector"] == {"app.kubernetes.io/name": "api"}


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 100), min_size=1, max_size=8))
def test_weights_arrive_as_they_were_said(weights: list[int]) -> None:
    rising = sorted(weights)
    steps = ", ".join(f"{{weight: {weight}, pause: 1m}}" for weight in rising)
    found = strategy(delivered(f"    delivery: {{canary: {{steps: [{steps}]}}}}\n"))["canary"]["steps"]
    assert [step["setWeight"] for step in found if "setWeight" in step] == rising
    assert len(found) == 2 * len(rising)
