"""What the account keeps for the platform: image repositories and secrets."""

from __future__ import annotations

from collections.abc import Mapping

from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Repository, SecretStore
from wavetank.plan.reasons import Default
from wavetank.spec.aws import Repository as WrittenRepository
from wavetank.spec.aws import SecretStore as WrittenSecretStore
from wavetank.spec.platform import PlatformFile

_ECR = "docs.aws.amazon.com/AmazonECR/latest/userguide"

IMMUTABLE = Default("repositories.immutableTags", "what was tested is what runs", f"{_ECR}/image-tag-mutability.html")
SCANNED = Default(
    "repositories.scanOnPush", "known vulnerabilities are found before they run", f"{_ECR}/image-scanning.html"
)
LIFECYCLE = Default(
    "repositories.lifecycle",
    "images are paid for by the GB, and old ones are not used",
    f"{_ECR}/LifecyclePolicies.html",
)
RECOVERABLE = Default("secrets.recoveryDays", "a deleted secret can be brought back for a month")
UNROTATED = Default("secrets.rotation", "nothing was said about who changes its value")
MONTHLY = Default("secrets.rotation.days", "a value that leaks is good for a month at most")
UNDESCRIBED = Default("secrets.description", "it belongs to this platform")


def repository(stated: WrittenRepository, written: PlatformFile, ledger: Ledger) -> Repository:
    """An ECR repository in the platform's account and region."""
    path = f"repositories[{stated.name}]"
    ledger.stated(path, stated)
    url = f"{written.account_id}.dkr.ecr.{written.region}.amazonaws.com/{stated.name}"
    return Repository(
        name=stated.name,
        url=ledger.derived(f"{path}.url", url, ("accountId", "region", path), "the account's registry in the region"),
        immutable_tags=ledger.chosen(f"{path}.immutableTags", stated.immutable_tags, True, IMMUTABLE),
        scan_on_push=ledger.chosen(f"{path}.scanOnPush", stated.scan_on_push, True, SCANNED),
        keep_images=ledger.chosen(f"{path}.keepImages", stated.keep_images, 30, LIFECYCLE),
        expire_untagged_days=ledger.chosen(f"{path}.expireUntaggedDays", stated.expire_untagged_days, 14, LIFECYCLE),
    )


def secret(
    stated: WrittenSecretStore, written: PlatformFile, readers: Mapping[str, tuple[str, ...]], ledger: Ledger
) -> SecretStore:
    """A secret and the roles that may read it (``readers``: by the secret's name)."""
    path = f"secrets[{stated.name}]"
    ledger.stated(path, stated)
    about = f"Secret of the platform {written.name}"
    rotation = stated.rotation
    ledger.because(f"{path}.rotationDays", None, MONTHLY if rotation and rotation.days is None else UNROTATED)
    if rotation is not None and rotation.days is not None:
        ledger.stated(f"{path}.rotationDays", None, f"{path}.rotation.days")
    return SecretStore(
        name=stated.name,
        description=ledger.chosen(f"{path}.description", stated.description, about, UNDESCRIBED),
        recovery_days=ledger.chosen(f"{path}.recoveryDays", stated.recovery_days, 30, RECOVERABLE),
        readers=readers.get(stated.name, ()),
        rotation_function=ledger.chosen(
            f"{path}.rotationFunction", rotation.function_arn if rotation else None, None, UNROTATED, f"{path}.rotation"
        ),
        rotation_days=(rotation.days or 30) if rotation else None,
    )
