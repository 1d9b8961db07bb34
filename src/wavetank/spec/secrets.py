"""What an author writes about secrets inside the cluster: from Secrets Manager through External Secrets, or sealed in the file.

The secrets of the account itself are ``wavetank.spec.aws.SecretStore``. No value ever stands in clear text here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from wavetank.spec.problems import refuse
from wavetank.spec.words import WORD, DottedName, Duration, Positive, Written

SecretKey = Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]{1,253}$")]


class SecretUse(Written):
    """How a workload's main container sees a Secret."""

    as_: Annotated[Literal["env", "files"] | None, Field(alias="as")] = None
    """`env`: every key is an environment variable; `files`: every key is a file. Default env."""
    mount_path: str | None = None
    """`files` only: folder of the files. Default /etc/secrets/<name>."""

    @model_validator(mode="after")
    def _path_of_files(self) -> SecretUse:
        if self.mount_path is not None and self.as_ != "files":
            refuse("mountPath is for secrets as files", "Add `as: files`.")
        return self


class ExternalSecret(SecretUse):
    """A Secret that External Secrets fills from a secret of AWS Secrets Manager and keeps up to date."""

    name: DottedName
    """Name of the Secret (and of the ExternalSecret) in the workload's namespace."""
    from_: Annotated[str, Field(alias="from")]
    """Name of a secret of this platform."""
    keys: dict[SecretKey, str] | None = None
    """Key of the Secret to property of the secret's JSON; an empty property takes the whole value. Default: every property."""
    refresh: Duration | None = None
    """How often the value is fetched again. Default 1h: each fetch is a paid call."""


class SealedSecret(SecretUse):
    """A Secret whose values are encrypted for the cluster's Sealed Secrets controller: paste what `kubeseal` printed."""

    name: DottedName
    """Name of the Secret in the workload's namespace."""
    encrypted_data: dict[SecretKey, str]
    """Key of the Secret to the sealed value (base64)."""
    scope: Literal["strict", "namespace-wide", "cluster-wide"] | None = None
    """What the seal is bound to. Default strict: this name in this namespace."""
    type: str | None = None
    """Type of the Secret. Default Opaque."""


class SecretStores(Written):
    """How External Secrets reaches Secrets Manager. Short form: the scope."""

    short_forms = (WORD,)

    scope: Literal["namespace", "cluster"] | None = None
    """`namespace`: a SecretStore and an IAM role per namespace, for its own secrets only; `cluster`: one ClusterSecretStore
    with one role, for the namespaces that use it. Default namespace."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: object) -> object:
        return {"scope": value} if isinstance(value, str) else value


class Rotation(Written):
    """Rotation of a secret by a Lambda function."""

    function_arn: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:.+")]
    """ARN of the function that changes the secret; it must be allowed for secretsmanager.amazonaws.com."""
    days: Positive | None = None
    """Days between rotations. Default 30."""
