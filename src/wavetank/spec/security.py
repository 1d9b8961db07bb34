"""What an author writes about which images may run, and about watching what runs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from wavetank.spec.problems import refuse
from wavetank.spec.words import SWITCH, FreeObject, Many, Name, Written


class Keyless(Written):
    """A signature made with the identity of a pipeline instead of a key (Fulcio certificates)."""

    issuer: str = "https://token.actions.githubusercontent.com"
    """OIDC issuer of the identity."""
    identity: str | None = None
    """Exactly this identity, for example the URL of the workflow file at a branch."""
    identity_pattern: str | None = None
    """Or any identity that matches this regular expression."""

    @model_validator(mode="after")
    def _one_identity(self) -> Keyless:
        if (self.identity is None) == (self.identity_pattern is None):
            refuse("keyless signatures need exactly one of identity and identityPattern")
        return self


class SignedBy(Written):
    """Whose signatures count. `keyAlias` makes the key; admission needs to know its public half."""

    key_alias: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9/_-]{1,250}$")] = None
    """Alias of an asymmetric KMS key that Terraform makes and pipelines sign with, without `alias/`."""
    key_ref: str | None = None
    """An existing key as Cosign names it: awskms:///<arn or alias>. Pipelines sign with it."""
    public_key: str | None = None
    """PEM of the public key, as `terraform output cosign_public_key` prints it. Without it admission cannot verify."""
    keyless: Keyless | None = None
    """Signatures of an identity instead of a key."""

    @model_validator(mode="after")
    def _one_signer(self) -> SignedBy:
        if sum(each is not None for each in (self.key_alias, self.key_ref, self.keyless)) > 1:
            refuse("signatures come from one of keyAlias, keyRef and keyless")
        if self.public_key is not None and "BEGIN PUBLIC KEY" not in self.public_key:
            refuse("the public key is not PEM", "It begins with -----BEGIN PUBLIC KEY-----.")
        return self


class RegistryScan(Written):
    """How ECR looks for vulnerabilities in the account's registry. Short form: its type."""

    short_forms = ({"type": "string", "enum": ["BASIC", "ENHANCED"]},)

    type: Literal["BASIC", "ENHANCED"] = "BASIC"
    """ENHANCED is Amazon Inspector: languages too, and again when new vulnerabilities become known; it is paid per image."""
    frequency: Literal["SCAN_ON_PUSH", "CONTINUOUS_SCAN"] | None = None
    """Default SCAN_ON_PUSH; CONTINUOUS_SCAN is for ENHANCED only."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"type": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _continuous(self) -> RegistryScan:
        if self.frequency == "CONTINUOUS_SCAN" and self.type == "BASIC":
            refuse("basic scanning is not continuous", "Write `type: ENHANCED`.")
        return self


class ImagePolicy(Written):
    """Which images may run in the platform's namespaces: rules of Gatekeeper (its chart is installed for it)."""

    registries: Many[str] | None = None
    """Prefixes that an image must have. Default: the account's registry and the registries of the platform's own workloads."""
    require_digest: bool | None = None
    """Images must be named by digest. Default false: then a tag is enough, but never `latest` and never none."""
    required_labels: Many[str] | None = None
    """Labels that pods must have. Default none."""
    require_probes: bool | None = None
    """Long-running containers must have a readiness and a liveness probe. Default false."""
    require_resources: bool | None = None
    """Containers must state CPU and memory requests and a memory limit. Default true."""
    signed_by: SignedBy | None = None
    """Images of the account's registry need a Cosign signature, which Ratify verifies (its chart comes along). Default: none."""
    scan: RegistryScan | None = None
    """Vulnerability scanning of the registry. Default: BASIC on push, as the repositories say."""
    enforcement: Literal["deny", "warn", "dryrun"] | None = None
    """What happens to an object that breaks a rule. Default deny."""
    namespaces: Many[Name] | None = None
    """Where the rules hold. Default: the platform's namespaces that hold workloads."""


class FalcoRule(Written):
    """A rule in Falco's language, beside those that Falco brings."""

    name: str
    """Name of the rule; its `rule` key."""
    condition: str
    """Filter over system calls, for example `spawned_process and container and proc.name = xmrig`."""
    output: str
    """What is logged, with fields as %proc.name."""
    priority: Literal["EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "DEBUG"] = (
        "WARNING"
    )
    """How bad it is."""
    description: str | None = None
    """What it looks for. Default: the name."""
    tags: Many[str] | None = None
    """Tags of the rule."""


class Falco(Written):
    """Falco: what processes in containers do. Short form: `true`."""

    short_forms = (SWITCH,)

    enabled: bool = True
    """false turns it off."""
    driver: Literal["modern_ebpf", "ebpf", "kmod"] | None = None
    """Default modern_ebpf: nothing is compiled on the node."""
    minimum_priority: Literal["debug", "informational", "notice", "warning", "error", "critical"] | None = None
    """Events below it are not logged. Default notice."""
    rules: Many[FalcoRule] | None = None
    """Rules of your own. Default: processes of crypto miners, and reading of tokens and credentials by a shell."""
    notify: FreeObject | None = None
    """Falcosidekick's `config`: where events go beside the log, for example {slack: {webhookurl: ...}}. Default nowhere."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"enabled": value} if isinstance(value, bool) else value


class TrivyOperator(Written):
    """Trivy Operator: reports on running images, configuration and exposed secrets. Short form: `true`."""

    short_forms = (SWITCH,)

    enabled: bool = True
    """false turns it off."""
    severities: Many[Literal["UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL"]] | None = None
    """What is reported. Default HIGH and CRITICAL."""
    ignore_unfixed: bool | None = None
    """Leave out what has no fix. Default true."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"enabled": value} if isinstance(value, bool) else value


class RuntimeSecurity(Written):
    """Watching what runs."""

    falco: Falco | None = None
    """Falco. Default: not installed."""
    trivy_operator: TrivyOperator | None = None
    """Trivy Operator. Default: not installed."""
