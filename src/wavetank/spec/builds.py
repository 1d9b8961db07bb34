"""What an author writes about building a workload's image: a pipeline that builds, scans, signs, pushes and rolls out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from wavetank.spec.words import SWITCH, WORD, Many, Setting, Written

Severity = Literal["LOW", "MEDIUM", "HIGH", "CRITICAL"]


class BuildScan(Written):
    """The Trivy scan between build and push."""

    severity: Many[Severity] | None = None
    """Vulnerabilities that stop the pipeline. Default HIGH and CRITICAL."""
    ignore_unfixed: bool | None = None
    """Do not stop for what has no fix yet. Default true."""


class BuildSign(Written):
    """The Cosign signature. Short form: `true` or `false`."""

    short_forms = (SWITCH,)

    enabled: bool = True
    """false: images are not signed."""
    key: str | None = None
    """KMS key as Cosign names it (awskms:///...). Default: the image policy's key, else keyless by the pipeline's identity."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"enabled": value} if isinstance(value, bool) else value


class Build(Written):
    """How the workload's image is built. Short form: the folder."""

    short_forms = (WORD,)

    folder: str
    """Folder with the sources, relative to the root of the repository of the sources."""
    dockerfile: str | None = None
    """Dockerfile in that folder. Default Dockerfile."""
    platforms: Many[Literal["linux/amd64", "linux/arm64"]] | None = None
    """Architectures. Default: those of the platform's node groups."""
    build_args: dict[str, Setting] | None = None
    """Build arguments; no secrets, they stay in the image's history."""
    target: str | None = None
    """Stage of a multi-stage Dockerfile. Default: the last."""
    branch: str | None = None
    """Branch whose pushes build. Default main."""
    scan: BuildScan | None = None
    """What the scan stops. Default HIGH and CRITICAL with a fix."""
    sign: BuildSign | None = None
    """Signature. Default: signed."""
    source: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")] = None
    """GitHub repository `owner/name` of the sources; it may push images. Default: that of `gitops`."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"folder": value} if isinstance(value, str) else value
