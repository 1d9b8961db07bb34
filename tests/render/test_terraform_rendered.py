"""The Terraform configuration: formatted, valid for the real provider, complete, and joined by references."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from sample_operations import no_operations
from sample_plans import cluster, network, node_groups, sample_plan

from wavetank.app.terraform import Terraform, keep_state_in, mirrors
from wavetank.plan.model import NatGateway, Plan
from wavetank.render import render, write
from wavetank.render.terraform import GROUPS
from wavetank.render.terraform.parts import identifiers, role_name

needs_terraform = pytest.mark.skipif(
    not mirrors(os.environ) or not any((Path(folder) / "terraform").exists() for folder in os.get_exec_path()),
    reason="terraform or a mirror of the AWS provider is missing",
)


def source(plan: Plan, file: str) -> str:
    return render(plan).files[f"terraform/{file}"].text


def one_per_zone() -> Plan:
    base = network()
    gateways = tuple(NatGateway(f"nat-{zone}", f"public-{zone}", (zone,)) for zone in base.zones)
    return replace(sample_plan(), network=replace(base, nat="perZone", nat_gateways=gateways))


def bare_plan() -> Plan:
    """As little as a plan can hold."""
    few = replace(network(), nat="none", nat_gateways=(), flow_logs=None, gateway_endpoints=(), interface_endpoints=())
    logs = replace(cluster().logs, types=())
    private = replace(cluster().endpoint, public=False, public_access_cidrs=())
    plain = replace(cluster(), logs=logs, endpoint=private, access_entries=(), secrets_encryption=False)
    return replace(
        sample_plan(),
        network=few,
        cluster=replace(plain, deletion_protection=True),
        node_groups=(),
        karpenter=None,
        file_systems=(),
        dns=None,
        serverless=None,
        state_backend=None,
        terraform_files=(),
        manifests=(),
        add_ons=(),
        pod_roles=(),
        repositories=(),
        secrets=(),
        helm_releases=(),
        workloads=(),
        services=(),
        service_monitors=(),
        network_policies=(),
        **no_operations(),
    )


@needs_terraform
@pytest.mark.parametrize("plan", [sample_plan(), one_per_zone(), bare_plan()], ids=["sample", "perZone", "bare"])
def test_terraform_fmt_has_nothing_to_change_in_any_file(plan: Plan, tmp_path: Path) -> None:
    write(render(plan), tmp_path)
    words = ["terraform", "fmt", "-check", "-diff", "-no-color", "."]
    quiet = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    done = subprocess.run(words, cwd=tmp_path / "terraform", env=quiet, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.slow
@needs_terraform
@pytest.mark.parametrize("plan", [sample_plan(), bare_plan()], ids=["sample", "bare"])
def test_the_real_provider_finds_it_valid(plan: Plan, tmp_path: Path) -> None:
    write(render(plan), tmp_path)
    keep_state_in(tmp_path / "terraform")
    terraform = Terraform(tmp_path / "terraform", tmp_path / "work", os.environ)
    terraform.init()
    terraform.validate()


def test_every_group_of_the_tuple_is_rendered_for_a_full_plan() -> None:
    files = {name.removeprefix("terraform/") for name in render(sample_plan()).files if name.startswith("terraform/")}
    own = {file.name for file in sample_plan().terraform_files} | {"functions/pilot.zip.base64"}
    assert files == {group.file for group in GROUPS} | own


def test_what_the_plan_does_not_have_is_not_rendered() -> None:
    plan = bare_plan()
    text = "".join(file.text for name, file in render(plan).files.items() if name.startswith("terraform/"))
    for absent in (
        "aws_nat_gateway",
        "aws_flow_log",
        "aws_kms_key",
        "aws_eks_node_group",
        "aws_vpc_endpoint",
        "aws_eip",
    ):
        assert absent not in text
    assert "prevent_destroy = true" in text


def test_resources_are_referred_to_by_address_and_not_by_name() -> None:
    files = render(sample_plan()).files
    text = "".join(file.text for name, file in files.items() if name.startswith("terraform/"))
    assert len(re.findall(r'"tug-production"', text)) == 1
    assert "aws_secretsmanager_secret.tug_api.arn" in source(sample_plan(), "pod_roles.tf")
    assert "secret:tug/api" not in text


def test_addresses_are_unique() -> None:
    text = "".join(file.text for name, file in render(sample_plan()).files.items() if name.endswith(".tf"))
    addresses = re.findall(r'^resource "([^"]+)" "([^"]+)"', text, re.MULTILINE)
    assert len(addresses) == len(set(addresses)) > 30


def test_names_that_terraform_would_confuse_get_different_labels() -> None:
    assert identifiers(["gpu-spot", "gpu_spot", "GPU.spot", "1st"]) == {
        "gpu-spot": "gpu_spot",
        "gpu_spot": "gpu_spot_2",
        "GPU.spot": "gpu_spot_3",
        "1st": "_1st",
    }


def test_role_names_stay_within_what_iam_accepts_and_stay_different() -> None:
    long = "c" * 80
    assert role_name("short") == "short"
    assert len(role_name(f"{long}-node")) <= 64
    assert role_name(f"{long}-node") != role_name(f"{long}-cluster")


def test_an_autoscaler_may_move_the_desired_size() -> None:
    text = source(sample_plan(), "node_groups.tf")
    assert text.count("ignore_changes = [scaling_config[0].desired_size]") == len(node_groups())


def test_trust_is_pinned_to_one_service_account_and_to_sts() -> None:
    text = source(sample_plan(), "pod_roles.tf")
    assert text.count('"${local.oidc_issuer}:aud" = "sts.amazonaws.com"') == 3
    assert '"${local.oidc_issuer}:sub" = "system:serviceaccount:harbor:api"' in text


def test_policy_variables_of_iam_are_not_terraform_templates() -> None:
    assert '"$${aws:PrincipalTag/owner}"' in source(sample_plan(), "pod_roles.tf")


def test_no_secret_value_and_nothing_of_the_laptop_is_rendered() -> None:
    text = "".join(file.text for file in render(sample_plan()).files.values())
    assert "aws_secretsmanager_secret_version" not in text
    assert "127.0.0.1" not in text


def test_a_single_gateway_serves_all_zones_and_one_per_zone_serves_its_own() -> None:
    assert source(sample_plan(), "network.tf").count('nat_gateway = "nat-ap-southeast-2a"') == 2
    assert source(one_per_zone(), "network.tf").count('nat_gateway = "nat-ap-southeast-2b"') == 1


def test_the_role_of_the_cni_keeps_its_permissions_off_the_nodes() -> None:
    without = replace(sample_plan(), add_ons=tuple(replace(item, role=None) for item in sample_plan().add_ons))
    assert "AmazonEKS_CNI_Policy" not in source(sample_plan(), "node_groups.tf")
    assert "AmazonEKS_CNI_Policy" in source(without, "node_groups.tf")
