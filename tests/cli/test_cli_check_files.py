"""``wavetank check`` on what people have already, and its other outputs: SARIF, JUnit, baselines, pages."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from command_line import EXAMPLE, ON, wavetank

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  replicas: 1
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
      - {name: api, image: "registry.example.com/api:1.0.0"}
"""
BUDGET = """apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: api
spec:
  minAvailable: 1
  selector: {matchLabels: {app: api}}
"""
PLATFORM = """name: shop
region: ap-southeast-2
accountId: "111122223333"
cluster: {version: "1.36"}
network: {nat: single}
nodeGroups: [{name: general, instanceTypes: m5.large, minSize: 2, maxSize: 3}]
"""
ONLY = ("--select", "AVL001", *ON)
needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


def manifests(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "deployment.yaml").write_text(DEPLOYMENT)
    (folder / "budget.yaml").write_text(BUDGET)
    return folder


def test_a_folder_of_yaml_is_checked_between_its_files(tmp_path: Path) -> None:
    ended = wavetank("check", manifests(tmp_path), "--format", "json", *ONLY)
    (finding,) = ended.json["findings"]
    assert ended.code == 1
    assert (finding["id"], finding["line"]) == ("AVL001", 6)
    assert finding["file"].endswith("budget.yaml")
    assert set(finding) == {"id", "severity", "file", "line", "message", "numbers", "remedy"}


def test_manifests_and_terraform_are_one_platform(tmp_path: Path) -> None:
    manifests(tmp_path / "k8s")
    (tmp_path / "main.tf").write_text('resource "aws_eks_cluster" "c" {\n  name    = "c"\n  version = "1.28"\n}\n')
    ended = wavetank("check", tmp_path / "k8s", tmp_path / "main.tf", "--format", "json", *ON)
    assert {"AVL001", "VER001"} <= {finding["id"] for finding in ended.json["findings"]}


@needs_kubectl
def test_a_kustomization_is_checked_as_it_is_rendered(tmp_path: Path) -> None:
    manifests(tmp_path / "base")
    (tmp_path / "base" / "kustomization.yaml").write_text("resources: [deployment.yaml, budget.yaml]\n")
    overlay = tmp_path / "overlays" / "production"
    overlay.mkdir(parents=True)
    (overlay / "kustomization.yaml").write_text(
        "resources: [../../base]\nreplicas: [{name: api, count: 2}]\nnamespace: shop\n"
    )
    assert wavetank("check", tmp_path, "--format", "json", *ONLY).json == {"findings": []}
    assert wavetank("check", tmp_path / "base", "--format", "json", *ONLY).code == 1


def test_a_chart_is_checked_as_it_is_rendered(tmp_path: Path) -> None:
    templates = manifests(tmp_path / "web" / "templates")
    (tmp_path / "web" / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (tmp_path / "web" / "values.yaml").write_text("replicas: 1\n")
    text = DEPLOYMENT.replace("replicas: 1", "replicas: {{ .Values.replicas }}")
    (templates / "deployment.yaml").write_text(text)
    (tmp_path / "web" / "values-production.yaml").write_text("replicas: 2\n")
    (finding,) = wavetank("check", tmp_path, "--format", "json", *ONLY).json["findings"]
    assert finding["file"].endswith("web/templates/budget.yaml")
    assert wavetank("check", tmp_path, "-e", "production", "--format", "json", *ONLY).json == {"findings": []}


def test_what_cannot_be_rendered_is_said_and_not_guessed(tmp_path: Path) -> None:
    manifests(tmp_path / "k8s")
    broken = tmp_path / "broken"
    (broken / "templates").mkdir(parents=True)
    (broken / "Chart.yaml").write_text("apiVersion: v2\nname: broken\nversion: 1.0.0\n")
    (broken / "templates" / "x.yaml").write_text("{{ .Values.a.b.c | nothing }}\n")
    out = wavetank("check", tmp_path, *ONLY).out
    assert "not checked: " in out
    assert "broken: the chart is not checked" in out
    assert "error AVL001" in out


def test_nothing_to_check_and_missing_files_are_bad_input(tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_text("a: 1\n")
    assert wavetank("check", tmp_path).code == 2
    gone = wavetank("check", tmp_path / "gone")
    assert (gone.code, "there is no such file or folder" in gone.err) == (2, True)


def test_sarif_has_the_rule_the_line_and_the_numbers(tmp_path: Path) -> None:
    run = wavetank("check", manifests(tmp_path), "--format", "sarif", *ONLY).json["runs"][0]
    (result,) = run["results"]
    location = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], result["level"], location["region"]) == ("AVL001", "error", {"startLine": 6})
    assert location["artifactLocation"]["uri"].endswith("budget.yaml")
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["AVL001"]
    assert result["properties"]["numbers"]


def test_junit_fails_a_case_for_each_rule_that_found_something(tmp_path: Path) -> None:
    ended = wavetank("check", manifests(tmp_path), "--format", "junit", "--select", "AVL001,AVL007", *ON)
    suite = ElementTree.fromstring(ended.out)[0]
    assert (suite.get("tests"), suite.get("failures"), ended.code) == ("2", "1", 1)
    assert [case.get("classname") for case in suite if case.find("failure") is not None] == ["wavetank.AVL001"]


def test_a_baseline_silences_what_was_there_and_nothing_new(tmp_path: Path) -> None:
    folder, baseline = manifests(tmp_path / "k8s"), tmp_path / "baseline.json"
    assert wavetank("check", folder, "--baseline", baseline, "--write-baseline", *ONLY).code == 0
    known = wavetank("check", folder, "--baseline", baseline, *ONLY)
    assert (known.code, "(1 suppressed)" in known.out) == (0, True)
    assert "in the baseline" in wavetank("check", folder, "--baseline", baseline, "--show-suppressed", *ONLY).out
    (folder / "other.yaml").write_text(BUDGET.replace("name: api", "name: other"))
    assert wavetank("check", folder, "--baseline", baseline, *ONLY).code == 1
    baseline.write_text("{}")
    assert wavetank("check", folder, "--baseline", baseline, *ONLY).code == 2


def test_a_suppression_in_the_spec_needs_a_reason_and_is_counted(tmp_path: Path) -> None:
    spec = tmp_path / "platform.yaml"
    entry = "suppressions: [{check: NET002, at: network, reason: it is a demonstration}]"
    spec.write_text(f"{PLATFORM}{entry}\n")
    ended = wavetank("check", spec, "--select", "NET002", "--fail-on", "warn", *ON)
    assert (ended.code, "(1 suppressed)" in ended.out) == (0, True)
    assert "it is a demonstration" in wavetank("check", spec, "--select", "NET002", "--show-suppressed", *ON).out
    spec.write_text(PLATFORM + entry.replace(", reason: it is a demonstration", ""))
    assert wavetank("check", spec, *ON).code == 2


def test_explain_prints_the_page_of_a_check_and_knows_the_nearest_one() -> None:
    ended = wavetank("check", "--explain", "cap004")
    assert (ended.code, ended.out.startswith("# CAP004: ")) == (0, True)
    assert "Did you mean CAP0" in wavetank("check", "--explain", "CAP00").err


def test_all_environments_are_checked_in_one_run() -> None:
    out = wavetank("check", EXAMPLE, "--all-environments", *ON).out
    assert "ml-inference (production): " in out
    assert "ml-inference (dev): " in out


def test_programs_see_the_environment_of_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (manifests(tmp_path) / "kustomization.yaml").write_text("resources: [deployment.yaml, budget.yaml]\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "neither kubectl nor kustomize is on PATH" in wavetank("check", tmp_path, *ONLY).err
    assert os.environ["PATH"] == str(tmp_path)


def test_the_text_of_two_checks_is_the_same(tmp_path: Path) -> None:
    folder = manifests(tmp_path)
    first, second = (json.dumps(wavetank("check", folder, "--format", "json", *ON).json) for _ in range(2))
    assert first == second


def test_a_misspelt_family_of_checks_is_no_clean_result(tmp_path: Path) -> None:
    ended = wavetank("check", manifests(tmp_path), "--select", "CPA", *ON)
    assert (ended.code, "begins with CPA" in ended.err) == (2, True)


def test_a_file_too_long_to_be_a_manifest_is_told(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("a" * 8_000_001)
    ended = wavetank("check", manifests(tmp_path), str(tmp_path / "data.yaml"), *ON)
    assert "data.yaml: is not read: it has more than 8 MB" in ended.out
