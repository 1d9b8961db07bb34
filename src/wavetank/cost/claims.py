"""The volumes that a platform claims from EBS: those of workloads, and those that charts make for themselves.

Read by the meters of volumes and of snapshots. Claims on EFS are not in here: a file system is billed as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wavetank.base.units import GIB
from wavetank.cost.readings import Range
from wavetank.kube import quantity
from wavetank.plan.capacity import expected_replicas
from wavetank.plan.model import Plan, StorageClass, Workload

#: the class that EKS makes in every cluster
EKS_CLASS, EKS_TYPE = "gp2", "gp2"


@dataclass(frozen=True)
class Claim:
    """Equal volumes, one for each pod of a StatefulSet."""

    name: str
    #: the workload's name; "" for those of charts
    workload: str
    namespace: str
    path: str
    count: Range
    gib: Decimal
    type: str
    iops: int | None
    throughput: int | None
    #: None: the plan's assumption
    change_percent_per_day: Decimal | None


def claims(plan: Plan) -> list[Claim]:
    """Every claim on EBS, in the plan's order."""
    return [*_of_workloads(plan), *_of_charts(plan)]


def _of_workloads(plan: Plan) -> Iterator[Claim]:
    for workload in plan.workloads:
        for storage in workload.storage:
            if not storage.new or storage.size is None:
                continue
            own_class = _class(plan, storage.storage_class)
            if own_class is not None and own_class.type == "efs":
                continue
            gib = Decimal(quantity.value(storage.size)) / GIB
            yield _claim(
                f"{workload.name}-{storage.name}",
                gib,
                _count(plan, workload) if storage.claim is None else Range.fixed(1),
                own_class,
                workload=workload.name,
                namespace=workload.namespace,
                path=f"workloads[{workload.name}].storage[{storage.name}]",
                change=storage.change_percent_per_day,
            )


def _claim(
    name: str,
    gib: Decimal,
    count: Range,
    own_class: StorageClass | None,
    *,
    workload: str = "",
    namespace: str = "",
    path: str = "",
    change: Decimal | None = None,
) -> Claim:
    kind = own_class.type if own_class else EKS_TYPE
    parameters = own_class.parameters if own_class else {}
    iops = int(parameters["iops"]) if "iops" in parameters else None
    if iops is None and "iopsPerGB" in parameters:
        iops = int(gib * int(parameters["iopsPerGB"]))
    throughput = int(parameters["throughput"]) if "throughput" in parameters else None
    return Claim(name, workload, namespace, path, count, gib, kind, iops, throughput, change)


def _class(plan: Plan, name: str | None) -> StorageClass | None:
    """The plan's class of that name, or its default class; None for the class of EKS."""
    if name is None:
        return next((each for each in plan.storage_classes if each.default), None)
    return next((each for each in plan.storage_classes if each.name == name), None)


def _count(plan: Plan, workload: Workload) -> Range:
    """One volume for each pod; the volumes of pods that went stay, so the expectation is what there was at most."""
    least, most = Decimal(workload.min_replicas), Decimal(workload.max_replicas)
    return Range(least, min(max(least, Decimal(expected_replicas(plan, workload))), max(least, most)), max(least, most))


def _of_charts(plan: Plan) -> Iterator[Claim]:
    """Volumes that the values of a release ask for, wherever they do it in the two usual shapes."""
    for release in plan.helm_releases:
        path = f"helmReleases[{release.name}].values"
        for where, size, class_name in _asked(release.values, ""):
            gib = Decimal(quantity.value(size)) / GIB
            own_class = _class(plan, class_name)
            if own_class is None or own_class.type != "efs":
                yield _claim(
                    f"{release.name} {where}".strip(),
                    gib,
                    Range.fixed(1),
                    own_class,
                    namespace=release.namespace,
                    path=path,
                )


def _asked(values: Any, where: str) -> Iterator[tuple[str, str, str | None]]:
    if not isinstance(values, dict):
        return
    for key, value in values.items():
        if not isinstance(value, dict):
            continue
        if key in ("persistence", "persistentVolume") and value.get("enabled") is True and value.get("size"):
            yield where, str(value["size"]), value.get("storageClass") or value.get("storageClassName")
        elif key == "volumeClaimTemplate":
            spec = value.get("spec") or {}
            size = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
            if size:
                yield where, str(size), spec.get("storageClassName")
        else:
            yield from _asked(value, key)
