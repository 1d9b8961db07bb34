"""Ingresses, mesh and deliveries: every value has a reason, every rendered line a plan value, every need its chart."""

from __future__ import annotations

import pytest
from plan_leaves import leaves

from wavetank.plan import Plan, plan
from wavetank.plan.reasons import Derived, nearest_reason
from wavetank.render import render
from wavetank.render.trace import value_at
from wavetank.spec import load_text

BASE = """\
name: harbor
region: eu-west-1
accountId: "111122223333"
nodeGroups: [{name: general, instanceTypes: m7g.large, minSize: 1, maxSize: 2}]
dns: {zone: example.com, certificates: [{name: main, domains: ["*.example.com"]}]}
certificateIssuers: [{name: letsencrypt, email: ops@example.com}, {name: dns, email: ops@example.com, solver: dns01}]
namespaces: [{name: harbor, mesh: true}]
workloads:
  - name: api
    image: nginx:1.29
    port: 80
    readinessProbe: /ready
    labels: {version: v1}
    resources: {cpu: 100m, memory: 64Mi}
    delivery: {DELIVERY}
  - {name: web, image: nginx:1.29, port: 80, resources: {cpu: 100m, memory: 64Mi}}
services: [{name: api, workload: api, port: 80}, {name: web, workload: web, port: 80}]
analysisTemplates: [{name: errors, metrics: [{name: errors, prometheus: "up", successCondition: "result[0] > 0"}]}]
ingresses:
  - {name: public, class: alb, hosts: [{host: a.example.com, paths: {/: web, /api: api}}], tls: {certificate: main}}
  - {name: front, class: nginx, hosts: [{host: b.example.com, service: web}], tls: {issuer: letsencrypt}}
mesh:
  gateways: [{name: edge, hosts: [c.example.com], tls: {issuer: dns}}]
  routes: [{name: edge, hosts: c.example.com, gateways: edge, http: {to: api}}]
  destinations: [{name: web, service: web, connectionPool: {tcp: {maxConnections: 9}}}]
  authorization: [{name: api, workload: api, rules: [{from: web, methods: [GET]}]}]
  requestAuthentication: [{name: users, workload: web, issuer: "https://id.example.com"}]
  serviceEntries: [{name: out, hosts: out.example.net, ports: [443]}]
"""
DELIVERIES = {
    "canary": "canary: {steps: [{weight: 10, pause: 5m}, {pause: {}}], analysis: errors, trafficRouting: mesh}",
    "blueGreen": "blueGreen: {smokeTest: {image: 'curl:1', path: /ready}, postPromotion: errors}",
}


def planned(delivery: str) -> Plan:
    return plan(load_text(BASE.replace("DELIVERY", DELIVERIES[delivery]), "platform.yaml"))


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_every_value_has_a_reason_that_rests_on_others(delivery: str) -> None:
    found = planned(delivery)
    assert [path for path, _ in leaves(found) if found.reason(path) is None] == []
    origins = {each for reason in found.reasons.values() if isinstance(reason, Derived) for each in reason.from_paths}
    assert sorted(each for each in origins if nearest_reason(found.reasons, each) is None) == []


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_every_rendered_line_names_a_value_of_the_plan(delivery: str) -> None:
    found = planned(delivery)
    lines = [line for file in render(found).files.values() for line in file.lines if line.path]
    assert len(lines) > 200
    for line in lines:
        value_at(found, line.path)


def test_what_is_needed_is_installed() -> None:
    charts = {release.chart for release in planned("canary").helm_releases}
    assert {
        "aws-load-balancer-controller",
        "nginx-ingress",
        "cert-manager",
        "base",
        "istiod",
        "cni",
        "gateway",
        "argo-rollouts",
    } <= charts


def test_cert_manager_gets_a_role_only_where_it_proves_names_by_dns() -> None:
    text = BASE.replace("DELIVERY", DELIVERIES["canary"])
    by_http = plan(load_text(text.replace(", solver: dns01", ""), "platform.yaml"))
    roles = [
        next(each.role for each in found.helm_releases if each.chart == "cert-manager")
        for found in (planned("canary"), by_http)
    ]
    assert roles[0] is not None
    assert roles[1] is None


def test_a_chart_that_the_author_lists_is_told_the_same() -> None:
    text = BASE.replace("DELIVERY", DELIVERIES["canary"])
    listed = (
        f"{text}helmReleases: [{{name: istiod, values: {{pilot: {{env: {{ENABLE_NATIVE_SIDECARS: 'false'}}}}}}}}]\n"
    )
    releases = {each.chart: each for each in plan(load_text(listed, "platform.yaml")).helm_releases}
    assert releases["istiod"].values["pilot"] == {"cni": {"enabled": True}, "env": {"ENABLE_NATIVE_SIDECARS": "false"}}
    assert [each.chart for each in plan(load_text(listed, "platform.yaml")).helm_releases].count("istiod") == 1


def test_a_step_that_is_written_stands_on_its_own_line() -> None:
    found = planned("canary")
    place = found.place("workloads[api].strategy.canary.steps[0].setWeight")
    assert place is not None
    assert "delivery:" in BASE.splitlines()[place.line - 1]
