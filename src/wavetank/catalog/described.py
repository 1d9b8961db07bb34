"""An instance type as EC2 describes it (DescribeInstanceTypes), as the catalog's facts with what follows for a node.

Called when facts are refreshed. Reserves are those of the EKS images: awslabs/amazon-eks-ami,
``nodeadm/internal/kubelet/config.go``; what the hypervisor takes is Karpenter's estimate. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wavetank.catalog.files import data
from wavetank.catalog.instances import Accelerator, InstanceType

NVIDIA, NEURON = "nvidia.com/gpu", "aws.amazon.com/neuron"


def described(description: Mapping[str, Any], known: InstanceType | None = None) -> InstanceType:
    """``known``: the same type in the packaged catalog, for branch interfaces, which EC2 does not tell."""
    rules = data("instance-types")["nodeRules"]
    network, vcpu = description["NetworkInfo"], int(description["VCpuInfo"]["DefaultVCpus"])
    memory = int(description["MemoryInfo"]["SizeInMiB"])
    card = network["NetworkCards"][int(network.get("DefaultNetworkCardIndex", 0))]
    enis, addresses = int(card["MaximumNetworkInterfaces"]), int(network["Ipv4AddressesPerInterface"])
    pods = enis * (addresses - 1) + 2
    reserved_memory = rules["reservedMibPerPod"] * pods + rules["reservedMib"]
    reserved_cpu = _reserved_cpu_milli(vcpu, rules["reservedCpuMicroPerCore"])
    bare_metal, hypervisor = bool(description["BareMetal"]), description.get("Hypervisor", "")
    left = memory * (1000 - rules["hypervisorMemoryPermille"]) // 1000 - reserved_memory - rules["evictionMib"]
    ebs = description["EbsInfo"]
    return InstanceType(
        name=description["InstanceType"],
        vcpu=vcpu,
        memory_mib=memory,
        arch="arm64" if "arm64" in description["ProcessorInfo"]["SupportedArchitectures"] else "x86_64",
        burstable=bool(description.get("BurstablePerformanceSupported")),
        bare_metal=bare_metal,
        hypervisor=hypervisor,
        current_generation=bool(description["CurrentGeneration"]),
        max_enis=enis,
        ipv4_per_eni=addresses,
        max_pods=pods,
        max_pods_prefix=_prefix_pods(enis, addresses, vcpu, rules) if hypervisor == "nitro" or bare_metal else pods,
        branch_enis=known.branch_enis if known else 0,
        network_baseline_gbps=card.get("BaselineBandwidthInGbps"),
        network_peak_gbps=card.get("PeakBandwidthInGbps"),
        ebs_max_attachments=ebs.get("MaximumEbsAttachments"),
        ebs_baseline_mbps=(ebs.get("EbsOptimizedInfo") or {}).get("BaselineBandwidthInMbps"),
        local_nvme_gb=(description.get("InstanceStorageInfo") or {}).get("TotalSizeInGB"),
        spot="spot" in description["SupportedUsageClasses"],
        efa=bool(network.get("EfaSupported")),
        kube_reserved_memory_mib=reserved_memory,
        kube_reserved_cpu_milli=reserved_cpu,
        allocatable_cpu_milli=vcpu * 1000 - reserved_cpu,
        allocatable_memory_mib=left,
        accelerator=_accelerator(description),
    )


def _reserved_cpu_milli(vcpu: int, micro_per_core: list[int]) -> int:
    """Thousandths of a core: so many millionths of the first core, of the second, ...; the last entry holds for all others."""
    steps = [micro_per_core[min(core, len(micro_per_core) - 1)] for core in range(vcpu)]
    return sum(steps) // 1000


def _prefix_pods(enis: int, addresses: int, vcpu: int, rules: Mapping[str, Any]) -> int:
    cap = rules["podsCapLarge"] if vcpu > rules["largeAboveVcpu"] else rules["podsCap"]
    return int(min(enis * (addresses - 1) * rules["addressesPerPrefix"] + 2, cap))


def _accelerator(description: Mapping[str, Any]) -> Accelerator | None:
    gpus = (description.get("GpuInfo") or {}).get("Gpus") or ()
    if gpus and gpus[0].get("Manufacturer") == "NVIDIA":
        return _device(gpus[0], NVIDIA)
    devices = (description.get("NeuronInfo") or {}).get("NeuronDevices") or ()
    return _device(devices[0], NEURON) if devices else None


def _device(found: Mapping[str, Any], resource: str) -> Accelerator:
    return Accelerator(int(found["Count"]), found["Name"], int(found["MemoryInfo"]["SizeInMiB"]), resource)
