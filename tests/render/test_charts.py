"""The platform's chart: real Helm makes of it exactly the objects of ``kubernetes/``, in every environment."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml
from sample_plans import sample_plan, workload

from helm_real import by_identity, lint_problems, objects_in, template, values_of
from wavetank.plan.model import ConfigMap, Container, Plan, ServiceAccount, Workload
from wavetank.render import Family, render, write

API = workload().containers[0]
AUTOSCALING = workload().autoscaling
assert AUTOSCALING is not None
#: without a Service nothing can lead to one
NO_SERVICES: dict[str, Any] = {
    "services": (),
    "service_monitors": (),
    "ingresses": (),
    "mesh": None,
    "analysis_templates": (),
    "serverless": None,
}


def written(folder: Path, *plans: Plan) -> None:
    family = Family.of(*plans)
    for plan in plans:
        write(render(plan, family), folder / plan.environment)


def assert_same_objects(folder: Path, *plans: Plan) -> None:
    """What Helm renders is what kubectl applies, for each plan; and lint finds nothing."""
    written(folder, *plans)
    for plan in plans:
        build = folder / plan.environment
        chart = build / "helm" / plan.name
        values = values_of(chart, plan.environment)
        assert by_identity(template(chart, values)) == by_identity(objects_in(build / "kubernetes"))
        assert lint_problems(chart, values) == []


def dev(**changes: Any) -> Plan:
    return replace(sample_plan(), environment="dev", **changes)


def with_workload(**changes: Any) -> Plan:
    return dev(workloads=(replace(workload(), **changes),))


def with_container(**changes: Any) -> Plan:
    return with_workload(containers=(replace(API, **changes),))


def other_container(name: str) -> Container:
    return replace(API, name=name, image=f"registry.example.com:5000/{name}@sha256:{'0' * 64}")


def other_workload(name: str) -> Workload:
    """Nothing of it has the name of something that belongs to the first one."""
    labels = {"app.kubernetes.io/name": name}
    account = ServiceAccount(name, False, None)
    alone = replace(workload(), autoscaling=None, config=None, disruption_budget=None, service_account=account)
    return replace(alone, name=name, labels=labels, selector_labels=labels)


DIFFERENT: dict[str, Plan] = {
    "the same": dev(),
    "another image": with_container(image="registry.example.com:5000/team/api@sha256:" + "1" * 64),
    "no tag": with_container(image="registry.example.com/team/api"),
    "another request": with_container(resources={"requests": {"cpu": "2"}}),
    "no resources": with_container(resources={}),
    "another variable": with_container(env=({"name": "MODE", "value": "dev"},)),
    "variables in another order": with_container(env=tuple(reversed(API.env))),
    "no variables": with_container(env=()),
    "words that look like numbers": with_container(env=({"name": "A", "value": "1e3"}, {"name": "B", "value": "no"})),
    "a sidecar": with_workload(containers=(API, other_container("proxy"))),
    "a sidecar in front": with_workload(containers=(other_container("proxy"), API)),
    "an init container": with_workload(init_containers=(other_container("fetch"),)),
    "no autoscaler": with_workload(autoscaling=None, replicas=3),
    "another autoscaler": with_workload(
        autoscaling=replace(AUTOSCALING, min_replicas=1, max_replicas=2, metrics=(), behavior={})
    ),
    "no budget": with_workload(disruption_budget=None),
    "settings": with_workload(config=ConfigMap("api-config", {"RANDOM_STATE": "43", "NEW": "x", "a": "{{ .Values }}"})),
    "no settings": with_workload(config=None),
    "a selector of nodes": with_workload(node_selector={"tier": "general"}),
    "a toleration": with_workload(tolerations=({"key": "gpu", "operator": "Exists"},)),
    "other seconds": with_workload(termination_grace_period_seconds=2_000_000),
    "a percentage": with_workload(strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}}),
    "another workload": dev(workloads=(workload(), other_workload("worker"))),
    "only another workload": dev(workloads=(other_workload("worker"),), **NO_SERVICES),
    "no services": dev(**NO_SERVICES),
    "no namespaces": dev(namespaces=()),
    "nothing at all": dev(namespaces=(), workloads=(), network_policies=(), roles=(), role_bindings=(), **NO_SERVICES),
}


@pytest.mark.parametrize("plan", DIFFERENT.values(), ids=DIFFERENT)
def test_helm_renders_the_objects_of_both_environments(plan: Plan, tmp_path: Path) -> None:
    assert_same_objects(tmp_path, sample_plan(), plan)


@pytest.mark.slow  # the test before says the same with the other default, the one after it with all at once
@pytest.mark.parametrize("plan", DIFFERENT.values(), ids=DIFFERENT)
def test_it_does_not_matter_which_environment_is_the_default(plan: Plan, tmp_path: Path) -> None:
    assert_same_objects(tmp_path, replace(plan, environment="production"), replace(sample_plan(), environment="dev"))


@pytest.mark.slow  # a chart with everything; each difference by itself is made in every run
def test_all_differences_together(tmp_path: Path) -> None:
    plans = [replace(plan, environment=f"e{number}") for number, plan in enumerate(DIFFERENT.values())]
    assert_same_objects(tmp_path, sample_plan(), *plans)


def test_braces_of_others_reach_the_cluster_as_they_are(tmp_path: Path) -> None:
    rule = ConfigMap("api-config", {"rules": 'summary: "{{ $labels.pod }} {{- x -}}"\nother: {{{{ }}\n'})
    plan = with_workload(config=rule)
    assert_same_objects(tmp_path, replace(plan, environment="production"), plan)


def test_the_settings_of_the_first_container_stand_at_the_top(tmp_path: Path) -> None:
    written(tmp_path, sample_plan())
    values = yaml.safe_load((tmp_path / "production/helm/tug/values.yaml").read_text())["api"]
    assert values["image"] == {
        "repository": "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/tug-api",
        "tag": "1.0.0",
    }
    assert values["resources"]["requests"] == {"cpu": "250m", "memory": "512Mi"}
    assert (values["autoscaling"]["minReplicas"], values["autoscaling"]["maxReplicas"]) == (2, 10)


def test_an_environment_states_only_what_it_sets_differently(tmp_path: Path) -> None:
    written(tmp_path, sample_plan(), with_container(resources={"requests": {"cpu": "1"}}))
    chart = tmp_path / "dev/helm/tug"
    assert values_of(chart, "production") == {}
    difference = values_of(chart, "dev")["api"]["resources"]
    assert difference["requests"]["cpu"] == "1"
    assert difference["requests"].get("memory", "absent") is None


def test_the_chart_is_the_same_in_the_bundles_of_all_environments() -> None:
    plans = (sample_plan(), with_workload(replicas=7, autoscaling=None))
    family = Family.of(*plans)
    first, second = (
        {name: file.text for name, file in render(plan, family).files.items() if name.startswith("helm/tug/")}
        for plan in plans
    )
    assert first
    assert first == second


def test_a_value_that_is_set_reaches_the_object(tmp_path: Path) -> None:
    written(tmp_path, sample_plan())
    values = {"api": {"image": {"tag": "2.0.0"}, "resources": {"requests": {"cpu": 2}}}}
    deployment = next(
        item for item in template(tmp_path / "production/helm/tug", values) if item["kind"] == "Deployment"
    )
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert container["image"].endswith("/tug-api:2.0.0")
    assert container["resources"]["requests"]["cpu"] == "2"


def test_a_pipeline_may_pin_the_digest_of_what_it_has_built(tmp_path: Path) -> None:
    written(tmp_path, sample_plan())
    digest = "sha256:" + "2" * 64
    values = {"api": {"image": {"tag": "2.0.0", "digest": digest}}}
    deployment = next(
        item for item in template(tmp_path / "production/helm/tug", values) if item["kind"] == "Deployment"
    )
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"].endswith(f"/tug-api:2.0.0@{digest}")


def test_a_workload_can_be_switched_off(tmp_path: Path) -> None:
    written(tmp_path, sample_plan())
    kinds = {item["kind"] for item in template(tmp_path / "production/helm/tug", {"api": {"enabled": False}})}
    assert "Deployment" not in kinds
    assert "Namespace" in kinds


@pytest.mark.parametrize(
    "values",
    [{"api": {"imge": {"tag": "2"}}}, {"apu": {}}, {"api": {"autoscaling": {"minReplicas": "two"}}}],
    ids=["misspelt key", "misspelt workload", "wrong type"],
)
def test_values_that_mean_nothing_are_refused(tmp_path: Path, values: dict[str, Any]) -> None:
    written(tmp_path, sample_plan())
    with pytest.raises(helm_python.HelmValuesError):
        template(tmp_path / "production/helm/tug", values)


def test_the_schema_names_the_part_of_the_platform_that_a_value_sets(tmp_path: Path) -> None:
    written(tmp_path, sample_plan())
    schema = json.loads((tmp_path / "production/helm/tug/values.schema.json").read_text())
    api = schema["properties"]["api"]["properties"]
    assert "workloads[api].autoscaling.minReplicas" in api["autoscaling"]["properties"]["minReplicas"]["description"]


def test_every_helper_is_used(tmp_path: Path) -> None:
    written(tmp_path, sample_plan())
    for helpers in (tmp_path / "production/helm/tug").rglob("_helpers.tpl"):
        templates = "".join(file.read_text() for file in helpers.parent.glob("*.yaml"))
        for name in (line.split('"')[1] for line in helpers.read_text().splitlines() if "define" in line):
            assert f'include "{name}"' in templates, name
