"""secrets.tf: secrets of AWS Secrets Manager by name; their values never pass through Terraform or its state."""

from __future__ import annotations

from wavetank.plan.model import Plan, SecretStore
from wavetank.render.hcl import Attribute, Block, Comment, Item
from wavetank.render.terraform.parts import explained, identifiers, optional, resource
from wavetank.render.trace import Traced


def items(plan: Plan) -> tuple[Item, ...]:
    """One empty secret each."""
    names = identifiers(secret.name for secret in plan.secrets)
    return tuple(_secret(plan, secret, names[secret.name]) for secret in plan.secrets)


def _secret(plan: Plan, secret: SecretStore, name: str) -> Block:
    path = f"secrets[{secret.name}]"
    body: tuple[Item, ...] = (
        Comment(f"Put a value in: aws secretsmanager put-secret-value --secret-id {secret.name} --secret-string ..."),
        Attribute("name", Traced(secret.name, f"{path}.name")),
        *optional("description", secret.description, f"{path}.description"),
        Attribute("recovery_window_in_days", explained(plan, secret.recovery_days, f"{path}.recoveryDays")),
    )
    return resource("aws_secretsmanager_secret", name, body, path)
