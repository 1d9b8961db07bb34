"""Ids that AWS chooses find their places in the manifests on this machine, and only there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from example_bundles import bundle, plan_of
from wavetank.app.chosen import put_ids
from wavetank.cloud import Cloud
from wavetank.render import write

PLAN = plan_of("video-creator", "production")
TOKEN = f"{PLAN.cluster.name}-media"


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    with Cloud() as running:
        yield running.client_environment(PLAN.region)


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    write(bundle("video-creator", "production"), tmp_path)
    return tmp_path / "kubernetes"


def file_system(environment: dict[str, str]) -> str:
    """A file system as Terraform makes it; its id."""
    efs = boto3.client(
        "efs",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    return str(efs.create_file_system(CreationToken=TOKEN)["FileSystemId"])


def parameters(manifests: Path) -> Any:
    classes = yaml.safe_load_all((manifests / "02-classes.yaml").read_text())
    return next(each["parameters"] for each in classes if each["metadata"]["name"] == "efs")


def test_the_id_of_a_file_system_takes_its_place(environment: dict[str, str], manifests: Path) -> None:
    made = file_system(environment)
    assert put_ids(PLAN, manifests, environment) == (f"the file system media is {made}",)
    assert parameters(manifests)["fileSystemId"] == made


def test_without_the_file_system_it_is_said_and_nothing_changes(environment: dict[str, str], manifests: Path) -> None:
    (sentence,) = put_ids(PLAN, manifests, environment)
    assert "AWS has no file system media" in sentence
    assert parameters(manifests)["fileSystemId"] == "${file_system_id:media}"


def test_a_platform_without_file_systems_asks_nobody(tmp_path: Path) -> None:
    assert put_ids(plan_of("ml-inference", "dev"), tmp_path, {}) == ()
