"""Mistakes in what is written about running a platform are found in the file, each at its place with a remedy."""

from __future__ import annotations

import pytest
from platform_texts import MINIMAL, platform, problems

from wavetank import catalog


def said(text: str) -> list[tuple[str, str]]:
    return [(problem.message, problem.remedy) for problem in problems(MINIMAL + text)]


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        (
            "observability: {alerts: [node-dwon]}",
            'alerts: "node-dwon" is no built-in alert and has no expr',
            'Did you mean "node-down"?',
        ),
        (
            "observability: {dashboards: [clusters]}",
            'dashboards: "clusters" is no built-in dashboard and has no panels',
            'Did you mean "cluster"?',
        ),
        (
            "observability: {alarms: [a@example.com]}",
            "alarms need the metrics of Container Insights",
            "Add `containerInsights: true`.",
        ),
        ("standby: {region: ap-southeast-2}", "ap-southeast-2 is the platform's own region", "Name another region."),
        (
            'backup: {plans: [{name: p, schedule: "0 2 * * *", resources: ["fileSystem:films"]}]}',
            'there is no fileSystem "films"',
            "The platform has no fileSystem at all.",
        ),
        (
            'backup: {plans: [{name: p, schedule: "0 2 * * *", resources: [volumes], copyTo: {retentionDays: 3}}]}',
            "the copy names no region, and there is no standby region",
            "Add `region: ...`.",
        ),
        (
            'backup: {schedules: [{name: s, schedule: "0 2 * * *", namespaces: [harbour]}]}',
            'there is no namespace "harbour"',
            'Did you mean "harbor"?',
        ),
        ("imagePolicy: {namespaces: [quay]}", 'there is no namespace "quay"', "Known: harbor."),
    ],
)
def test_a_mistake_is_said_with_its_remedy(text: str, message: str, remedy: str) -> None:
    assert said(text) == [(message, remedy)]


def test_cold_storage_needs_ninety_days_more() -> None:
    plan = (
        'plans: [{name: p, schedule: "0 2 * * *", resources: [volumes], retentionDays: 60, coldStorageAfterDays: 30}]'
    )
    ((message, remedy),) = said(f"backup: {{{plan}}}")
    assert message.endswith("cold storage after 30 days needs a retention of at least 120 days, not 60")
    assert remedy == "Write retentionDays: 120, or leave cold storage out."


def test_an_external_secret_names_a_secret_and_properties_that_it_has() -> None:
    text = MINIMAL.replace(
        "    port: 8080\n",
        "    port: 8080\n    externalSecrets:\n      - {name: a, from: harbor/db, keys: {X: pasword}}\n"
        "      - {name: b, from: harbor/dv}\n",
    )
    found = problems(text + "secrets: [{name: harbor/db, keys: [password]}]\n")
    assert [problem.message for problem in found] == [
        'there is no property of the secret "harbor/db" "pasword"',
        'there is no secret "harbor/dv"',
    ]


def test_what_is_built_here_has_a_repository_here() -> None:
    text = MINIMAL.replace("    port: 8080\n", "    port: 8080\n    build: services/api\n")
    assert [problem.message for problem in problems(text)] == [
        'the image "nginx" is built here, but no repository has its name'
    ]


@pytest.mark.parametrize("name", catalog.alert_names())
def test_every_built_in_alert_can_be_named(name: str) -> None:
    written = platform(MINIMAL + f"observability: {{alerts: [{name}]}}\n").written
    assert written.observability is not None
    assert [alert.name for alert in written.observability.alerts or ()] == [name]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("standby: {region: us-west-2, replicate: [image]}", "replicate"),
        ("imagePolicy: {signedBy: {keyAlias: a, keyRef: awskms:///b}}", "one of keyAlias, keyRef and keyless"),
        ("imagePolicy: {signedBy: {publicKey: MFk}}", "the public key is not PEM"),
        ("imagePolicy: {scan: {type: BASIC, frequency: CONTINUOUS_SCAN}}", "basic scanning is not continuous"),
        ("budgets: [{name: b, monthlyUsd: 10, emails: [nobody]}]", "no e-mail address"),
        ('backup: {schedules: [{name: s, schedule: "2am"}]}', "no cron expression"),
        ("observability: {alerts: [{name: own}]}", "no built-in alert and has no expr"),
        ("observability: {alerts: [{name: own, expr: up, threshold: 3}]}", "threshold belongs to built-in alerts"),
    ],
)
def test_a_value_that_cannot_be_is_refused(text: str, message: str) -> None:
    assert message in str(said(text))
