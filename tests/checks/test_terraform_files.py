"""Terraform as people write it: what can be computed is computed, all else is unknown, and lines are known."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import hcl2
import pytest

from wavetank.checks import SourceFile, case_of_files
from wavetank.checks.aws import UNKNOWN, Reference, Unknown
from wavetank.checks.case import Case
from wavetank.checks.foreign.terraform.cursor import SyntaxProblem
from wavetank.checks.foreign.terraform.evaluate import Scope, value_of
from wavetank.checks.foreign.terraform.parser import parse
from wavetank.plan import plan
from wavetank.render import terraform
from wavetank.spec import load

ON = date(2026, 11, 21)
EXAMPLE = Path(__file__).parents[2] / "examples" / "ml-inference" / "platform.yaml"


def case(*files: tuple[str, str], environment: str | None = None) -> Case:
    foreign = case_of_files([SourceFile(name, text) for name, text in files], ON, environment)
    assert foreign.left_out == ()
    return foreign.case


def computed(text: str) -> Any:
    return value_of(parse(f"it = {text}").arguments["it"].value, Scope(lambda _: UNKNOWN))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("-(1 + 2) * 3", -9),
        ("7 / 2", 3.5),
        ("true && !false || false", True),
        ('"a-${1 + 1}-$${x}"', "a-2-${x}"),
        ("[for s in [\"a\", \"b\"] : upper(s) if s != \"a\"]", ["B"]),
        ('{for k, v in {x = 1} : "${k}y" => v + 1}', {"xy": 2}),
        ('{for s in ["a", "b", "a"] : s => 1...}', {"a": [1, 1], "b": [1]}),
        ('[{a = 1}, {a = 2}][*].a', [1, 2]),
        ('cidrsubnet("10.0.0.0/16", 8, 3)', "10.0.3.0/24"),
        ('cidrsubnets("10.0.0.0/16", 4, 8)', ["10.0.0.0/20", "10.0.16.0/24"]),
        ('merge({a = 1}, {a = 2, b = 3})', {"a": 2, "b": 3}),
        ('format("%s-%02d", "node", 7)', "node-07"),
        ("true ? 1 : 2", 1),
        ("length([1, 2, 3])", 3),
        ('try(nothing.here, "otherwise")', "otherwise"),
        ('replace("a.b.c", ".", "-")', "a-b-c"),
        ("<<-EOT\n    a\n      b ${1 + 1}\n    EOT\n", "a\n  b 2\n"),
        ('jsonencode({a = [1, true, null]})', '{"a":[1,true,null]}'),
    ],
)  # fmt: skip
def test_expressions_have_the_values_that_terraform_gives_them(text: str, value: Any) -> None:
    assert computed(text) == value


@pytest.mark.parametrize("text", ["var.x", 'file("x")', "var.x ? 1 : 2", "[for s in var.x : s]", "1 / 0", '-"a"'])
def test_what_only_terraform_can_know_is_unknown(text: str) -> None:
    assert isinstance(computed(text), Unknown)


def test_one_known_side_decides_a_condition() -> None:
    assert computed("var.x || true") is True
    assert computed("var.x && false") is False
    assert computed("var.x ? 1 : 1") == 1


@pytest.mark.parametrize("text", ["resource {", 'a = "x', "a = [1, 2", "a = ", "= 1", "a = 1 }", "x = <<EOT\nabc"])
def test_what_is_no_hcl_is_a_problem_with_its_line(text: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        parse("\n" + text)
    assert caught.value.line >= 2


def test_a_broken_file_is_left_out_and_told() -> None:
    foreign = case_of_files([SourceFile("a.tf", 'resource "aws_vpc" "x" {'), SourceFile("b.tf", "locals {}")], ON)
    (told,) = foreign.left_out
    assert told.startswith("a.tf:1: cannot be read as HCL")


def test_count_and_for_each_make_one_resource_each_and_are_unsure_when_they_cannot_be_known() -> None:
    found = case(
        (
            "main.tf",
            """
variable "zones" { default = ["a", "b"] }
variable "unknown" {}
resource "aws_subnet" "by_count" {
  count      = length(var.zones)
  cidr_block = cidrsubnet("10.0.0.0/16", 8, count.index)
}
resource "aws_subnet" "by_key" {
  for_each = toset(var.zones)
  availability_zone = "ap-southeast-2${each.key}"
}
resource "aws_subnet" "perhaps" {
  count = var.unknown
}
resource "aws_subnet" "not" {
  count = 0
}
""",
        )
    )
    by_name = {resource.name: resource for resource in found.aws.of_type("aws_subnet")}
    assert list(by_name) == [
        "aws_subnet.by_count[0]",
        "aws_subnet.by_count[1]",
        'aws_subnet.by_key["a"]',
        'aws_subnet.by_key["b"]',
        "aws_subnet.perhaps",
    ]
    assert by_name["aws_subnet.by_count[1]"].body["cidr_block"] == "10.0.1.0/24"
    assert by_name['aws_subnet.by_key["b"]'].body["availability_zone"] == "ap-southeast-2b"
    assert not by_name["aws_subnet.perhaps"].certain


def test_references_and_arguments_of_other_resources() -> None:
    found = case(
        (
            "main.tf",
            """
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "a" {
  vpc_id = aws_vpc.main.id
  tags   = { range = aws_vpc.main.cidr_block }
}
""",
        )
    )
    (subnet,) = found.aws.of_type("aws_subnet")
    assert subnet.body == {"vpc_id": Reference("aws_vpc.main", "id"), "tags": {"range": "10.0.0.0/16"}}
    assert (subnet.at("tags").line, subnet.at("tags").path) == (5, "aws_subnet.a.tags")


def test_variables_come_from_tfvars_and_those_of_the_environment_win() -> None:
    files = (
        ("main.tf", 'variable "n" { default = "default" }\nresource "aws_ecr_repository" "r" { name = var.n }\n'),
        ("terraform.tfvars", 'n = "common"\n'),
        ("production.tfvars", 'n = "production"\n'),
    )
    names = {e: case(*files, environment=e).aws.repositories[0].name for e in (None, "production")}
    assert names == {None: "common", "production": "production"}


def test_local_modules_get_arguments_and_give_outputs() -> None:
    found = case(
        ("live/main.tf", ('module "net" {\n  source = "../modules/net"\n  cidr = "10.1.0.0/16"\n}\n'
         'resource "aws_ecr_repository" "r" { name = module.net.label }\n')),
        ("modules/net/main.tf", ('variable "cidr" {}\nresource "aws_vpc" "v" { cidr_block = var.cidr }\n'
         'output "label" { value = "net-${var.cidr}" }\n')),
    )  # fmt: skip
    assert found.aws.networks[0].cidrs == ("10.1.0.0/16",)
    assert found.aws.repositories[0].name == "net-10.1.0.0/16"
    assert found.aws.networks[0].name == "module.net.aws_vpc.v"


def test_a_circle_of_locals_is_unknown_and_ends() -> None:
    found = case(
        ("main.tf", 'locals {\n  a = local.b\n  b = local.a\n}\nresource "aws_vpc" "v" { cidr_block = local.a }\n')
    )
    assert found.aws.networks[0].cidrs is None


def test_policies_are_read_from_documents_and_partly_known_json() -> None:
    found = case(
        (
            "main.tf",
            """
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.eks.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${replace(aws_iam_openid_connect_provider.eks.url, "https://", "")}:sub"
      values   = ["system:serviceaccount:ml:api"]
    }
  }
}
resource "aws_iam_role" "api" {
  name               = "api"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
resource "aws_iam_role_policy" "api" {
  role   = aws_iam_role.api.id
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = aws_s3_bucket.models.arn }] })
}
""",
        )
    )
    (role,) = found.aws.roles
    assert role.service_accounts == (("ml", "api"),)
    assert role.statements is not None
    assert role.statements[0]["Action"] == "s3:GetObject"


def test_what_a_spec_renders_to_reads_back_as_the_same_facts() -> None:
    resolved = plan(load(EXAMPLE, "production"))
    files = [SourceFile(name, file.text) for name, file in terraform.files(resolved).items()]
    aws = case_of_files(files, ON, "production").case.aws
    assert aws.cluster is not None
    assert (aws.cluster.name, aws.cluster.version) == (resolved.cluster.name, resolved.cluster.version)
    assert aws.cluster.public_access_cidrs == resolved.cluster.endpoint.public_access_cidrs
    assert aws.region == resolved.region
    groups = [(g.name, g.instance_types, g.min_size, g.desired_size, g.max_size) for g in aws.node_groups]
    assert groups == [(g.name, g.instance_types, g.min_size, g.desired_size, g.max_size) for g in resolved.node_groups]
    assert {a.name: a.configuration for a in aws.add_ons} == {a.name: a.configuration for a in resolved.add_ons}
    assert aws.network is not None
    assert aws.network.subnets is not None
    assert {(s.cidr, s.zone, s.public) for s in aws.network.subnets} == {
        (s.cidr, s.zone, s.public) for s in resolved.network.subnets
    }
    assert len(aws.network.nat_gateways or ()) == len(resolved.network.nat_gateways)


def test_the_parser_sees_the_same_blocks_as_another_one() -> None:
    resolved = plan(load(EXAMPLE, "production"))
    for name, file in terraform.files(resolved).items():
        if name.endswith(".tf"):
            blocks = parse(file.text).blocks
            others = hcl2.loads(file.text)
            kinds = {kind for kind in others if not kind.startswith("__")}
            assert {block.type for block in blocks} == kinds, name
            assert len(blocks) == sum(len(others[kind]) for kind in kinds), name
