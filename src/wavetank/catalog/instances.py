"""EC2 instance types as a Kubernetes node sees them."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import cache
from typing import Any

from wavetank.catalog.files import data
from wavetank.catalog.learned import current


@dataclass(frozen=True)
class Accelerator:
    """The GPUs or Neuron devices of an instance type, and the extended resource a pod asks for."""

    count: int
    name: str
    memory_mib_each: int
    resource: str


@dataclass(frozen=True)
class InstanceType:
    """Capacity and limits of one EC2 instance type.

    ``allocatable_memory_mib`` is an estimate (7.5 % of the memory is taken for the hypervisor; measured nodes show
    5 to 7.5 %) after kube-reserved and the hard eviction threshold; ``allocatable_cpu_milli`` is exact.
    """

    name: str
    vcpu: int
    memory_mib: int
    arch: str
    burstable: bool
    bare_metal: bool
    hypervisor: str
    current_generation: bool
    max_enis: int
    ipv4_per_eni: int
    #: pods when every pod takes a secondary address: ENIs * (addresses - 1) + 2
    max_pods: int
    #: pods with prefix delegation (Nitro only), capped at 110, or 250 above 30 vCPU
    max_pods_prefix: int
    branch_enis: int
    network_baseline_gbps: float | None
    network_peak_gbps: float | None
    ebs_max_attachments: int | None
    ebs_baseline_mbps: int | None
    local_nvme_gb: int | None
    spot: bool
    efa: bool
    kube_reserved_memory_mib: int
    kube_reserved_cpu_milli: int
    allocatable_cpu_milli: int
    allocatable_memory_mib: int
    accelerator: Accelerator | None

    def pods_per_node(self, prefix_delegation: bool) -> int:
        """How many pods one node admits with the VPC CNI giving each pod its own address of the VPC."""
        return self.max_pods_prefix if prefix_delegation and self.hypervisor == "nitro" else self.max_pods


def _from_row(name: str, row: list[Any]) -> InstanceType:
    accelerator = Accelerator(*row[-1]) if row[-1] else None
    return InstanceType(*[name, *row[:-1], accelerator])


@cache
def _types() -> dict[str, InstanceType]:
    return {name: _from_row(name, row) for name, row in data("instance-types")["types"].items()}


def instance_type(name: str) -> InstanceType:
    """The facts of an instance type; KeyError when the catalog does not know it (``instance_type_names`` has all)."""
    row = current().types.get(name)
    return _types()[name] if row is None else _from_row(name, row)


def instance_type_names() -> tuple[str, ...]:
    """Every instance type that the catalog knows, in order."""
    return tuple(dict.fromkeys((*_types(), *current().types)))


def row_of(machine: InstanceType) -> list[Any]:
    """The type as a row of ``data/instance-types.json``."""
    *fields, accelerator = astuple(machine)[1:]
    return [*fields, None if accelerator is None else list(accelerator)]


def burstable_baseline_percent(name: str) -> int | None:
    """Percent of each vCPU that a burstable type sustains without spending credits; None for the others. Not confirmed."""
    percent = data("prices")["burstableBaseline"]["percentPerVcpu"].get(name)
    return None if percent is None else int(percent)
