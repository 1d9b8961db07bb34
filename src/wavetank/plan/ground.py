"""File systems, public names, Terraform's state and the author's own files."""

from __future__ import annotations

from decimal import Decimal

from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Certificate, Dns, FileSystem, Network, PodIdentity, StateBackend, UserFile
from wavetank.plan.reasons import Default
from wavetank.spec import Platform
from wavetank.spec.ground import Dns as WrittenDns
from wavetank.spec.ground import FileSystem as WrittenFileSystem
from wavetank.spec.ground import StateBackend as WrittenStateBackend

_EFS = "docs.aws.amazon.com/efs/latest/ug"
_BACKEND = "developer.hashicorp.com/terraform/language/backend/s3"

LOW_LATENCY = Default("fileSystems.performanceMode", "the lower latency of the two", f"{_EFS}/performance.html")
ELASTIC = Default("fileSystems.throughputMode", "it never runs out of burst credits", f"{_EFS}/performance.html")
ENCRYPTED = Default("fileSystems.encrypted", "it costs nothing, and cannot be added later", f"{_EFS}/encryption.html")
COLD = Default(
    "fileSystems.lifecycle",
    "what nobody has read for a month costs a tenth in Infrequent Access, and comes back with its first read",
    f"{_EFS}/lifecycle-management-efs.html",
)
BACKED_UP = Default("fileSystems.backup", "a deleted file is gone without it", f"{_EFS}/awsbackup.html")
NO_DATA = Default("fileSystems.sizeGb", "no data was announced")
NOT_COLDER = Default("fileSystems.archiveAfterDays", "nothing was asked for")
EXISTING_ZONE = Default("dns.createZone", "a domain's zone mostly exists before the platform does")
NO_DNS = Default("dns", "the platform has no public name")
NO_CERTIFICATES = Default("dns.certificates", "none was asked for")
LOCAL_STATE = Default("stateBackend", "state lies beside the files until a bucket is named", _BACKEND)
LOCK_FILE = Default("stateBackend.lockFile", "S3 locks by itself since Terraform 1.10, without a table", _BACKEND)
STATE_ENCRYPTION = Default("stateBackend.kmsKey", "S3 encrypts with its own key unless one is named", _BACKEND)
IRSA = Default(
    "podIdentity",
    "roles for service accounts need no agent on the nodes",
    "docs.aws.amazon.com/eks/latest/userguide/service-accounts.html",
)


def pod_identity(platform: Platform, ledger: Ledger) -> PodIdentity:
    """How pods get their roles."""
    chosen: PodIdentity = ledger.chosen("podIdentity", platform.written.pod_identity, "irsa", IRSA)
    return chosen


def file_system(stated: WrittenFileSystem, network: Network, ledger: Ledger) -> FileSystem:
    """A file system that every private subnet can mount."""
    path = f"fileSystems[{stated.name}]"
    ledger.stated(path, stated)
    subnets = tuple(subnet.name for subnet in network.private_subnets)
    return FileSystem(
        name=stated.name,
        performance_mode=ledger.chosen(
            f"{path}.performanceMode", stated.performance_mode, "generalPurpose", LOW_LATENCY
        ),
        throughput_mode=ledger.chosen(f"{path}.throughputMode", stated.throughput_mode, "elastic", ELASTIC),
        provisioned_mibps=stated.provisioned_mibps,
        encrypted=ledger.chosen(f"{path}.encrypted", stated.encrypted, True, ENCRYPTED),
        size_gb=ledger.chosen(f"{path}.sizeGb", stated.size_gb, Decimal(0), NO_DATA),
        infrequent_after_days=ledger.chosen(f"{path}.infrequentAfterDays", stated.infrequent_after_days, 30, COLD),
        archive_after_days=ledger.chosen(f"{path}.archiveAfterDays", stated.archive_after_days, None, NOT_COLDER),
        backup=ledger.chosen(f"{path}.backup", stated.backup, True, BACKED_UP),
        subnets=ledger.derived(
            f"{path}.subnets", subnets, ("network.subnets",), "a mount target in each private subnet"
        ),
    )


def dns(stated: WrittenDns | None, ledger: Ledger) -> Dns | None:
    """The zone and its certificates."""
    ledger.chosen("dns", stated, None, NO_DNS)
    if stated is None:
        return None
    ledger.chosen("dns.certificates", stated.certificates, (), NO_CERTIFICATES)
    return Dns(
        zone=ledger.stated("dns.zone", stated.zone),
        create_zone=ledger.chosen("dns.createZone", stated.create_zone, False, EXISTING_ZONE),
        certificates=tuple(
            Certificate(each.name, ledger.stated(f"dns.certificates[{each.name}].domains", each.domains))
            for each in stated.certificates or ()
        ),
    )


def state_backend(platform: Platform, ledger: Ledger) -> StateBackend | None:
    """Where Terraform keeps its state; None: beside the files."""
    stated = platform.written.state_backend
    ledger.chosen("stateBackend", stated, None, LOCAL_STATE)
    return None if stated is None else _state_backend(stated, platform, ledger)


def _state_backend(stated: WrittenStateBackend, platform: Platform, ledger: Ledger) -> StateBackend:
    path, written = "stateBackend", platform.written
    return StateBackend(
        bucket=ledger.stated(f"{path}.bucket", stated.bucket),
        key=_given_or(
            stated.key, f"{written.name}/{platform.environment}.tfstate", ("name", "environment"), "key", ledger
        ),
        region=_given_or(stated.region, written.region, ("region",), "region", ledger),
        lock_file=ledger.chosen(f"{path}.lockFile", stated.lock_file, stated.lock_table is None, LOCK_FILE),
        lock_table=ledger.chosen(f"{path}.lockTable", stated.lock_table, None, LOCK_FILE),
        kms_key=ledger.chosen(f"{path}.kmsKey", stated.kms_key, None, STATE_ENCRYPTION),
    )


def _given_or(stated: str | None, otherwise: str, origins: tuple[str, ...], field: str, ledger: Ledger) -> str:
    path = f"stateBackend.{field}"
    if stated is not None:
        return ledger.stated(path, stated)
    return ledger.derived(path, otherwise, origins, "each environment of each platform has a state of its own")


def user_files(key: str, platform: Platform, ledger: Ledger) -> tuple[UserFile, ...]:
    """The author's own files below ``terraformFiles`` or ``manifests``."""
    found = platform.attachments.get(key, ())
    for each in found:
        ledger.stated(f"{key}[{each.name}]", each, f"{key}[{each.written}]")
    return tuple(UserFile(each.name, each.written, each.lines) for each in found)
