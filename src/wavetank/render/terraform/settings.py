"""versions.tf: which Terraform, which provider, which account and region, and the names that the other files share."""

from __future__ import annotations

from wavetank.plan.model import Plan
from wavetank.render.hcl import Attribute, Blank, Comment, Item, attributes, block
from wavetank.render.terraform.parts import explained
from wavetank.render.trace import Traced, entries

#: the configuration is written against this minor of the provider
PROVIDER_VERSION = "~> 5.100"
TERRAFORM_VERSION = ">= 1.5.0"

_BACKEND = """\
State lies beside these files until a backend is named. For a team, keep it in a bucket with versioning:

  terraform {
    backend "s3" {
      bucket       = "<your state bucket>"
      key          = "{name}/{environment}.tfstate"
      region       = "{region}"
      encrypt      = true
      use_lockfile = true # Terraform 1.10 and later
    }
  }"""


def items(plan: Plan) -> tuple[Item, ...]:
    """The settings block, the provider and ``local.cluster_name``."""
    backend = _BACKEND.replace("{name}", plan.name).replace("{environment}", plan.environment)
    source = {"source": "hashicorp/aws", "version": PROVIDER_VERSION}
    return (
        block(
            "terraform",
            (),
            (*attributes(required_version=TERRAFORM_VERSION), block("required_providers", (), attributes(aws=source))),
            "name",
        ),
        Comment(backend.replace("{region}", plan.region)),
        Blank(),
        block("provider", ("aws",), _provider(plan), "region"),
        block("locals", (), _names(plan), "name"),
    )


def _provider(plan: Plan) -> tuple[Item, ...]:
    account = Traced([plan.account_id], "accountId", "Refuses to work on any other account.")
    tags = entries(plan.tags, "tags")
    return (
        Attribute("region", Traced(plan.region, "region")),
        Attribute("allowed_account_ids", account),
        block("default_tags", (), attributes(tags=tags), "tags"),
    )


def _names(plan: Plan) -> tuple[Item, ...]:
    return (
        Attribute("region", Traced(plan.region, "region")),
        Attribute("cluster_name", explained(plan, plan.cluster.name, "cluster.name")),
    )
