"""The real Terraform with the real AWS provider against the embedded AWS, from nothing to nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from kit import REGION, Heard, client

from wavetank.cloud import Cloud
from wavetank.cloud.events import ClusterUpdated, NodeGroupCreated, NodeGroupUpdated

PLATFORM = Path(__file__).parents[1] / "data" / "cloud" / "eks-platform"
CHANGES = {
    "node_max_size": "5",
    "node_labels": '{role="api",tier="gold"}',
    "kubernetes_version": "1.35",
    "public_access_cidrs": '["203.0.113.0/24"]',
    "cni_configuration": '{enableNetworkPolicy="false"}',
}
NO_CHANGES, CHANGES_AHEAD = 0, 2


def mirrors() -> Iterable[Path]:
    """Folders where packages of Terraform providers are customarily installed."""
    for root in (Path("/opt"), Path("/usr/share"), Path("/usr/local/share"), Path.home() / ".terraform.d"):
        yield from (found.parent for found in sorted(root.glob("*/registry.terraform.io")))


class Terraform:
    """Terraform in a folder of its own, with the provider from a local mirror if there is one."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self.folder = folder
        mirror = next(iter(mirrors()), None)
        config = folder / "terraform.rc"
        method = f'filesystem_mirror {{\n    path = "{mirror}"\n  }}' if mirror else "direct {}"
        config.write_text(f"provider_installation {{\n  {method}\n}}\n")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TF_CLI_CONFIG_FILE": str(config),
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
        } | cloud.client_environment(REGION)

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["terraform", *words], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=280
        )

    def well(self, *words: str) -> str:
        done = self(*words)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        return done.stdout

    def plan(self, *variables: str) -> tuple[int, str]:
        done = self("plan", "-detailed-exitcode", "-no-color", "-parallelism=30", *variables)
        return done.returncode, done.stdout[-5000:] + done.stderr


# The demo and `up` apply, plan and destroy in every run; this adds changes in place, and takes minutes.
@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_a_platform_applies_replans_clean_changes_in_place_and_goes_without_a_trace(
    cloud: Cloud, heard: Heard, tmp_path: Path
) -> None:
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    shutil.copy(PLATFORM / "main.tf", tmp_path)
    terraform = Terraform(cloud, tmp_path)
    terraform.well("init", "-no-color")
    applied = terraform.well("apply", "-auto-approve", "-no-color", "-parallelism=30")
    assert "0 changed, 0 destroyed." in applied
    assert terraform.plan()[0] == NO_CHANGES, terraform.plan()[1]
    assert {event.group.name for event in heard.of(NodeGroupCreated)} == {"general", "tuned"}

    variables = [f"-var={name}={value}" for name, value in CHANGES.items()]
    # The plan has just said that nothing differs, so what follows need not ask again.
    terraform.well("apply", "-auto-approve", "-no-color", "-parallelism=30", "-refresh=false", *variables)
    assert terraform.plan(*variables)[0] == NO_CHANGES, terraform.plan(*variables)[1]
    assert heard.of(ClusterUpdated)[-1].facts.version == "1.35"
    grown = [event for event in heard.of(NodeGroupUpdated) if event.group.name == "general"]
    assert (grown[-1].group.max_size, grown[-1].group.labels) == (5, {"role": "api", "tier": "gold"})

    terraform.well("destroy", "-auto-approve", "-no-color", "-parallelism=30", "-refresh=false", *variables)
    assert_nothing_is_left(cloud)
    assert cloud.refused_calls == ()


def assert_nothing_is_left(cloud: Cloud) -> None:
    """Asked of the services, not of Terraform's state."""
    ec2 = client(cloud, "ec2")
    assert client(cloud, "eks").list_clusters()["clusters"] == []
    assert all(vpc["IsDefault"] for vpc in ec2.describe_vpcs()["Vpcs"])
    assert {group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]} == {"default"}
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert ec2.describe_addresses()["Addresses"] == []
    assert [gateway for gateway in ec2.describe_nat_gateways()["NatGateways"] if gateway["State"] != "deleted"] == []
    assert client(cloud, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert client(cloud, "iam").list_roles()["Roles"] == []
    assert client(cloud, "iam").list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert client(cloud, "logs").describe_log_groups()["logGroups"] == []
    assert client(cloud, "ecr").describe_repositories()["repositories"] == []
    assert client(cloud, "secretsmanager").list_secrets()["SecretList"] == []
