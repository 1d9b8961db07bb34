"""What runs a platform is rendered as the tools take it: custom resources, PromQL, dashboards, Rego, workflows, a script."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import regopy
import yaml

from strict import problems_of
from wavetank import catalog
from wavetank.plan import Plan, plan
from wavetank.render import Bundle, render
from wavetank.render.kubernetes.rego import rule
from wavetank.spec import load

DATA = Path(__file__).parents[1] / "data" / "operations"
DIGEST = f"@sha256:{'0' * 64}"


@pytest.fixture(scope="module")
def planned() -> Plan:
    return plan(load(DATA / "platform.yaml", "production"))


@pytest.fixture(scope="module")
def bundle(planned: Plan) -> Bundle:
    return render(planned)


def objects(bundle: Bundle, file: str = "") -> list[dict[str, Any]]:
    names = [name for name in bundle.files if name.startswith("kubernetes/") and file in name]
    return [each for name in names for each in yaml.safe_load_all(bundle.files[name].text)]


def of_kind(bundle: Bundle, kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in objects(bundle) if each["kind"] == kind}


def test_every_object_is_one_that_an_api_server_takes(bundle: Bundle) -> None:
    wrong = {each["metadata"]["name"]: problems_of(each, "1.35") for each in objects(bundle)}
    assert {name: problems for name, problems in wrong.items() if problems} == {}


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_a_namespace_reads_its_own_secrets_by_a_role_of_its_own(bundle: Bundle, planned: Plan) -> None:
    account = of_kind(bundle, "ServiceAccount")["external-secrets-reader"]
    arn = account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
    role = next(each for each in planned.pod_roles if arn.endswith(f"/{each.name}"))
    assert (role.namespace, role.service_account) == ("quay", "external-secrets-reader")
    (statement,) = role.statements
    assert [arn.rpartition(":")[2] for arn in statement["Resource"]] == [
        "harbour/database-??????",
        "harbour/partner-token-??????",
    ]


def test_a_secret_comes_as_variables_or_as_files(bundle: Bundle) -> None:
    pod = of_kind(bundle, "Deployment")["api"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert {"secretRef": {"name": "database"}} in container["envFrom"]
    assert {"name": "secret-partner", "mountPath": "/etc/partner", "readOnly": True} in container["volumeMounts"]
    assert {"name": "secret-partner", "secret": {"secretName": "partner", "defaultMode": 0o440}} in pod["volumes"]


def test_keys_are_properties_and_an_empty_property_is_the_whole_value(bundle: Bundle) -> None:
    secrets = of_kind(bundle, "ExternalSecret")
    assert secrets["database"]["spec"]["data"][0] == {
        "secretKey": "DATABASE_USER",
        "remoteRef": {"key": "harbour/database", "property": "username"},
    }
    assert secrets["partner"]["spec"]["data"] == [{"secretKey": "token", "remoteRef": {"key": "harbour/partner-token"}}]


# --- alerts and dashboards --------------------------------------------------------------------------------------------


def alerts(bundle: Bundle) -> dict[str, dict[str, Any]]:
    (rules,) = of_kind(bundle, "PrometheusRule").values()
    return {each["alert"]: each for group in rules["spec"]["groups"] for each in group["rules"]}


def test_an_alert_is_as_tight_as_the_objective_it_guards(bundle: Bundle) -> None:
    found = alerts(bundle)
    assert found["HighLatency"]["expr"].endswith("> 200")
    assert found["HighErrorRate"]["expr"].endswith("> 0.1")
    assert found["BackupTooOld"]["expr"].endswith("> 86400")
    assert found["HighMemory"]["expr"].endswith("> 85")
    assert found["QueueTooLong"]["expr"] == "sum(quay_waiting_ships) > 40"


def expressions() -> Iterator[tuple[str, str]]:
    for name in catalog.alert_names():
        for mesh in (True, False):
            facts = catalog.alert(name, mesh)
            assert facts is not None
            yield f"{name}, {'with' if mesh else 'without'} mesh", facts.expr.replace(catalog.THRESHOLD, "80")
    for name in catalog.dashboard_names():
        board = catalog.dashboard(name)
        assert board is not None
        yield from ((f"{name}: {panel.title}", panel.expr) for panel in board.panels)


KNOWN = {
    name for names in json.loads((DATA / "known-metrics.json").read_text())["exporters"].values() for name in names
}
_WORDS = {"by", "on", "and", "or", "unless", "group_left", "group_right", "ignoring", "without", "time"}


def metrics_of(expr: str) -> set[str]:
    """Names of series in an expression; its labels in quotes and lists of labels are taken out before."""
    plain = re.sub(r"\"[^\"]*\"", '""', expr)
    plain = re.sub(r"\b(by|on|ignoring|without|group_left|group_right) \([^)]*\)", " ", plain)
    plain = re.sub(r"\{[^}]*\}", "{}", plain)
    names = set(re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?!\w)(?!\s*\()", re.sub(r"\[[^\]]*\]", "", plain)))
    return names - _WORDS


@pytest.mark.parametrize(("where", "expr"), list(expressions()), ids=[where for where, _ in expressions()])
def test_expressions_parse_and_ask_for_metrics_that_somebody_exports(where: str, expr: str) -> None:
    promql_parser.parse(expr)
    asked = metrics_of(expr)
    assert asked, f"{where} asks for nothing"
    assert asked <= KNOWN


def test_dashboards_are_models_that_grafana_provisions(bundle: Bundle) -> None:
    maps = [each for each in of_kind(bundle, "ConfigMap").values() if "dashboard" in each["metadata"]["name"]]
    models = [json.loads(text) for each in maps for text in each["data"].values()]
    assert len(models) == 6
    assert all(each["metadata"]["labels"]["grafana_dashboard"] == "1" for each in maps)
    assert len({model["uid"] for model in models}) == len(models)
    for model in models:
        assert {"title", "panels", "schemaVersion"} <= model.keys()
        assert "dashboard" not in model
        assert len(model["uid"]) <= 40
        assert {panel["type"] for panel in model["panels"]} <= {"timeseries", "stat"}
        assert len({panel["id"] for panel in model["panels"]}) == len(model["panels"])


def test_panels_stand_beside_each_other_and_not_upon(bundle: Bundle) -> None:
    for each in objects(bundle, "dashboards"):
        for text in each["data"].values():
            taken: set[tuple[int, int]] = set()
            for panel in json.loads(text)["panels"]:
                at = panel["gridPos"]
                assert at["x"] + at["w"] <= 24
                cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
                assert not cells & taken
                taken |= cells


# --- image policy -----------------------------------------------------------------------------------------------------


def violations(name: str, obj: dict[str, Any], answer: Any = None, **parameters: Any) -> list[str]:
    """What a rule says; Gatekeeper's call of Ratify is answered by ``answer``."""
    interpreter = regopy.Interpreter()
    text = re.sub(r"external_data\(\{[^}]*\}\)", "input.answer", rule(name))
    interpreter.add_module(name, text)
    interpreter.set_input({"review": {"object": obj}, "parameters": parameters, "answer": answer})
    (result,) = json.loads(f"[{interpreter.query(f'found = data.platform{name}.violation')}]")
    return sorted(each["msg"] for each in result["bindings"]["found"])


def pod_of(kind: str, image: str, **container: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "api", "image": image, **container}]}
    template = {"metadata": {"labels": {"team": "quay"}}, "spec": spec}
    match kind:
        case "Pod":
            return {"kind": kind, "metadata": {"labels": {"team": "quay"}}, "spec": spec}
        case "CronJob":
            return {"kind": kind, "metadata": {}, "spec": {"jobTemplate": {"spec": {"template": template}}}}
    return {"kind": kind, "metadata": {}, "spec": {"template": template}}


KINDS = ("Pod", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Rollout")


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_of_another_registry_is_refused_wherever_it_stands(kind: str) -> None:
    prefixes = ["111122223333.dkr.ecr.us-east-1.amazonaws.com/", "nginx"]
    good = ("111122223333.dkr.ecr.us-east-1.amazonaws.com/api:1", "nginx:1.29", f"nginx{DIGEST}", "nginx")
    for image in good:
        assert violations("registries", pod_of(kind, image), prefixes=prefixes) == []
    for image in ("nginx-of-somebody:1", "evil.example.com/nginx:1"):
        said = violations("registries", pod_of(kind, image), prefixes=prefixes)
        assert said == [f"container api: image {image} is not of an allowed registry"]


@pytest.mark.parametrize(
    ("image", "tag_will_do", "needs_digest"),
    [
        ("api:1.2", True, False),
        ("api", False, False),
        ("api:latest", False, False),
        ("registry:5000/api", False, False),
        (f"api:1.2{DIGEST}", True, True),
        (f"api{DIGEST}", True, True),
    ],
)
def test_versions_are_fixed_by_tag_or_by_digest(image: str, tag_will_do: bool, needs_digest: bool) -> None:
    pod = pod_of("Pod", image)
    assert (violations("versions", pod, digest=False) == []) == tag_will_do
    assert (violations("versions", pod, digest=True) == []) == needs_digest


def test_probes_are_asked_of_what_runs_on_only() -> None:
    assert len(violations("probes", pod_of("Deployment", "api"))) == 2
    job = pod_of("Job", "api")
    job["spec"]["template"]["spec"]["restartPolicy"] = "Never"
    assert violations("probes", job) == []
    probes: dict[str, Any] = {"readinessProbe": {"httpGet": {}}, "livenessProbe": {"httpGet": {}}}
    assert violations("probes", pod_of("Deployment", "api", **probes)) == []


def test_resources_and_labels_are_asked_for() -> None:
    limits = {"limits": {"cpu": "1", "memory": "1Gi"}}
    assert violations("resources", pod_of("Pod", "api", resources=limits)) == []
    assert len(violations("resources", pod_of("Pod", "api"))) == 3
    assert violations("labels", pod_of("Deployment", "api"), labels=["team"]) == []
    assert violations("labels", pod_of("CronJob", "api"), labels=["owner"]) == ["pods need the label owner"]


def test_only_signatures_that_ratify_confirms_count() -> None:
    own = "111122223333.dkr.ecr.us-east-1.amazonaws.com/"
    pod = pod_of("Pod", f"{own}api:1")
    good = {"responses": [[f"{own}api:1", {"isSuccess": True}]], "errors": [], "system_error": ""}
    assert violations("signatures", pod, good, prefix=own) == []
    bad = good | {"responses": [[f"{own}api:1", {"isSuccess": False}]]}
    assert violations("signatures", pod, bad, prefix=own) == [f"image {own}api:1 has no signature that counts"]
    failed = {"responses": [], "errors": [[f"{own}api:1", "no such image"]], "system_error": ""}
    assert len(violations("signatures", pod, failed, prefix=own)) == 1
    away = {"responses": [], "errors": [], "system_error": "ratify does not answer"}
    assert violations("signatures", pod, away, prefix=own) == ["signatures cannot be verified: ratify does not answer"]
    assert violations("signatures", pod_of("Pod", "nginx:1"), bad, prefix=own) == []


def test_the_platforms_own_workloads_pass_its_own_policy(bundle: Bundle) -> None:
    constraints = {each["kind"]: each["spec"] for each in objects(bundle, "04-policies")}
    deployment = of_kind(bundle, "Deployment")["api"]
    for kind, spec in constraints.items():
        name = kind.removeprefix("Platform").lower()
        if name != "signatures":
            assert violations(name, deployment, **spec.get("parameters", {})) == []


def test_a_policy_without_a_key_to_verify_against_asks_for_no_signature(tmp_path: Path) -> None:
    text = re.sub(r"    publicKey: \|\n(?:      .*\n)+", "", (DATA / "platform.yaml").read_text())
    (tmp_path / "platform.yaml").write_text(text)
    planned = plan(load(tmp_path / "platform.yaml", "production"))
    assert "PlatformSignatures" not in {each["kind"] for each in objects(render(planned), "04-policies")}
    assert "ratify" not in {release.chart for release in planned.helm_releases}


# --- pipelines --------------------------------------------------------------------------------------------------------


def test_an_image_is_tagged_and_rolled_out_only_after_scan_and_signature(bundle: Bundle) -> None:
    workflow = yaml.safe_load(bundle.files["pipelines/.github/workflows/api.yml"].text)
    steps = [step["name"] for step in workflow["jobs"]["image"]["steps"]]
    wanted = ["Build and push by digest", "Stop for vulnerabilities", "Sign", "Tag", "Roll out"]
    assert [name for name in steps if name in wanted] == wanted


def test_a_workflow_has_the_rights_it_needs_and_actions_that_cannot_be_moved(bundle: Bundle) -> None:
    workflow = yaml.safe_load(bundle.files["pipelines/.github/workflows/api.yml"].text)
    assert workflow["permissions"] == {"contents": "read"}
    job = workflow["jobs"]["image"]
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", each) for each in used)


def test_the_roll_out_changes_the_values_that_argo_cd_follows(bundle: Bundle) -> None:
    workflow = yaml.safe_load(bundle.files["pipelines/.github/workflows/api.yml"].text)
    step = next(each for each in workflow["jobs"]["image"]["steps"] if each["name"] == "Roll out")
    assert step["env"]["VALUES"] == "clusters/gitops/production/values.yaml"
    values = yaml.safe_load(bundle.files["gitops/production/values.yaml"].text)
    assert values[step["env"]["WORKLOAD"]]["image"] == {"tag": "1.4.2"}


def test_the_script_is_one_that_a_shell_reads(bundle: Bundle, tmp_path: Path) -> None:
    file = tmp_path / "build.sh"
    file.write_text(bundle.files["pipelines/build.sh"].text)
    done = subprocess.run(["sh", "-n", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    used = subprocess.run(["sh", str(file), "nothing", "1"], capture_output=True, text=True, check=False)
    assert (used.returncode, used.stderr) == (2, "no image is built for nothing\n")


def test_the_push_role_trusts_one_branch_of_one_repository(bundle: Bundle) -> None:
    text = bundle.files["terraform/pipelines.tf"].text
    assert '"token.actions.githubusercontent.com:sub" = ["repo:example/harbour:ref:refs/heads/main"]' in text
    assert re.search(r'"token.actions.githubusercontent.com:aud" += "sts.amazonaws.com"', text)
    assert "aws_ecr_repository.quay_api.arn" in text
    assert "aws_kms_key.signing.arn" in text
