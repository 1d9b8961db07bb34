"""Files that wavetank did not write are copied with what they refer to, put in order, and refused with their places."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from wavetank.app.charts import Installed
from wavetank.app.courses import SourceFiles, files_course
from wavetank.app.courses.roots import copy_root
from wavetank.app.waiting import expected
from wavetank.base.errors import InputError, ToolMissing

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: main, image: shop/api}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
"""
DEFINITION = """\
apiVersion: v1
kind: List
items:
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata: {name: boats.example.com}
  spec: {}
"""


def root_with_module(folder: Path) -> Path:
    """A root that uses a module beside it, which reads a template beside that."""
    live, module = folder / "live" / "dev", folder / "modules" / "cluster"
    for each in (live / ".terraform", module, folder / "templates", folder / "elsewhere"):
        each.mkdir(parents=True)
    (live / "main.tf").write_text('module "cluster" {\n  source = "../../modules/cluster"\n}\n')
    (live / "terraform.tfstate").write_text("{}")
    (module / "main.tf").write_text('locals {\n  text = file("${path.module}/../../templates/role.json")\n}\n')
    (folder / "templates" / "role.json").write_text("{}")
    (folder / "elsewhere" / "secret.txt").write_text("not ours")
    return live


def test_a_root_is_copied_with_the_modules_and_files_that_it_names(tmp_path: Path) -> None:
    copied = copy_root(root_with_module(tmp_path / "infra"), tmp_path / "copy")
    files = sorted(
        str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*") if path.is_file()
    )
    assert copied == tmp_path / "copy" / "live" / "dev"
    assert files == ["live/dev/main.tf", "modules/cluster/main.tf", "templates/role.json"]


def test_a_root_that_names_nothing_outside_is_copied_alone(tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text("")
    assert copy_root(tmp_path / "infra", tmp_path / "copy") == tmp_path / "copy"


def course(tmp_path: Path, *manifests: Path) -> SourceFiles:
    return SourceFiles(root_with_module(tmp_path / "infra"), manifests, Installed())


def test_objects_are_written_in_an_order_in_which_what_is_needed_comes_first(tmp_path: Path) -> None:
    k8s = tmp_path / "k8s"
    k8s.mkdir()
    (k8s / "a.yaml").write_text(DEPLOYMENT)
    (k8s / "b.yaml").write_text(DEFINITION)
    (k8s / "values.yaml").write_text("replicas: 3\n")
    made = files_course(course(tmp_path, k8s), {}, {})
    written = made.write(tmp_path / "build")
    names = sorted(path.name for path in written.kubernetes.iterdir())
    assert names == ["00-definitions.yaml", "0001-namespace-shop.yaml", "0002-deployment-api.yaml"]
    assert [stage.condition for stage in made.stages(written)] == ["condition=Established"]
    assert written.count == 3


def test_what_is_wrong_with_the_paths_is_told_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        files_course(SourceFiles(tmp_path / "nowhere", (tmp_path / "gone",)), {}, {})
    assert {problem.message for problem in refused.value.problems} == {
        "is no folder; --terraform takes the folder of a Terraform root",
        "there is no such file or folder",
    }


def test_a_folder_without_terraform_files_is_no_root(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no \.tf files"):
        files_course(SourceFiles(tmp_path), {}, {})


def test_a_manifest_that_is_not_yaml_is_told_with_its_place(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("apiVersion: v1\nkind: [\n")
    with pytest.raises(InputError) as refused:
        files_course(course(tmp_path, bad), {}, {}).write(tmp_path / "build")
    (problem,) = refused.value.problems
    assert problem.line == 3
    assert "is not YAML" in problem.message


def test_without_terraform_foreign_files_cannot_run(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match="terraform is not on PATH"):
        files_course(course(tmp_path), {}, {}).create_without_terraform({}, lambda _: None)


def test_the_pods_to_wait_for_follow_from_the_manifests() -> None:
    deployment = next(yaml.safe_load_all(DEPLOYMENT))
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}
    autoscaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "api", "namespace": "shop"},
        "spec": {"scaleTargetRef": target, "minReplicas": 3, "maxReplicas": 9},
    }
    (api,) = expected([autoscaler, deployment])
    assert (api.namespace, api.name, api.selector, api.least) == ("shop", "api", "app=api", 3)
