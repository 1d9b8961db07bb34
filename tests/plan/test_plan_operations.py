"""What runs a platform is planned with reasons: numbers from objectives, charts that sections need, AWS's schedules."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from plan_leaves import leaves

from wavetank.plan import Plan, plan
from wavetank.plan.backup import aws_cron
from wavetank.plan.reasons import Derived, Stated, nearest_reason
from wavetank.spec import load, load_text

PLATFORM = Path(__file__).parents[1] / "data" / "operations" / "platform.yaml"
SMALL = """\
name: harbor
region: eu-west-1
accountId: "111122223333"
nodeGroups: [{name: general, instanceTypes: m7g.large, minSize: 1, maxSize: 2}]
namespaces: [{name: harbor}]
repositories: [api]
workloads: [{name: api, image: "api:1.0", port: 80, build: services/api}]
"""


def small(text: str = "") -> Plan:
    return plan(load_text(SMALL + text, "platform.yaml"))


def values_of(planned: Plan, chart: str) -> dict[str, object]:
    return dict(next(each for each in planned.helm_releases if each.chart == chart).values)


@pytest.fixture(scope="module")
def planned() -> Plan:
    return plan(load(PLATFORM, "production"))


def test_every_leaf_has_a_reason(planned: Plan) -> None:
    assert [path for path, _ in leaves(planned) if planned.reason(path) is None] == []


def test_what_a_value_derives_from_has_a_reason_itself(planned: Plan) -> None:
    derived = [reason for reason in planned.reasons.values() if isinstance(reason, Derived)]
    origins = {origin for reason in derived for origin in reason.from_paths}
    assert sorted(origin for origin in origins if nearest_reason(planned.reasons, origin) is None) == []


def test_a_platform_without_these_sections_has_nothing_of_them() -> None:
    planned = plan(load_text(SMALL.replace(", build: services/api", ""), "platform.yaml"))
    assert planned.helm_releases == ()
    assert (planned.observability, planned.image_policy, planned.backup, planned.standby) == (None, None, None, None)
    assert (planned.budgets, planned.pipelines, planned.push_role, planned.secret_readers) == ((), (), None, ())


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_a_threshold_says_which_objective_it_comes_from(planned: Plan) -> None:
    assert planned.observability is not None
    found = planned.reason("observability.alerts[high-latency].threshold")
    assert found is not None
    assert isinstance(found[1], Derived)
    assert found[1].from_paths == ("objectives.p99Milliseconds",)
    stated = planned.reason("observability.alerts[high-memory].threshold")
    assert stated is not None
    assert isinstance(stated[1], Stated)


def test_latency_is_measured_where_there_are_proxies_or_else_by_the_services() -> None:
    alone = small("observability: {alerts: [high-latency]}\n").observability
    text = SMALL.replace("[{name: harbor}]", "[{name: harbor, mesh: true}]") + "mesh: {mtls: STRICT}\n"
    meshed = plan(load_text(text + "observability: {alerts: [high-latency]}\n", "platform.yaml")).observability
    assert alone is not None
    assert meshed is not None
    assert "http_request_duration_seconds_bucket" in alone.alerts[0].expr
    assert "istio_request_duration_milliseconds_bucket" in meshed.alerts[0].expr


# --- charts -----------------------------------------------------------------------------------------------------------


def test_a_section_brings_the_charts_that_it_needs(planned: Plan) -> None:
    assert {each.chart for each in planned.helm_releases} >= {
        "external-secrets",
        "sealed-secrets",
        "gatekeeper",
        "ratify",
        "falco",
        "trivy-operator",
        "kube-prometheus-stack",
        "opentelemetry-collector",
        "jaeger",
        "velero",
        "opencost",
    }
    assert {each.name for each in planned.add_ons} >= {"amazon-cloudwatch-observability", "snapshot-controller"}


def test_what_the_author_says_to_a_chart_lies_over_what_a_section_says() -> None:
    text = "runtimeSecurity: {falco: true}\nhelmReleases: [{name: falco, values: {driver: {kind: kmod}}}]\n"
    values = values_of(small(text), "falco")
    assert values["driver"] == {"kind": "kmod"}
    assert "customRules" in values
    assert [each.chart for each in small(text).helm_releases] == ["falco"]


def test_one_store_for_all_reads_with_the_role_of_the_controller() -> None:
    workload = "workloads: [{name: api, image: nginx, port: 80, externalSecrets: [{name: db, from: db}]}]\n"
    text = SMALL.partition("workloads:")[0] + workload + "secrets: [db]\nsecretStores: cluster\n"
    planned = plan(load_text(text, "platform.yaml"))
    (reader,) = planned.secret_readers
    assert (reader.kind, reader.namespaces) == ("ClusterSecretStore", ("harbor",))
    release = next(each for each in planned.helm_releases if each.chart == "external-secrets")
    assert release.role == reader.role
    role = next(each for each in planned.pod_roles if each.name == reader.role)
    assert role.service_account == reader.service_account == release.service_account


def test_velero_may_touch_its_own_bucket_only(planned: Plan) -> None:
    role = next(each for each in planned.pod_roles if each.service_account == "velero-server")
    buckets = [each["Resource"] for each in role.statements if each["Sid"] in ("Objects", "Bucket")]
    name = "arn:aws:s3:::harbour-production-backups-111122223333"
    assert buckets == [[f"{name}/*"], [name]]


# --- backups ----------------------------------------------------------------------------------------------------------


def test_backups_go_to_the_standby_region_when_it_replicates_backups(planned: Plan) -> None:
    assert planned.backup is not None
    daily, weekly = planned.backup.plans
    assert daily.copy is not None
    assert (daily.copy.region, daily.copy.retention_days) == ("us-west-2", 120)
    assert weekly.copy is not None
    assert weekly.copy.retention_days == 60
    plans = 'backup: {plans: [{name: p, schedule: "0 2 * * *", resources: [volumes]}]}\n'
    images_only = small(f"standby: {{region: us-east-1, replicate: [images]}}\n{plans}")
    assert images_only.backup is not None
    assert images_only.backup.plans[0].copy is None


@pytest.mark.parametrize(
    ("cron", "aws"),
    [
        ("0 2 * * *", "cron(0 2 * * ? *)"),
        ("30 4 1 * *", "cron(30 4 1 * ? *)"),
        ("0 3 * * 0", "cron(0 3 ? * 1 *)"),
        ("0 3 * * 7", "cron(0 3 ? * 1 *)"),
        ("0 3 * * 1-5", "cron(0 3 ? * 2-6 *)"),
        ("0 3 * * MON-FRI", "cron(0 3 ? * MON-FRI *)"),
        ("@daily", "cron(0 0 * * ? *)"),
        ("@weekly", "cron(0 0 ? * 1 *)"),
    ],
)
def test_schedules_are_said_as_aws_says_them(cron: str, aws: str) -> None:
    assert aws_cron(cron) == aws


@given(
    some.integers(0, 59),
    some.integers(0, 23),
    some.integers(1, 31) | some.just("*"),
    some.integers(0, 7) | some.just("*"),
)
def test_of_the_two_days_one_is_always_a_question_mark(minute: int, hour: int, day: object, weekday: object) -> None:
    fields = aws_cron(f"{minute} {hour} {day} * {weekday}").removeprefix("cron(").removesuffix(")").split()
    assert len(fields) == 6
    assert [fields[2], fields[4]].count("?") == 1
    assert fields[4] == "?" or 1 <= int(fields[4]) <= 7


# --- pipelines --------------------------------------------------------------------------------------------------------


def test_images_are_built_for_the_machines_that_run_them() -> None:
    (pipeline,) = small().pipelines
    assert pipeline.platforms == ("linux/arm64",)


def test_without_a_key_images_are_signed_by_the_pipelines_identity() -> None:
    planned = small("gitops: {repository: https://github.com/example/harbor.git}\n")
    (pipeline,) = planned.pipelines
    assert (pipeline.sign, pipeline.sign_key, pipeline.source) == (True, "", "example/harbor")
    assert planned.push_role is not None
    assert planned.push_role.subjects == ("repo:example/harbor:ref:refs/heads/main",)
    assert (planned.push_role.key_alias, planned.push_role.key_arn) == (None, None)
