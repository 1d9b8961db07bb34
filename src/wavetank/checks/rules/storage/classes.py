"""Storage classes and what claims make of them; shared by rules of several areas. Reads objects, judges nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wavetank import catalog
from wavetank.catalog.limits import VolumeType
from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items, mapping, texts, whole
from wavetank.checks.model import Place
from wavetank.checks.workloads import Workload
from wavetank.kube import quantity

EBS = ("ebs.csi.aws.com", "kubernetes.io/aws-ebs", "ebs.csi.eks.amazonaws.com")
GIB = 1 << 30
#: the class that EKS put into clusters up to 1.29, and its in-tree provisioner
EKS_CLASS = "gp2"


@dataclass(frozen=True)
class Claim:
    """A PersistentVolumeClaim, or a template of one in a StatefulSet, which makes one for each pod."""

    name: str
    namespace: str
    class_name: str | None
    gib: int | None
    place: Place
    #: how many volumes it makes
    volumes: int
    workload: Workload | None


def provisioner(storage_class: Manifest) -> str:
    return str(storage_class.obj.get("provisioner") or "")


def parameters(storage_class: Manifest) -> dict[str, str]:
    """Parameter names are not case-sensitive for the driver."""
    return {key.lower(): value for key, value in texts(storage_class.obj.get("parameters")).items()}


def volume_type_of(storage_class: Manifest) -> VolumeType | None:
    """What EC2 allows for the class's volumes; None when it is no class of EBS or of a type that we do not know."""
    if provisioner(storage_class) not in EBS:
        return None
    return catalog.volume_type(parameters(storage_class).get("type", "gp3"))


def claims(case: Case) -> Iterator[Claim]:
    """Every claim of the input."""
    for claim in case.manifests.of_kind("PersistentVolumeClaim", group=""):
        yield Claim(
            claim.name, claim.namespace, _class_name(claim.spec), _gib(claim.spec),
            claim.at("spec", "resources", "requests", "storage"), 1, None,
        )  # fmt: skip
    for workload in case.workloads:
        for index, template in enumerate(items(workload.manifest.spec.get("volumeClaimTemplates"))):
            spec = mapping(template.get("spec"))
            place = workload.at("spec", "volumeClaimTemplates", index, "spec", "resources", "requests", "storage")
            name = str(mapping(template.get("metadata")).get("name"))
            volumes = max(workload.max_replicas, 1)
            yield Claim(name, workload.namespace, _class_name(spec), _gib(spec), place, volumes, workload)


def _class_name(spec: dict[str, object]) -> str | None:
    stated = spec.get("storageClassName")
    return None if stated is None else str(stated)


def _gib(spec: dict[str, object]) -> int | None:
    """Whole GiB, rounded up as the driver does."""
    requested = mapping(mapping(spec.get("resources")).get("requests")).get("storage")
    try:
        return None if requested is None else -(-quantity.value(requested) // GIB)
    except (ValueError, TypeError):
        return None


def class_of(case: Case, claim: Claim) -> Manifest | None:
    """The class that a claim names, or the only default class of the input."""
    if claim.class_name is not None:
        return case.manifests.find("StorageClass", "", claim.class_name)
    defaults = [each for each in case.manifests.of_kind("StorageClass") if is_default(each)]
    return defaults[0] if len(defaults) == 1 else None


def is_default(storage_class: Manifest) -> bool:
    return storage_class.annotations.get("storageclass.kubernetes.io/is-default-class") == "true"


def iops_of(storage_class: Manifest) -> int | None:
    """IOPS that each volume gets, whatever its size."""
    return whole(parameters(storage_class).get("iops"))


def zonal_claim(case: Case, workload: Workload) -> str | None:
    """The name of a claim of its pods whose volume lives in one zone."""
    for template in items(workload.manifest.spec.get("volumeClaimTemplates")):
        if _is_zonal(case, mapping(template.get("spec")).get("storageClassName")):
            return str(mapping(template.get("metadata")).get("name"))
    for volume in items(workload.spec.get("volumes")):
        name = str(mapping(volume.get("persistentVolumeClaim")).get("claimName") or "")
        claim = case.manifests.find("PersistentVolumeClaim", workload.namespace, name)
        if claim is not None and _is_zonal(case, claim.spec.get("storageClassName")):
            return name
    return None


def _is_zonal(case: Case, name: object) -> bool:
    """A class that is not in the input counts as zonal when it is EKS's own."""
    if name is None:
        return any(is_default(each) and provisioner(each) in EBS for each in case.manifests.of_kind("StorageClass"))
    found = case.manifests.find("StorageClass", "", str(name))
    return name == EKS_CLASS if found is None else provisioner(found) in EBS
