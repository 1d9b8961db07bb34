"""The Kubernetes and Helm files: accepted by the schema, complete, in an order that can be applied."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from sample_plans import sample_plan, workload

from strict import problems_of
from wavetank.catalog.custom_resources import custom_resource
from wavetank.kube.kinds import BUILT_IN
from wavetank.plan.model import Plan
from wavetank.render import render, write
from wavetank.render.trace import value_at

BUILT_IN_NAMESPACED = {resource.kind: resource.namespaced for resource in BUILT_IN}


def is_namespaced(item: dict[str, Any]) -> bool:
    custom = custom_resource(item["apiVersion"].rpartition("/")[0], item["kind"])
    # What is neither is a constraint: Gatekeeper makes their kinds, all of them for the whole cluster.
    return custom.namespaced if custom else BUILT_IN_NAMESPACED.get(item["kind"], False)


def objects(plan: Plan, folder: str = "kubernetes/") -> Iterator[dict[str, Any]]:
    for name, file in sorted(render(plan).files.items()):
        if name.startswith(folder):
            yield from yaml.safe_load_all(file.text)


def only(plan: Plan, kind: str, folder: str = "kubernetes") -> dict[str, Any]:
    return next(item for item in objects(plan, folder) if item["kind"] == kind)


@pytest.mark.parametrize(
    "manifest", list(objects(sample_plan())), ids=lambda item: f"{item['kind']}-{item['metadata']['name']}"
)
def test_every_object_is_valid_strictly(manifest: dict[str, Any]) -> None:
    assert problems_of(manifest, "1.36") == []


def test_every_namespaced_object_states_its_namespace() -> None:
    for item in objects(sample_plan(), "kubernetes"):
        assert ("namespace" in item["metadata"]) == is_namespaced(item), item


def test_every_object_carries_the_standard_labels() -> None:
    for item in objects(sample_plan(), "kubernetes"):
        labels = item["metadata"]["labels"]
        assert (labels["app.kubernetes.io/part-of"], labels["app.kubernetes.io/managed-by"]) == ("tug", "wavetank")


def test_names_are_unique_within_their_kind() -> None:
    names = [
        (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]) for item in objects(sample_plan())
    ]
    assert len(names) == len(set(names))


def test_what_others_need_comes_first() -> None:
    kinds = [item["kind"] for item in objects(sample_plan())]
    order = [
        "Namespace",
        "ServiceAccount",
        "NetworkPolicy",
        "ConfigMap",
        "Service",
        "Deployment",
        "HorizontalPodAutoscaler",
    ]
    assert [kinds.index(kind) for kind in order] == sorted(kinds.index(kind) for kind in order)


def test_replicas_belong_to_the_autoscaler_where_there_is_one() -> None:
    alone = replace(sample_plan(), workloads=(replace(workload(), autoscaling=None, replicas=3),))
    assert "replicas" not in only(sample_plan(), "Deployment")["spec"]
    assert only(alone, "Deployment")["spec"]["replicas"] == 3


def test_a_monitor_selects_exactly_its_service() -> None:
    wanted = only(sample_plan(), "ServiceMonitor")["spec"]["selector"]["matchLabels"]
    services = [item for item in objects(sample_plan()) if item["kind"] == "Service"]
    matching = [item["metadata"]["name"] for item in services if wanted.items() <= item["metadata"]["labels"].items()]
    assert matching == ["api"]


def test_a_service_account_names_the_role_that_terraform_creates() -> None:
    annotations = only(sample_plan(), "ServiceAccount")["metadata"]["annotations"]
    assert annotations == {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/tug-api"}


def test_workloads_that_share_a_service_account_write_it_once() -> None:
    second = replace(workload(), name="worker", config=None, autoscaling=None, disruption_budget=None)
    kinds = [item["kind"] for item in objects(replace(sample_plan(), workloads=(workload(), second)))]
    assert (kinds.count("Deployment"), kinds.count("ServiceAccount")) == (2, 1)


def test_every_path_of_the_trace_names_something_in_the_plan() -> None:
    plan = sample_plan()
    paths = {line.path for file in render(plan).files.values() for line in file.lines if line.path}
    assert len(paths) > 200
    for path in sorted(paths):
        value_at(plan, path)


# --- helm -------------------------------------------------------------------------------------------------------------


def test_releases_are_pinned_and_carry_the_role_of_their_service_account() -> None:
    first, second = yaml.safe_load(render(sample_plan()).files["helm/releases.yaml"].text)["releases"]
    assert (first["version"], first["namespace"]) == ("1.14.0", "kube-system")
    assert first["values"]["serviceAccount"] == {
        "create": True,
        "name": "aws-load-balancer-controller",
        "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/tug-lbc"},
    }
    assert second["values"] == {}


def test_values_of_the_author_win_over_ours() -> None:
    release = replace(sample_plan().helm_releases[0], values={"serviceAccount": {"create": False}})
    text = (
        render(replace(sample_plan(), helm_releases=(release,)))
        .files["helm/values/aws-load-balancer-controller.yaml"]
        .text
    )
    account = yaml.safe_load(text)["serviceAccount"]
    assert (account["create"], account["name"]) == (False, "aws-load-balancer-controller")


def test_the_script_is_a_shell_script_that_installs_every_release(tmp_path: Path) -> None:
    write(render(sample_plan()), tmp_path)
    script = tmp_path / "helm/install.sh"
    subprocess.run(["sh", "-n", str(script)], check=True)
    text = script.read_text()
    assert re.findall(r"^helm upgrade --install (\S+)", text, re.MULTILINE) == [
        "aws-load-balancer-controller",
        "harbor-crds",
    ]
    assert 'vpcId="$(terraform -chdir=../terraform output -raw vpc_id)"' in text
    assert "oci://registry.example.com/charts/crds" in text


def test_nothing_of_helm_is_written_for_a_plan_without_charts() -> None:
    files = render(replace(sample_plan(), helm_releases=())).files
    assert not {"helm/releases.yaml", "helm/install.sh"} & files.keys()
