"""Limits of AWS services: EBS volume types, default quotas of an account, timeouts. None of them is decided here."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from wavetank.catalog.files import data


@dataclass(frozen=True)
class Limit:
    """A number whose unit ends its name; a quota is the default of a new account."""

    value: int
    source: str
    confirmed: bool


@dataclass(frozen=True)
class VolumeType:
    """What an EBS volume type allows; None where the type has no such limit."""

    name: str
    min_gib: int
    max_gib: int
    #: in the price of the volume
    included_iops: int
    min_iops: int | None
    max_iops: int
    max_iops_per_gib: int | None
    included_throughput_mibs: int
    max_throughput_mibs: int
    #: throughput in MiB/s that each IOPS allows
    max_throughput_per_iops: Decimal | None
    #: IOPS are chosen (and paid) apart from the size
    provisioned_iops: bool
    source: str
    confirmed: bool


def limit(name: str) -> Limit:
    """The limit or default named (``albIdleTimeoutSecondsDefault``); KeyError for any other name."""
    value, source, confirmed = data("limits")["limits"][name]
    return Limit(value, data("limits")["sources"][source]["text"], confirmed)


def limit_names() -> tuple[str, ...]:
    """The names of all limits but those of volume types."""
    return tuple(data("limits")["limits"])


def volume_type(name: str) -> VolumeType | None:
    """What an EBS volume type allows; None for a type that the catalog does not know."""
    row = data("limits")["volumeTypes"].get(name)
    if row is None:
        return None
    iops, throughput = row["iops"], row["throughputMibs"]
    per_iops = throughput.get("maxPerIops")
    return VolumeType(
        name=name,
        min_gib=row["minGib"],
        max_gib=row["maxGib"],
        included_iops=iops.get("included", 0),
        min_iops=iops.get("min"),
        max_iops=iops["max"],
        max_iops_per_gib=iops.get("maxPerGib"),
        included_throughput_mibs=throughput.get("included", 0),
        max_throughput_mibs=throughput["max"],
        max_throughput_per_iops=None if per_iops is None else Decimal(per_iops),
        provisioned_iops=name in ("gp3", "io1", "io2"),
        source=data("limits")["sources"][row["source"]]["text"],
        confirmed=row["confirmed"],
    )


def volume_types() -> tuple[str, ...]:
    """The EBS volume types that the catalog knows."""
    return tuple(data("limits")["volumeTypes"])
