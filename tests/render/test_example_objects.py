"""Every object of every example, in every environment, is one that a real API server takes, and stands there once."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import pytest
import yaml

from example_bundles import bundle, cases, plan_of
from strict import problems_of
from wavetank.kube.defaults import defaulted
from wavetank.kube.kinds import BUILT_IN
from wavetank.kube.validation import validate_create
from wavetank.render import kubernetes
from wavetank.render.trace import bare

CASES = pytest.mark.parametrize(("name", "environment"), cases())
#: namespaces that every cluster has
OF_THE_CLUSTER = {"default", "kube-system", "kube-public", "kube-node-lease"}


def objects(name: str, environment: str) -> list[dict[str, Any]]:
    groups = kubernetes.objects_of(plan_of(name, environment)).values()
    return [bare(each) for group in groups for each in group]


@CASES
def test_no_field_is_unknown_and_no_value_of_another_type(name: str, environment: str) -> None:
    minor = plan_of(name, environment).cluster.version
    found = {_named(each): problems_of(each, minor) for each in objects(name, environment)}
    assert {key: problems for key, problems in found.items() if problems} == {}


@CASES
def test_applications_of_argo_cd_are_well_formed(name: str, environment: str) -> None:
    minor = plan_of(name, environment).cluster.version
    for file, content in bundle(name, environment).files.items():
        if file.startswith("gitops/") and not file.endswith("/values.yaml"):
            for each in yaml.safe_load_all(content.text):
                assert problems_of(each, minor) == [], file


@CASES
def test_built_in_ones_pass_the_validation_of_the_api_server(name: str, environment: str) -> None:
    resources = {(each.group, each.kind): each for each in BUILT_IN}
    for each in objects(name, environment):
        resource = resources.get((each["apiVersion"].rpartition("/")[0], each["kind"]))
        if resource is not None:
            assert validate_create(defaulted(each, resource), resource) == [], each


@CASES
def test_each_stands_there_once_in_a_namespace_that_somebody_makes(name: str, environment: str) -> None:
    made = objects(name, environment)
    keys = [(each["apiVersion"], *_named(each)) for each in made]
    assert len(set(keys)) == len(keys)
    releases = {release.namespace for release in plan_of(name, environment).helm_releases}
    own = {each["metadata"]["name"] for each in made if each["kind"] == "Namespace"}
    assert {each["metadata"].get("namespace", "default") for each in made} <= own | releases | OF_THE_CLUSTER


@CASES
def test_files_are_what_their_objects_are(name: str, environment: str) -> None:
    files = bundle(name, environment).files
    texts = (content.text for file, content in files.items() if PurePath(file).match("kubernetes/*.yaml"))
    assert [each for text in texts for each in yaml.safe_load_all(text)] == objects(name, environment)


def _named(obj: dict[str, Any]) -> tuple[str, str, str]:
    return (obj["kind"], obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
