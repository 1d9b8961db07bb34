"""Deliveries that cannot work are refused where they are written."""

from __future__ import annotations

import pytest
from platform_texts import MINIMAL, places, problems

FIRST_LINE = 14
TEMPLATE = """\
analysisTemplates:
  - name: errors
    args: [service]
    metrics: [{name: errors, web: {url: "http://x", jsonPath: "{$.ok}"}}]
"""


def delivered(delivery: str, head: str = MINIMAL) -> str:
    lines = head.splitlines(keepends=True)
    return "".join([*lines[: FIRST_LINE - 1], f"    delivery: {delivery}\n", *lines[FIRST_LINE - 1 :]])


@pytest.mark.parametrize(
    ("delivery", "message"),
    [
        ("{}", "delivery needs exactly one of blueGreen and canary"),
        ("{blueGreen: {activeService: apy}}", 'there is no service of api named "apy"'),
        ("{blueGreen: {smokeTest: {image: curl}}}", "a smoke test needs either path or command"),
        ("{blueGreen: {smokeTest: {path: /}}}", '"image" is missing'),
        ("{blueGreen: {prePromotion: latency}}", 'there is no analysis template "latency"'),
        ("{blueGreen: {prePromotion: errors}}", 'asks for the argument "service"'),
        ("{canary: {steps: [{}]}}", "a step needs something to do"),
        ("{canary: {steps: [{weight: 101}]}}", "101 is not a weight of 0 to 100"),
        ("{canary: {steps: [{weight: 50}, {weight: 20}]}}", "the weight falls from 50 to 20"),
        ("{canary: {steps: [{pause: {time: 5m}}]}}", 'unknown key "time"'),
        ("{canary: {steps: [{setCanaryScale: {replicas: many}}]}}", "expected a whole number"),
        ("{canary: {trafficRouting: mesh}}", "the platform has no mesh"),
        ("{canary: {trafficRouting: {istoi: {}}}}", 'unknown key "istoi"'),
    ],
)
def test_a_mistake_is_told_on_its_line(delivery: str, message: str) -> None:
    found = places(delivered(delivery) + TEMPLATE)
    assert [line for line, _, text in found if message in text] == [FIRST_LINE], found


def test_arguments_can_be_given() -> None:
    assert problems(delivered("{blueGreen: {prePromotion: errors, args: {service: api}}}") + TEMPLATE) == []


def test_only_a_rollout_has_a_delivery() -> None:
    text = delivered("{canary: {}}").replace("    port: 8080", "    kind: StatefulSet\n    port: 8080", 1)
    assert "a StatefulSet has no delivery" in [problem.message for problem in problems(text)]


def test_a_workload_with_two_services_says_which_one_is_switched() -> None:
    text = delivered("{blueGreen: {}}") + "  - {name: second, workload: api, port: 81}\n"
    assert [problem.message for problem in problems(text)] == [
        'the workload "api" has 2 services, and its delivery names none'
    ]


def test_weights_of_a_canary_are_not_written_twice() -> None:
    head = MINIMAL.replace("[{name: harbor}]", "[{name: harbor, mesh: true}]")
    text = delivered("{canary: {trafficRouting: mesh}}", head)
    past = "mesh: {routes: [{name: r, hosts: api, http: [{route: [{destination: {host: api}}]}]}]}\n"
    assert [problem.message for problem in problems(text + past)] == [
        "requests for api pass by the canary's weights here"
    ]


def test_a_metric_has_one_provider() -> None:
    text = MINIMAL + "analysisTemplates: [{name: x, metrics: [{name: m, web: {url: a}, prometheus: q}]}]\n"
    assert [problem.message for problem in problems(text)] == ["metrics: a metric needs exactly one provider"]


def test_argo_s_words_are_known() -> None:
    text = MINIMAL + "analysisTemplates: [{name: x, metrics: [{name: m, web: {uri: a}}]}]\n"
    assert {problem.message for problem in problems(text)} == {'unknown key "uri"', '"url" is missing'}
