"""What an author writes about the ground that the cluster stands on: file systems, names and certificates, Terraform's state."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from wavetank import catalog
from wavetank.spec.problems import refuse, suggestion
from wavetank.spec.words import DottedName, Many, Name, Number, Positive, Region, Text, Written, one_or_more


def _endpoint(value: str) -> str:
    if value in catalog.interface_endpoints():
        return value
    return refuse(f'unknown service "{value}"', suggestion(value, catalog.interface_endpoints()))


InterfaceEndpoint = Annotated[str, AfterValidator(_endpoint)]


def _age(value: int) -> int:
    ages = catalog.efs_transition_days()
    if value in ages:
        return value
    return refuse(f"EFS moves no files after {value} days", f"It knows {', '.join(map(str, ages))}.")


AgeDays = Annotated[int, AfterValidator(_age)]


class FileSystem(Written):
    """An EFS file system with a mount target in each private subnet. Volumes that pods in several zones share need one."""

    name: Name
    """Name of the file system; storage classes refer to it."""
    performance_mode: Literal["generalPurpose", "maxIO"] | None = None
    """Default generalPurpose: the lower latency; it cannot be changed later."""
    throughput_mode: Literal["elastic", "bursting", "provisioned"] | None = None
    """Default elastic: pays for what is read and written, and never runs out of credits."""
    provisioned_mibps: Positive | None = None
    """Throughput in MiB/s, for throughputMode provisioned."""
    encrypted: bool | None = None
    """Encrypt at rest. Default true; it cannot be changed later."""
    size_gb: Number | None = None
    """Data that you expect to keep there, in GB; the bill counts it. Default 0."""
    infrequent_after_days: AgeDays | None = None
    """Days without access until a file moves to Infrequent Access. Default 30; it comes back with its first read."""
    archive_after_days: AgeDays | None = None
    """Days without access until a file moves to Archive, which needs elastic throughput. Default never."""
    backup: bool | None = None
    """Daily backups by AWS Backup. Default true."""

    @model_validator(mode="after")
    def _throughput_fits(self) -> FileSystem:
        mode = self.throughput_mode or "elastic"
        if (mode == "provisioned") != (self.provisioned_mibps is not None):
            refuse("throughputMode provisioned and provisionedMibps belong together", "Write both or neither.")
        if mode != "elastic" and self.archive_after_days is not None:
            refuse(f"throughputMode {mode} has no Archive class", "Leave out archiveAfterDays, or write elastic.")
        if mode == "elastic" and self.performance_mode == "maxIO":
            refuse("elastic throughput needs performanceMode generalPurpose", "Leave out performanceMode.")
        return self


def _domain(value: str) -> str:
    bare = value.removeprefix("*.")
    if re.fullmatch(r"([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", bare):
        return value
    return refuse(f'"{value}" is not a domain name', "For example api.example.com or *.example.com.")


Domain = Annotated[str, AfterValidator(_domain)]


class Certificate(Written):
    """A certificate of ACM, proved by a record of the zone."""

    name: Name
    """Name of the certificate; ingresses refer to it."""
    domains: Annotated[Many[Domain], one_or_more(Domain)]
    """Names it is valid for, the main one first; `*.` stands for one label."""


class Dns(Written):
    """The public names of the platform: a Route 53 zone, and certificates for names in it."""

    zone: DottedName
    """Domain name of the hosted zone, for example example.com."""
    create_zone: bool | None = None
    """Create the zone. Default false: it exists, and is looked up; a new one must first be delegated to by its parent."""
    certificates: Many[Certificate] | None = None
    """Certificates. Default none."""


def _bucket(value: str) -> str:
    if re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value):
        return value
    return refuse(f'"{value}" is not a bucket name', "3 to 63 lower-case letters, digits, dots and dashes.")


class StateBackend(Written):
    """The S3 bucket that holds Terraform's state. It exists before Terraform runs: state cannot live in what it creates."""

    bucket: Annotated[str, AfterValidator(_bucket)]
    """Name of the bucket; give it versioning."""
    key: Text | None = None
    """Where in the bucket. Default: `<platform>/<environment>.tfstate`."""
    region: Region | None = None
    """Region of the bucket. Default: the platform's."""
    lock_file: bool | None = None
    """Lock by a file beside the state (Terraform 1.10 and newer). Default: true unless lockTable is given."""
    lock_table: Text | None = None
    """DynamoDB table that locks; for Terraform before 1.10."""
    kms_key: Text | None = None
    """KMS key (ARN or alias) that encrypts the state. Default: the bucket's own encryption."""

    @model_validator(mode="after")
    def _one_lock_at_least(self) -> StateBackend:
        if self.lock_file is False and self.lock_table is None:
            refuse("without a lock two runs can destroy each other's state", "Leave out lockFile, or name a lockTable.")
        return self
