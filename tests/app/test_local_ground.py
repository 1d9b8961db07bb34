"""A laptop in place of the account: state stays in the working copy, and what a platform looks up exists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from test_terraform import BUILT_IN_ONLY, needs_terraform, terraform

from wavetank.app.existing import made_for
from wavetank.app.terraform import LOCAL_STATE_FILE, keep_state_in
from wavetank.cloud import Cloud
from wavetank.plan import Plan, plan
from wavetank.spec import load_text

BUCKET = 'terraform {\n  backend "s3" {\n    bucket = "far-away"\n    key    = "k"\n    region = "eu-west-1"\n  }\n}\n'
PLATFORM = """\
name: harbor
region: ap-southeast-2
accountId: "111122223333"
nodeGroups: [{name: general, instanceTypes: t3.medium, minSize: 1, maxSize: 3}]
namespaces: [{name: harbor}]
"""


def planned(addition: str) -> Plan:
    return plan(load_text(PLATFORM + addition, "platform.yaml"))


@needs_terraform
def test_state_of_a_bucket_stays_in_the_working_copy(tmp_path: Path) -> None:
    folder = tmp_path / "terraform"
    folder.mkdir()
    (folder / "main.tf").write_text(BUILT_IN_ONLY)
    (folder / "backend.tf").write_text(BUCKET)
    keep_state_in(folder)
    run = terraform(folder)
    run.init()
    assert run.apply().added == 2
    assert (folder / "terraform.tfstate").exists()
    assert run.plan().changes_nothing


def test_the_override_is_one_that_terraform_reads_last() -> None:
    assert LOCAL_STATE_FILE.endswith("_override.tf")


@pytest.fixture
def variables() -> Iterator[dict[str, str]]:
    with Cloud() as cloud:
        yield cloud.client_environment("ap-southeast-2")


def zones(variables: dict[str, str]) -> list[str]:
    route53 = boto3.client(
        "route53",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )
    return [zone["Name"] for zone in route53.list_hosted_zones()["HostedZones"]]


def test_a_zone_that_is_looked_up_exists_once(variables: dict[str, str]) -> None:
    found = planned("dns: {zone: example.com}\n")
    assert made_for(found, variables) == ("the hosted zone example.com, which the platform looks up",)
    assert made_for(found, variables) == ()
    assert zones(variables) == ["example.com."]


def test_a_zone_that_terraform_creates_is_left_to_it(variables: dict[str, str]) -> None:
    assert made_for(planned("dns: {zone: example.com, createZone: true}\n"), variables) == ()
    assert made_for(planned(""), variables) == ()
    assert zones(variables) == []
