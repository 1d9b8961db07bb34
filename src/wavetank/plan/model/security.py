"""The resolved side of image policy and pipelines: what may run, and how it is built and signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Signer:
    """Whose Cosign signatures count; a key or an identity."""

    #: alias of the KMS key that Terraform makes, without "alias/"; None when the key exists or signatures are keyless
    key_alias: str | None
    #: the key as Cosign names it (awskms:///alias/...); None for keyless signatures
    key: str | None
    public_key: str | None
    #: OIDC issuer and identity of keyless signatures
    issuer: str | None
    identity: str | None
    identity_pattern: str | None

    @property
    def can_be_verified(self) -> bool:
        """Whether admission knows what to verify against."""
        return self.public_key is not None or self.issuer is not None


@dataclass(frozen=True)
class RegistryScan:
    type: Literal["BASIC", "ENHANCED"]
    frequency: Literal["SCAN_ON_PUSH", "CONTINUOUS_SCAN"]


@dataclass(frozen=True)
class ImagePolicy:
    #: prefixes, each ending in "/" unless the author wrote it otherwise
    registries: tuple[str, ...]
    require_digest: bool
    required_labels: tuple[str, ...]
    require_probes: bool
    require_resources: bool
    signer: Signer | None
    #: images whose names begin so must be signed: those of the account's registry
    signed_prefix: str
    scan: RegistryScan | None
    enforcement: Literal["deny", "warn", "dryrun"]
    namespaces: tuple[str, ...]


@dataclass(frozen=True)
class Pipeline:
    """How the image of a workload is built; ``name`` is the workload's."""

    name: str
    #: folder of the sources in their repository
    folder: str
    dockerfile: str
    platforms: tuple[str, ...]
    build_args: Mapping[str, str]
    target: str
    branch: str
    #: URL of the ECR repository
    repository: str
    #: name of the ECR repository
    repository_name: str
    scan_severity: tuple[str, ...]
    ignore_unfixed: bool
    sign: bool
    #: KMS key as Cosign names it; "" for keyless signatures
    sign_key: str
    #: GitHub repository owner/name of the sources
    source: str
    #: GitHub repository owner/name whose ``values_file`` says which image runs; "" where the platform has no GitOps
    gitops_repository: str
    values_file: str
    #: branch that is followed
    gitops_branch: str


@dataclass(frozen=True)
class PushRole:
    """The IAM role of pipelines: assumed with a GitHub token, may push to the repositories and sign."""

    name: str
    #: OIDC subjects that may assume it: repo:owner/name:ref:refs/heads/main
    subjects: tuple[str, ...]
    #: names of ECR repositories
    repositories: tuple[str, ...]
    #: alias of the KMS key it signs with
    key_alias: str | None
    #: ARN of an existing key it signs with
    key_arn: str | None
