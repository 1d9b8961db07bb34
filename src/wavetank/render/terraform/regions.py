"""regions.tf: a provider for each other region that holds copies; its alias is the region's name."""

from __future__ import annotations

from wavetank.plan.model import Plan
from wavetank.render.hcl import Attribute, Block, Expression, Item, attributes, block, expression
from wavetank.render.terraform.variables import variable
from wavetank.render.trace import Traced


def items(plan: Plan) -> tuple[Item, ...]:
    return tuple(_provider(region, path) for region, path in other_regions(plan).items())


def other_regions(plan: Plan) -> dict[str, str]:
    """Region → the plan path that brings it, the standby region first."""
    found: dict[str, str] = {}
    if plan.standby is not None:
        found[plan.standby.region] = "standby.region"
    for each in plan.backup.plans if plan.backup else ():
        if each.copy is not None:
            found.setdefault(each.copy.region, f"backup.plans[{each.name}].copy.region")
    return found


def alias(region: str) -> str:
    """Terraform's name of a region: us_west_2."""
    return region.replace("-", "_")


def provider(region: str) -> Expression:
    """What a resource in that region has as its ``provider``."""
    return expression(f"aws.{alias(region)}")


def _provider(region: str, path: str) -> Block:
    body: tuple[Item, ...] = (
        Attribute("alias", alias(region)),
        Attribute("region", Traced(region, path)),
        Attribute("allowed_account_ids", Traced([variable("account_id", "accountId")], "accountId")),
        block("default_tags", (), attributes(tags=variable("tags", "tags")), "tags"),
    )
    return block("provider", ("aws",), body, path)
