"""registry.tf: rules of the account's image registry: scanning, copies in the standby region, the signing key."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import Plan
from wavetank.plan.model.security import RegistryScan
from wavetank.render.hcl import Attribute, Block, Item, attributes, block, expression
from wavetank.render.terraform.parts import policy_document, resource, template
from wavetank.render.trace import Traced

SIGNING_KEY = "signing"
_SIGNER = "imagePolicy.signer"


def items(plan: Plan) -> tuple[Item, ...]:
    return tuple(_items(plan))


def _items(plan: Plan) -> Iterator[Block]:
    policy = plan.image_policy
    if policy is not None and policy.scan is not None:
        yield _scanning(policy.scan)
    if plan.standby is not None and "images" in plan.standby.replicate and plan.repositories:
        yield _replication(plan, plan.standby.region)
    if policy is not None and policy.signer is not None and policy.signer.key_alias is not None:
        yield from _signing_key(policy.signer.key_alias)


def _scanning(scan: RegistryScan) -> Block:
    path = "imagePolicy.scan"
    everything = block("repository_filter", (), attributes(filter="*", filter_type="WILDCARD"), path)
    rule = (Attribute("scan_frequency", Traced(scan.frequency, f"{path}.frequency")), everything)
    body = (Attribute("scan_type", Traced(scan.type, f"{path}.type")), block("rule", (), rule, path))
    return resource("aws_ecr_registry_scanning_configuration", "main", body, path)


def _replication(plan: Plan, region: str) -> Block:
    """Of the platform's repositories only; what is pushed from now on is copied."""
    account = expression("var.account_id")
    destination = attributes(region=Traced(region, "standby.region"), registry_id=account)
    filters = [
        block(
            "repository_filter",
            (),
            attributes(filter=Traced(each.name, f"repositories[{each.name}].name"), filter_type="PREFIX_MATCH"),
            f"repositories[{each.name}]",
        )
        for each in plan.repositories
    ]
    rule = block("rule", (), (block("destination", (), destination, "standby.region"), *filters), "standby")
    body = (block("replication_configuration", (), (rule,), "standby"),)
    return resource("aws_ecr_replication_configuration", "main", body, "standby")


def _signing_key(alias: str) -> Iterator[Block]:
    """Asymmetric, for signatures only: nobody reads the private half, pipelines ask KMS to sign."""
    owner = {
        "Sid": "AccountDecidesByItsPolicies",
        "Effect": "Allow",
        "Principal": {"AWS": template("arn:aws:iam::${var.account_id}:root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    key = attributes(
        description="Signs container images (Cosign)",
        key_usage="SIGN_VERIFY",
        customer_master_key_spec="ECC_NIST_P256",
        deletion_window_in_days=30,
        policy=policy_document(owner),
    )
    yield resource("aws_kms_key", SIGNING_KEY, key, _SIGNER)
    named = attributes(
        name=Traced(f"alias/{alias}", f"{_SIGNER}.keyAlias"),
        target_key_id=expression(f"aws_kms_key.{SIGNING_KEY}.key_id"),
    )
    yield resource("aws_kms_alias", SIGNING_KEY, named, _SIGNER)
    public = attributes(key_id=expression(f"aws_kms_key.{SIGNING_KEY}.arn"))
    yield block("data", ("aws_kms_public_key", SIGNING_KEY), public, _SIGNER)
    output = attributes(
        description="Goes into imagePolicy.signedBy.publicKey, so that admission can verify signatures",
        value=expression(f"data.aws_kms_public_key.{SIGNING_KEY}.public_key_pem"),
    )
    yield block("output", ("cosign_public_key",), output, _SIGNER)
