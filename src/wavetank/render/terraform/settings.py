"""versions.tf: which Terraform, which provider, which account and region, and the names that the other files share."""

from __future__ import annotations

from wavetank.plan.model import Plan
from wavetank.render.hcl import Attribute, Blank, Comment, Item, attributes, block
from wavetank.render.terraform.parts import explained
from wavetank.render.terraform.variables import variable
from wavetank.render.trace import Traced

#: the configuration is written against this minor of the provider
PROVIDER_VERSION = "~> 5.100"
TERRAFORM_VERSION = ">= 1.5.0"
#: the first that locks state in S3 by a file
WITH_LOCK_FILE = ">= 1.10.0"

_BACKEND = """\
State lies beside these files until the spec names a stateBackend. For a team, keep it in a bucket with versioning:

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
    locks = plan.state_backend is not None and plan.state_backend.lock_file
    version = WITH_LOCK_FILE if locks else TERRAFORM_VERSION
    source = {"source": "hashicorp/aws", "version": PROVIDER_VERSION}
    return (
        block(
            "terraform",
            (),
            (*attributes(required_version=version), block("required_providers", (), attributes(aws=source))),
            "name",
        ),
        *(() if plan.state_backend else _backend_advice(plan)),
        block("provider", ("aws",), _provider(), "region"),
        block("locals", (), _names(plan), "name"),
    )


def _backend_advice(plan: Plan) -> tuple[Item, ...]:
    text = _BACKEND.replace("{name}", plan.name).replace("{environment}", plan.environment)
    return (Comment(text.replace("{region}", plan.region)), Blank())


def _provider() -> tuple[Item, ...]:
    account = Traced([variable("account_id", "accountId")], "accountId", "Refuses to work on any other account.")
    return (
        Attribute("region", variable("region", "region")),
        Attribute("allowed_account_ids", account),
        block("default_tags", (), attributes(tags=variable("tags", "tags")), "tags"),
    )


def _names(plan: Plan) -> tuple[Item, ...]:
    return (
        Attribute("region", variable("region", "region")),
        Attribute("cluster_name", explained(plan, plan.cluster.name, "cluster.name")),
    )
