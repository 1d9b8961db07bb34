"""CAP016: kubelet settings that only work together, and without each other keep kubelet from starting."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.aws import NodeGroup
from wavetank.checks.case import Case
from wavetank.checks.machines import machines_of
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Workload, readable
from wavetank.kube import quantity
from wavetank.kube.resources import qos_class
from wavetank.kube.types import Obj


def check(case: Case) -> Iterator[Mistake]:
    for machines in machines_of(case):
        kubelet = machines.group.kubelet or {}
        if kubelet.get("memoryManagerPolicy") == "Static" and not kubelet.get("reservedMemory"):
            yield _no_reserved_memory(machines.group, kubelet)
        elif kubelet.get("cpuManagerPolicy") == "static":
            pods = [w for w in case.workloads if machines.admits(w) and not w.is_per_node]
            if pods and case.given.whole and not any(_gains(w) for w in pods):
                yield _nobody_gains(machines.group, pods)


def _no_reserved_memory(group: NodeGroup, kubelet: Obj) -> Mistake:
    return Mistake(
        at=group.at("kubelet", "memoryManagerPolicy"),
        message=(
            f"node group {group.name} sets memoryManagerPolicy Static with 0 entries of reservedMemory: kubelet exits at start "
            '("the total amount of reserved memory differs"), so no node of the group ever joins'
        ),
        remedy=(
            "state reservedMemory for each NUMA node, in all exactly kubeReserved + systemReserved + the hard "
            "eviction threshold, "
            "or leave memoryManagerPolicy out"
        ),
        numbers={"reservedMemory": 0, "cpuManagerPolicy": str(kubelet.get("cpuManagerPolicy", "none"))},
    )


def _gains(workload: Workload) -> bool:
    """Guaranteed, with a container of whole CPUs: only such pods get cores of their own."""
    whole_cores = any(quantity.milli(readable(c.limits).get("cpu", "100m")) % 1000 == 0 for c in workload.containers)
    return qos_class({"spec": mapping(workload.spec)}) == "Guaranteed" and whole_cores


def _nobody_gains(group: NodeGroup, pods: list[Workload]) -> Mistake:
    return Mistake(
        at=group.at("kubelet", "cpuManagerPolicy"),
        message=(
            f"node group {group.name} pins CPUs (cpuManagerPolicy static), but none of its {len(pods)} workloads "
            "is Guaranteed with "
            "whole CPUs: nothing is pinned, and everybody shares what is left"
        ),
        remedy="give the pods that need cores of their own equal requests and limits in whole CPUs, or leave the policy out",
        numbers={"workloads": len(pods), "pinned": 0},
        severity=Severity.WARN,
    )


RULE = Rule(
    id="CAP016",
    severity=Severity.ERROR,
    title="Kubelet's static policies are incomplete",
    source="Kubernetes pkg/kubelet/cm/memorymanager (validateReservedMemory), cpumanager policy_static.go",
    check=check,
)
