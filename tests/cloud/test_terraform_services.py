"""The real Terraform against the services that platforms use beside EKS, in two regions, from nothing to nothing."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest
from kit import REGION, client

from wavetank.app.terraform import Terraform
from wavetank.cloud import Cloud

SERVICES = Path(__file__).parents[1] / "data" / "cloud" / "every-service"
CHANGED = "generation = 2\n"


def root(folder: Path) -> Path:
    """The configuration with a function's archive beside it."""
    shutil.copytree(SERVICES, folder)
    with zipfile.ZipFile(folder / "function.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("main.py"), "def handler(event, context):\n    return {}\n")
    return folder


# Terraform's own waits for load balancers, queues and life cycles are minutes, whatever the server does.
@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.timeout(1200)
@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_every_service_applies_replans_clean_changes_in_place_and_goes(cloud: Cloud, tmp_path: Path) -> None:
    folder = root(tmp_path / "root")
    terraform = Terraform(folder, tmp_path / "work", {**os.environ, **cloud.client_environment(REGION)})
    terraform.init()
    assert terraform.apply().changed == 0
    assert terraform.plan().changes_nothing
    (folder / "terraform.tfvars").write_text(CHANGED)
    changed = terraform.apply()
    assert (changed.added, changed.destroyed) == (0, 0)
    assert changed.changed > 5
    assert terraform.plan().changes_nothing
    terraform.destroy()
    assert cloud.refused_calls == ()
    assert_nothing_is_left(cloud)


def assert_nothing_is_left(cloud: Cloud) -> None:
    """Asked of the services in both regions, not of Terraform's state."""
    for region in (REGION, "ap-southeast-1"):
        assert client(cloud, "dynamodb", region=region).list_tables()["TableNames"] == []
        assert client(cloud, "s3", region=region).list_buckets()["Buckets"] == []
        assert client(cloud, "backup", region=region).list_backup_vaults()["BackupVaultList"] == []
    assert client(cloud, "sqs").list_queues().get("QueueUrls", []) == []
    assert client(cloud, "lambda").list_functions()["Functions"] == []
    assert client(cloud, "apigatewayv2").get_apis()["Items"] == []
    assert client(cloud, "elbv2").describe_load_balancers()["LoadBalancers"] == []
    assert client(cloud, "elasticache").describe_replication_groups()["ReplicationGroups"] == []
