"""secrets.tf: secrets of AWS Secrets Manager by name; their values never pass through Terraform or its state."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import Plan, SecretStore
from wavetank.render.hcl import Attribute, Block, Comment, Item, attributes, block, expression
from wavetank.render.terraform.parts import explained, identifiers, optional, resource
from wavetank.render.trace import Traced


def items(plan: Plan) -> tuple[Item, ...]:
    """One empty secret each, with its rotation."""
    names = identifiers(secret.name for secret in plan.secrets)
    return tuple(item for secret in plan.secrets for item in _items(plan, secret, names[secret.name]))


def _items(plan: Plan, secret: SecretStore, name: str) -> Iterator[Block]:
    yield _secret(plan, secret, name)
    if secret.rotation_function is not None:
        yield _rotation(plan, secret, secret.rotation_function, name)


def _secret(plan: Plan, secret: SecretStore, name: str) -> Block:
    path = f"secrets[{secret.name}]"
    body: tuple[Item, ...] = (
        Comment(f"Put a value in: aws secretsmanager put-secret-value --secret-id {secret.name} --secret-string ..."),
        Attribute("name", Traced(secret.name, f"{path}.name")),
        *optional("description", secret.description, f"{path}.description"),
        Attribute("recovery_window_in_days", explained(plan, secret.recovery_days, f"{path}.recoveryDays")),
        *_replica(plan),
    )
    return resource("aws_secretsmanager_secret", name, body, path)


def _replica(plan: Plan) -> Iterator[Block]:
    """The value is copied to the standby region whenever it changes."""
    if plan.standby is not None and "secrets" in plan.standby.replicate:
        region = Traced(plan.standby.region, "standby.region")
        yield block("replica", (), attributes(region=region), "standby.replicate")


def _rotation(plan: Plan, secret: SecretStore, function: str, name: str) -> Block:
    path = f"secrets[{secret.name}]"
    days = attributes(automatically_after_days=explained(plan, secret.rotation_days, f"{path}.rotationDays"))
    body: tuple[Item, ...] = (
        *attributes(
            secret_id=expression(f"aws_secretsmanager_secret.{name}.id"),
            rotation_lambda_arn=Traced(function, f"{path}.rotationFunction"),
        ),
        block("rotation_rules", (), days, f"{path}.rotationDays"),
    )
    return resource("aws_secretsmanager_secret_rotation", name, body, path)
