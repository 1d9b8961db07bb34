"""The serverless half as files: what leads where, who may do what, and that the way into the cluster is one."""

from __future__ import annotations

import base64
import io
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from strict import problems_of
from wavetank.app.terraform import Terraform
from wavetank.cloud import Cloud
from wavetank.plan import Plan, plan
from wavetank.render import Bundle, render, write
from wavetank.spec import load

PLATFORM = Path(__file__).parents[1] / "data" / "serverless" / "platform.yaml"


def bundle() -> Bundle:
    return render(plan(load(PLATFORM)))


def source(name: str) -> str:
    return bundle().files[f"terraform/{name}"].text


def block_of(text: str, kind: str, name: str) -> str:
    found = re.search(rf'^resource "{kind}" "{name}" {{.*?^}}', text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"there is no {kind}.{name}"
    return found[0]


def objects(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(bundle().files[f"kubernetes/{name}"].text))


def test_the_way_into_the_cluster_is_bound_by_name_and_allowed_at_both_ends() -> None:
    binding, policy = objects("42-entrance.yaml")
    assert problems_of(binding) == []
    assert problems_of(policy) == []
    assert binding["spec"]["serviceRef"] == {"name": "scorer", "port": 80}
    assert f'name                 = "{binding["spec"]["targetGroupName"]}"' in source("entrance.tf")
    allowed = policy["spec"]["ingress"][0]
    subnets = {subnet.cidr for subnet in plan(load(PLATFORM)).network.private_subnets}
    assert {peer["ipBlock"]["cidr"] for peer in allowed["from"]} == subnets
    assert allowed["ports"] == [{"protocol": "TCP", "port": 8080}]


def test_nothing_denied_needs_no_leave() -> None:
    found = plan(load(PLATFORM))
    open_to_all = replace(found, namespaces=tuple(replace(each, default_deny=()) for each in found.namespaces))
    text = render(open_to_all).files["kubernetes/42-entrance.yaml"].text
    assert "NetworkPolicy" not in text


def test_a_function_is_told_the_address_and_the_patience() -> None:
    gateway = block_of(source("functions.tf"), "aws_lambda_function", "gateway")
    assert re.search(r'SCORER_URL += "http://\$\{aws_lb\.entrance\.dns_name\}:80"', gateway)
    assert re.search(r'SCORER_TIMEOUT_SECONDS += "15"', gateway)
    assert re.search(r"ANSWERS_HOST += aws_elasticache_replication_group\.answers\.primary_endpoint_address", gateway)


def test_every_security_group_rule_of_the_way_in_has_both_ends() -> None:
    text = "".join(source(name) for name in ("functions.tf", "entrance.tf", "apis.tf", "caches.tf"))
    for rule in (
        ("egress", "functions_entrance_80"),
        ("ingress", "entrance_functions_80"),
        ("egress", "vpc_link_entrance_80"),
        ("ingress", "entrance_vpc_link_80"),
        ("egress", "entrance_cluster_8080"),
        ("ingress", "cluster_entrance_8080"),
        ("egress", "functions_caches_6379"),
        ("ingress", "caches_functions_6379"),
    ):
        block_of(text, f"aws_vpc_security_group_{rule[0]}_rule", rule[1])


def test_permissions_name_single_stores_by_reference() -> None:
    policy = block_of(source("functions.tf"), "aws_iam_role_policy", "function_gateway")
    assert "aws_dynamodb_table.models.arn" in policy
    assert "${aws_dynamodb_table.models.arn}/index/*" in policy
    assert "aws_secretsmanager_secret" in policy
    assert not re.search(r'"(dynamodb|s3|sqs):\*"', policy)
    assert "quotas" not in policy
    pods = block_of(source("pod_roles.tf"), "aws_iam_role_policy", "pod_scorer")
    assert "aws_s3_bucket.bucket_artifacts.arn" in pods
    assert "aws_sqs_queue.queue_jobs.arn" in pods
    assert "kms:Decrypt" in pods


def test_the_archive_is_the_folder_and_the_same_every_time() -> None:
    name = "terraform/functions/gateway.zip.base64"
    text = bundle().files[name].text
    assert text == bundle().files[name].text
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(text))) as archive:
        assert archive.namelist() == ["passing_on.py"]
        assert archive.read("passing_on.py") == (PLATFORM.parent / "gateway" / "passing_on.py").read_bytes()


def test_a_route_asks_for_a_token_unless_it_is_public() -> None:
    text = source("apis.tf")
    assert re.search(r'authorization_type += "JWT"', block_of(text, "aws_apigatewayv2_route", "public_1"))
    health = block_of(text, "aws_apigatewayv2_route", "public_3")
    assert re.search(r'authorization_type += "NONE"', health)
    assert "authorizer_id" not in health


def test_fractions_survive_in_patterns_of_events() -> None:
    assert re.search(r"numeric = \[[^\]]*\b0\.5\b", source("events.tf"))


def test_a_platform_without_the_section_has_none_of_it() -> None:
    found = plan(load(PLATFORM))
    kept = set(render(replace(found, serverless=None)).files)
    gone = set(render(found).files) - kept
    roots = ("terraform", "kubernetes")
    assert {Path(name).name for name in gone if "functions/" not in name and name.startswith(roots)} == {
        "42-entrance.yaml",
        "apis.tf",
        "buckets.tf",
        "caches.tf",
        "entrance.tf",
        "events.tf",
        "functions.tf",
        "queues.tf",
        "tables.tf",
    }


# --- with the real Terraform ------------------------------------------------------------------------------------------


def environment(cloud: Cloud) -> dict[str, str]:
    import os

    return {**os.environ, **cloud.client_environment("ap-southeast-2")}


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.timeout(900)
@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_it_applies_replans_clean_and_goes(tmp_path: Path) -> None:
    planned: Plan = plan(load(PLATFORM))
    write(render(planned), tmp_path / "build")
    with Cloud() as cloud:
        terraform = Terraform(tmp_path / "build" / "terraform", tmp_path / "work", environment(cloud))
        terraform.init()
        assert terraform.apply().added > 100
        assert terraform.plan().changes_nothing
        terraform.destroy()
        assert cloud.refused_calls == ()
