"""AWS001: Secrets that EKS encrypts with a key of its own, not with one of the account."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity

#: from this minor on EKS encrypts everything in its store with a key that AWS owns
ENCRYPTED_SINCE = 28


def check(case: Case) -> Iterator[Mistake]:
    for cluster in case.aws.clusters:
        if cluster.secrets_encryption is False and not cluster.auto_mode:
            minor = _minor(cluster.version)
            plain = minor is not None and minor < ENCRYPTED_SINCE
            effect = (
                "Secrets lie unencrypted in the cluster's store"
                if plain
                else "AWS encrypts them with a key of its own, which the account can neither audit nor take away"
            )
            yield Mistake(
                at=cluster.at("secrets_encryption"),
                message=f"no KMS key of the account encrypts the Secrets of cluster {cluster.name or '?'}: {effect}",
                remedy="give encryption_config a KMS key (secretsEncryption: true in a spec); it cannot be taken back",
                numbers={"accountKeys": 0, "version": cluster.version or "unknown"},
                severity=Severity.WARN if plain else None,
            )


def _minor(version: str | None) -> int | None:
    text = (version or "").partition(".")[2]
    return int(text) if text.isdigit() else None


RULE = Rule(
    id="AWS001",
    severity=Severity.INFO,
    title="No key of the account for Secrets",
    source="docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html",
    check=check,
)
