"""STO001: parameters that EC2 refuses for the volume type, so that every claim of the class stays Pending."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.catalog.limits import VolumeType
from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, whole
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.storage.classes import parameters, volume_type_of


def check(case: Case) -> Iterator[Mistake]:
    for storage_class in case.manifests.of_kind("StorageClass"):
        kind = volume_type_of(storage_class)
        if kind is not None:
            yield from _iops(storage_class, kind)
            yield from _throughput(storage_class, kind)


def _iops(storage_class: Manifest, kind: VolumeType) -> Iterator[Mistake]:
    for key in ("iops", "iopspergb"):
        stated = parameters(storage_class).get(key)
        if stated is not None and not kind.provisioned_iops:
            yield _refused(storage_class, _written(storage_class, key), f"{kind.name} volumes take no {key}", 0)
    iops = whole(parameters(storage_class).get("iops"))
    least = kind.min_iops or 0
    if iops is not None and kind.provisioned_iops and not least <= iops <= kind.max_iops:
        message = f"{iops} IOPS are outside the {least} to {kind.max_iops} of {kind.name}"
        yield _refused(storage_class, _written(storage_class, "iops"), message, iops)


def _throughput(storage_class: Manifest, kind: VolumeType) -> Iterator[Mistake]:
    stated = parameters(storage_class).get("throughput")
    if stated is None:
        return
    mibs = whole(stated)
    key = _written(storage_class, "throughput")
    if kind.name != "gp3":
        yield _refused(storage_class, key, f"{kind.name} volumes take no throughput", mibs or 0)
    elif mibs is not None and not kind.included_throughput_mibs <= mibs <= kind.max_throughput_mibs:
        bounds = f"{kind.included_throughput_mibs} to {kind.max_throughput_mibs} MiB/s"
        yield _refused(storage_class, key, f"{mibs} MiB/s are outside the {bounds} of {kind.name}", mibs)


def _written(storage_class: Manifest, key: str) -> str:
    """The parameter as it is written."""
    stated = storage_class.obj.get("parameters") or {}
    return next((name for name in stated if str(name).lower() == key), key)


def _refused(storage_class: Manifest, key: str, message: str, value: int) -> Mistake:
    return Mistake(
        at=storage_class.at("parameters", key),
        message=f"{storage_class.title}: {message}: EC2 refuses the volume and its claims stay Pending",
        remedy="use type gp3, whose IOPS and throughput can be chosen, or remove the parameter",
        numbers={"parameter": key, "value": value},
    )


RULE = Rule(
    id="STO001",
    severity=Severity.ERROR,
    title="EC2 refuses the volume's parameters",
    source="kubernetes-sigs/aws-ebs-csi-driver, docs/parameters.md; EC2 EBS volume types",
    check=check,
)
