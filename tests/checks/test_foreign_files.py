"""Kubernetes YAML, eksctl and plan JSON as cases: every object at its line, and nothing known that was not said."""

from __future__ import annotations

import json
from datetime import date

from wavetank.checks import SourceFile, case_of_files, findings, rendered_files
from wavetank.checks.case import Case

ON = date(2026, 11, 21)
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: shop
spec:
  replicas: 3
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
      - name: api
        image: registry.example.com/api:1.0.0
        resources:
          requests: {cpu: 500m, memory: 1Gi}
"""
SCALER = """apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}
  minReplicas: 2
  maxReplicas: 7
"""


def case(text: str, name: str = "k8s.yaml") -> Case:
    return case_of_files([SourceFile(name, text)], ON).case


def test_every_value_of_an_object_has_its_line_and_name() -> None:
    (workload,) = case("---\n# a comment\n" + DEPLOYMENT).workloads
    place = workload.containers[0].at("resources", "requests", "cpu")
    assert (place.file, place.line) == ("k8s.yaml", 18)
    assert place.path == "Deployment shop/api spec.template.spec.containers[api].resources.requests.cpu"


def test_what_is_not_written_is_placed_at_what_is_around_it() -> None:
    (workload,) = case(DEPLOYMENT).workloads
    assert workload.at_pod("nodeSelector").line == 11


def test_lists_and_several_documents_are_all_objects() -> None:
    items = "\n".join("  " + line for line in DEPLOYMENT.splitlines()).replace("  apiVersion", "- apiVersion", 1)
    both = case(f"{SCALER}---\napiVersion: v1\nkind: List\nitems:\n{items}\n")
    assert [m.kind for m in both.manifests] == ["HorizontalPodAutoscaler", "Deployment"]
    assert both.workloads[0].at("spec", "replicas").line == 18


def test_an_autoscaler_says_how_many_pods_there_are() -> None:
    (workload,) = case(f"{DEPLOYMENT}---\n{SCALER}").workloads
    assert (workload.min_replicas, workload.max_replicas, workload.surge_pods) == (2, 7, 2)
    assert workload.requests == {"cpu": 500, "memory": 1024**3}


def test_words_that_yaml_likes_to_change_stay_what_they_are() -> None:
    (config,) = case(
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: 2026-11-21, b: "yes", c: 12:30:45}\n'
    ).manifests
    assert config.obj["data"] == {"a": "2026-11-21", "b": "yes", "c": "12:30:45"}


def test_files_that_are_for_other_tools_are_no_objects() -> None:
    texts = ("a: 1\n", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", "- 1\n- 2\n", "")
    assert [len(case(text).manifests) for text in texts] == [0, 0, 0, 0]


def test_a_file_that_is_no_yaml_is_told_and_the_others_are_checked() -> None:
    foreign = case_of_files([SourceFile("bad.yaml", "a: [1\nb: 2\n"), SourceFile("good.yaml", DEPLOYMENT)], ON)
    assert foreign.left_out[0].startswith("bad.yaml:")
    assert len(foreign.case.workloads) == 1


def test_a_folder_of_yaml_says_nothing_about_nodes_or_components() -> None:
    found = case(DEPLOYMENT)
    assert (found.given.kubernetes, found.given.cluster, found.given.nodes, found.given.whole) == (
        True,
        False,
        False,
        False,
    )
    assert found.components.installs("metrics-server") is None


def test_eksctl_knows_its_defaults() -> None:
    head = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c, region: eu-west-1}\n"
    text = f"{head}managedNodeGroups:\n- {{name: a}}\n"
    aws = case(text).aws
    (group,) = aws.node_groups
    assert (group.instance_types, group.min_size, group.desired_size, group.max_size) == (("m5.large",), 2, 2, 2)
    assert aws.add_on("metrics-server") is not None
    assert aws.cluster is not None
    assert aws.cluster.public_access_cidrs == ("0.0.0.0/0",)
    assert group.at("max_size").line == 5


def test_the_json_of_a_terraform_plan_is_terraform_too() -> None:
    resource = {
        "address": "module.x.aws_eks_cluster.this[0]",
        "mode": "managed",
        "type": "aws_eks_cluster",
        "values": {"name": "c", "version": "1.28", "vpc_config": [{"endpoint_public_access": True}]},
    }
    root = {"child_modules": [{"resources": [resource]}]}
    text = json.dumps({"terraform_version": "1.13.0", "planned_values": {"root_module": root}}, indent=1)
    found = case(text, "plan.json")
    assert found.aws.cluster is not None
    assert found.aws.cluster.version == "1.28"
    assert "VER001" in {finding.id for finding in findings(found)}


CLUSTER = (
    "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: shop, region: eu-west-1, version: '1.36'}\n"
)
AUTOSCALER_ROLE = """iam:
  withOIDC: true
  serviceAccounts:
  - metadata: {name: cluster-autoscaler, namespace: kube-system}
    wellKnownPolicies: {autoScaler: true}
"""


def test_a_chart_that_a_role_waits_for_is_installed_from_elsewhere() -> None:
    without = case(f"{DEPLOYMENT}---\n{CLUSTER}").components
    awaited = case(f"{DEPLOYMENT}---\n{CLUSTER}{AUTOSCALER_ROLE}").components
    assert without.installs("cluster-autoscaler") is False
    assert awaited.installs("cluster-autoscaler") is None
    assert awaited.installs("keda") is False


def test_every_object_of_a_chart_is_read_wherever_its_template_is_named() -> None:
    by_program = f"---\n# Source: web/templates/all.yaml\n{DEPLOYMENT}---\n# Source: web/templates/all.yaml\n{SCALER}"
    by_library = f"# Source: web/templates/all.yaml\n# a comment\n---\n{DEPLOYMENT}---\n{SCALER}"
    for text in (by_program, by_library):
        files = list(rendered_files("charts/web", text))
        found = case_of_files(files, ON).case.manifests
        assert [m.kind for m in found] == ["Deployment", "HorizontalPodAutoscaler"]
        assert {m.at("spec").file for m in found} == {"charts/web/templates/all.yaml"}


def test_an_object_that_two_files_hold_is_one_object() -> None:
    files = [SourceFile("a.yaml", f"{DEPLOYMENT}---\n{SCALER}"), SourceFile("b.yaml", f"{SCALER}---\n{DEPLOYMENT}")]
    found = case_of_files(files, ON).case
    assert [m.kind for m in found.manifests] == ["Deployment", "HorizontalPodAutoscaler"]
    other = SourceFile("c.yaml", SCALER.replace("maxReplicas: 7", "maxReplicas: 9"))
    assert len(case_of_files([*files, other], ON).case.autoscalers) == 2
