"""Argo CD's files: valid, complete, and in an order that works."""

from __future__ import annotations

import os.path
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from sample_plans import sample_plan

from helm_real import by_identity, objects_in, template, values_of
from strict import problems_of
from wavetank.plan.model import GitOps, Plan
from wavetank.render import Family, render, write

FOLDER = "gitops/production"
WAVE = "argocd.argoproj.io/sync-wave"


def files(plan: Plan) -> dict[str, Any]:
    return {name: yaml.safe_load(file.text) for name, file in render(plan).files.items() if name.startswith("gitops/")}


def applications(plan: Plan) -> dict[str, Any]:
    found = files(plan)
    return {item["metadata"]["name"]: item for name, item in found.items() if "/applications/" in name}


def settings() -> GitOps:
    found = sample_plan().gitops
    assert found is not None
    return found


def test_every_object_is_valid_strictly() -> None:
    for name, item in files(sample_plan()).items():
        if not name.endswith("/values.yaml"):
            assert problems_of(item) == [], name


def test_a_platform_without_the_section_has_no_folder() -> None:
    assert files(replace(sample_plan(), gitops=None)) == {}


def test_each_chart_and_the_platform_is_an_application_below_the_root() -> None:
    plan = sample_plan()
    assert set(applications(plan)) == {"aws-load-balancer-controller", "harbor-crds", "tug"}
    root = files(plan)[f"{FOLDER}/root.yaml"]
    assert root["spec"]["source"]["path"] == "fleet/gitops/production/applications"


def test_what_brings_kinds_comes_before_what_uses_them() -> None:
    waves = {name: int(item["metadata"]["annotations"][WAVE]) for name, item in applications(sample_plan()).items()}
    assert waves["aws-load-balancer-controller"] < waves["harbor-crds"] < waves["tug"]


def test_a_component_is_its_pinned_chart_with_its_values() -> None:
    source = applications(sample_plan())["aws-load-balancer-controller"]["spec"]["source"]
    assert (source["chart"], source["targetRevision"]) == ("aws-load-balancer-controller", "1.14.0")
    assert source["helm"]["valuesObject"]["clusterName"] == "tug-production"
    # A pod does not reach the node's metadata service, and nobody asks Terraform here: the VPC is found by its tag.
    assert source["helm"]["valuesObject"]["vpcTags"] == {"Name": "tug-production"}


def test_a_chart_of_a_registry_is_named_as_argo_cd_wants_it() -> None:
    source = applications(sample_plan())["harbor-crds"]["spec"]["source"]
    assert (source["repoURL"], source["chart"]) == ("registry.example.com/charts", "crds")


def test_the_autoscaler_and_git_do_not_fight_over_replicas() -> None:
    spec = applications(sample_plan())["tug"]["spec"]
    assert spec["ignoreDifferences"] == [
        {
            "group": "apps",
            "kind": "Deployment",
            "name": "api",
            "namespace": "harbor",
            "jsonPointers": ["/spec/replicas"],
        }
    ]
    # Without it a sync would still write what is ignored when it compares.
    assert "RespectIgnoreDifferences=true" in spec["syncPolicy"]["syncOptions"]


def test_the_project_admits_what_its_applications_need_and_no_more() -> None:
    plan = sample_plan()
    project = files(plan)[f"{FOLDER}/project.yaml"]["spec"]
    for item in (*applications(plan).values(), files(plan)[f"{FOLDER}/root.yaml"]):
        destination = item["spec"]["destination"]
        assert {"server": destination["server"], "namespace": destination["namespace"]} in project["destinations"]
        assert item["spec"]["source"]["repoURL"] in project["sourceRepos"]
    assert {"group": "", "kind": "Namespace"} in project["clusterResourceWhitelist"]
    assert "*" not in {entry["kind"] for entry in project["clusterResourceWhitelist"]}


def test_the_platforms_chart_finds_its_values_in_the_repository() -> None:
    plan = sample_plan()
    source = applications(plan)["tug"]["spec"]["source"]
    names = set(render(plan).files)
    for name in source["helm"]["valueFiles"]:
        assert os.path.normpath(f"{source['path']}/{name}").removeprefix("fleet/") in names, name


def test_the_images_of_an_environment_can_be_changed_in_one_file(tmp_path: Path) -> None:
    plan = sample_plan()
    write(render(plan), tmp_path)
    images = yaml.safe_load((tmp_path / FOLDER / "values.yaml").read_text())
    assert images == {"api": {"image": {"tag": "1.0.0"}}}
    chart = tmp_path / "helm/tug"
    assert by_identity(template(chart, images | values_of(chart, "production"))) == by_identity(
        objects_in(tmp_path / "kubernetes")
    )


def test_each_environment_has_a_folder_of_its_own_in_every_bundle() -> None:
    dev = replace(sample_plan(), environment="dev", gitops=replace(settings(), revision="next"))
    family = Family.of(sample_plan(), dev)
    bundles = [render(plan, family).files for plan in (sample_plan(), dev)]
    roots = [{name: file.text for name, file in files.items() if name.endswith("root.yaml")} for files in bundles]
    assert roots[0] == roots[1]
    revisions = {name: yaml.safe_load(text)["spec"]["source"]["targetRevision"] for name, text in roots[0].items()}
    assert revisions == {f"{FOLDER}/root.yaml": "main", "gitops/dev/root.yaml": "next"}
