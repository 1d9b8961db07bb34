"""A mesh that names what is not there, or that Istio would not understand, is refused where it is written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from platform_texts import MINIMAL, places, problems

MESHED = MINIMAL.replace("[{name: harbor}]", "[{name: harbor, mesh: true}]")
FIRST_LINE = len(MESHED.splitlines()) + 2


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("routes: [{name: r, hosts: [], http: {to: api}}]", "hosts: the list is empty"),
        ("routes: [{name: r, hosts: apy, http: {to: api}}]", '"apy" is neither a service of the platform'),
        ("routes: [{name: r, hosts: api, http: {to: api.internal}}]", '"api.internal" is neither a service'),
        ("routes: [{name: r, hosts: api, http: {to: api, subset: v2}}]", 'no destination defines the subset "v2"'),
        ("routes: [{name: r, hosts: api, http: {to: api, port: 99}}]", 'the service "api" has no port 99'),
        ("routes: [{name: r, hosts: api, gateways: edge, http: {to: api}}]", 'there is no gateway "edge"'),
        ("routes: [{name: r, hosts: api, http: {to: api, weights: {a: 50, b: 40}}}]", "the weights add up to 90"),
        ("routes: [{name: r, hosts: api, http: [{to: api, redirect: {uri: /}}]}]", "a route needs exactly one of"),
        ("routes: [{name: r, hosts: api, http: [{match: [{url: /}], to: api}]}]", 'unknown key "url"'),
        (
            (
                "routes: [{name: r, hosts: api, http: [{route: [{destination: {host: api}, weight: 1}, "
                "{destination: {host: api}, weight: 2}]}]}]"
            ),
            "the weights add up to 3, not to 100",
        ),
        (
            "destinations: [{name: d, service: api, subsets: [v1]}]",
            "no pod behind the service api has the label version",
        ),
        ("destinations: [{name: d, host: api.harbor.internal}]", "is neither a service of the platform"),
        ("destinations: [{name: d, service: api, loadBalancer: LEAST_CONN}]", "LEAST_CONN is Istio's old word"),
        (
            "destinations: [{name: d, service: api, outlierDetection: {consecutiveErrors: 5}}]",
            "not what Istio calls it",
        ),
        (
            "destinations: [{name: d, service: api, trafficPolicy: {circuitBreaker: {interval: 30s}}}]",
            '"circuitBreaker" is not what Istio calls it',
        ),
        ("destinations: [{name: d, service: api, connectionPool: {tcp: {maxConnections: many}}}]", "a whole number"),
        ("authorization: [{name: a, workload: web, rules: [{from: api}]}]", 'there is no workload "web"'),
        ("authorization: [{name: a, rules: [{to: [{operation: {verbs: [GET]}}]}]}]", 'unknown key "verbs"'),
        ("authorization: [{name: a, rules: [{to: [], methods: [GET]}]}]", "a rule has either to or methods"),
        ("gateways: [{name: edge, hosts: [x.example.com], tls: {issuer: who}}]", 'no certificate issuer "who"'),
        ("gateways: [{name: edge}]", "a gateway needs either hosts or servers"),
        ("tracingSamplingPercent: 101", "is above 100"),
        ("routes: [{name: r, namespace: no, hosts: api, http: {to: api}}]", 'there is no namespace "no"'),
    ],
)
def test_a_mistake_is_told_on_its_line(part: str, message: str) -> None:
    found = places(f"{MESHED}mesh:\n  {part}\n")
    assert [line for line, _, text in found if message in text] == [FIRST_LINE], found


def test_a_host_of_a_gateway_is_one_that_it_listens_for() -> None:
    text = f"""{MESHED}mesh:
  gateways: [{{name: edge, namespace: harbor, hosts: ["*.example.com"]}}]
  routes: [{{name: r, hosts: [app.example.com], gateways: [edge], http: {{to: api}}}}]
"""
    assert problems(text) == []
    wrong = [problem.message for problem in problems(text.replace("app.example.com", "app.example.org"))]
    assert wrong == ['no gateway of the route listens for "app.example.org"']


def test_a_service_entry_makes_a_host_known() -> None:
    text = f"""{MESHED}mesh:
  destinations: [{{name: d, host: models.example.net, tls: {{mode: SIMPLE}}}}]
"""
    assert len(problems(text)) == 1
    assert problems(f"{text}  serviceEntries: [{{name: m, hosts: ['*.example.net'], ports: [443]}}]\n") == []


def test_a_mesh_and_its_namespaces_belong_together() -> None:
    assert [problem.message for problem in problems(MESHED)] == ["the platform has no mesh"]
    assert [problem.message for problem in problems(f"{MINIMAL}mesh: {{}}\n")] == ["no namespace is part of the mesh"]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 100), min_size=2, max_size=5))
def test_weights_must_be_a_whole(weights: list[int]) -> None:
    subsets = [f"{{name: s{index}, labels: {{app.kubernetes.io/name: api}}}}" for index in range(len(weights))]
    shares = ", ".join(f"s{index}: {weight}" for index, weight in enumerate(weights))
    text = f"""{MESHED}mesh:
  destinations: [{{name: d, service: api, subsets: [{", ".join(subsets)}]}}]
  routes: [{{name: r, hosts: api, http: [{{to: api, weights: {{{shares}}}}}]}}]
"""
    assert (problems(text) == []) == (sum(weights) == 100)
