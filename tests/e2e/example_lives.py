"""A life of an example on the embedded AWS: rendered, formatted, initialised, valid, applied, no changes, gone.

Each example has a small test file of its own, so that workers of pytest take them side by side: what takes time is Terraform's
waiting. One environment per example belongs to every run of the tests, the others to the slow ones.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from programs import ROOT, needs_terraform

from wavetank.app.existing import made_for
from wavetank.app.terraform import Terraform, keep_state_in
from wavetank.cloud import Cloud
from wavetank.plan import Plan, plan
from wavetank.render import Family, render, write
from wavetank.spec import load_all

#: for every test of a file about an example
MARKS = [pytest.mark.e2e, needs_terraform, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Left:
    """A list that a service gives: who gives it, how it is asked for, and under which key it lies."""

    service: str
    call: str
    key: str


#: what must be empty again after a platform has gone
LISTS = (
    Left("eks", "list_clusters", "clusters"),
    Left("ec2", "describe_launch_templates", "LaunchTemplates"),
    Left("ec2", "describe_addresses", "Addresses"),
    Left("ec2", "describe_flow_logs", "FlowLogs"),
    Left("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"),
    Left("iam", "list_roles", "Roles"),
    Left("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList"),
    Left("logs", "describe_log_groups", "logGroups"),
    Left("ecr", "describe_repositories", "repositories"),
    Left("secretsmanager", "list_secrets", "SecretList"),
    Left("s3", "list_buckets", "Buckets"),
    Left("dynamodb", "list_tables", "TableNames"),
    Left("efs", "describe_file_systems", "FileSystems"),
    Left("lambda", "list_functions", "Functions"),
    Left("apigatewayv2", "get_apis", "Items"),
    Left("elbv2", "describe_load_balancers", "LoadBalancers"),
    Left("elasticache", "describe_replication_groups", "ReplicationGroups"),
    Left("backup", "list_backup_plans", "BackupPlansList"),
    Left("backup", "list_backup_vaults", "BackupVaultList"),
    Left("events", "list_rules", "Rules"),
)


def live_once(example: str, environment: str, folder: Path) -> None:
    """From nothing to nothing, by the real Terraform with the real provider."""
    planned = _rendered(example, environment, folder)
    with Cloud() as cloud:
        variables = {**os.environ, **cloud.client_environment(planned.region)}
        made_for(planned, variables)
        terraform = Terraform(folder / "terraform", folder / "work", variables)
        assert_formatted(folder)
        terraform.init()
        terraform.validate()
        _come_and_go(terraform)
        assert cloud.refused_calls == ()
        assert {region: left for region in _regions(planned) if (left := left_in(variables, region))} == {}


def _rendered(example: str, environment: str, folder: Path) -> Plan:
    """The plan of one environment, its bundle written into the folder, its state kept there."""
    plans = {name: plan(each) for name, each in load_all(ROOT / "examples" / example / "platform.yaml").items()}
    write(render(plans[environment], Family.of(*plans.values())), folder)
    keep_state_in(folder / "terraform")
    return plans[environment]


def assert_formatted(folder: Path) -> None:
    quiet = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    words = ["terraform", "fmt", "-check", "-recursive", "-diff", "-no-color", "terraform"]
    done = subprocess.run(words, cwd=folder, env=quiet, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def _come_and_go(terraform: Terraform) -> None:
    applied = terraform.apply()
    assert (applied.changed, applied.destroyed) == (0, 0)
    again = terraform.plan()
    assert again.changes_nothing, again.text
    destroyed = terraform.destroy()
    assert destroyed.destroyed == applied.added > 40


def _regions(planned: Plan) -> tuple[str, ...]:
    return tuple(dict.fromkeys((planned.region, *([planned.standby.region] if planned.standby else ()))))


def left_in(variables: Mapping[str, str], region: str) -> dict[str, list[Any]]:
    """What a platform has left in a region, as the services tell it and not Terraform's state."""
    return {f"{each.service} {each.key}": found for each in LISTS if (found := _listed(each, variables, region))} | {
        f"ec2 {name}": found for name, found in _left_in_ec2(variables, region) if found
    }


def _listed(each: Left, variables: Mapping[str, str], region: str) -> list[Any]:
    return list(getattr(_client(each.service, variables, region), each.call)().get(each.key, []))


def _left_in_ec2(variables: Mapping[str, str], region: str) -> Iterator[tuple[str, list[Any]]]:
    """An account has a network of its own in every region; and what was deleted is told for a while."""
    ec2 = _client("ec2", variables, region)
    yield "networks", [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]
    groups = ec2.describe_security_groups()["SecurityGroups"]
    yield "security groups", [group["GroupName"] for group in groups if group["GroupName"] != "default"]
    gateways = ec2.describe_nat_gateways()["NatGateways"]
    yield "NAT gateways", [gateway for gateway in gateways if gateway["State"] != "deleted"]
    endpoints = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    yield "endpoints", [endpoint for endpoint in endpoints if endpoint["State"] != "deleted"]


def _client(service: str, variables: Mapping[str, str], region: str) -> Any:
    """A boto3 client; untyped because answers are read as the dictionaries that they are."""
    return boto3.client(  # type: ignore[call-overload]  # the name of the service is a variable here
        service,
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=region,
    )
