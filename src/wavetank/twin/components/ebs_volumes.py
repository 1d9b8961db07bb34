"""What the Amazon EBS CSI driver makes of a storage class: a disk, or a refusal in its words or in those of EC2. Pure.

Upstream: ``pkg/driver/controller.go`` (``CreateVolume``) and ``pkg/cloud/cloud.go`` (``CreateDisk``) of the driver from 1.33
on. What EC2 itself refuses follows the limits in the catalog.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from uuid import NAMESPACE_DNS, uuid5

from wavetank import catalog
from wavetank.base.units import GIB
from wavetank.catalog.limits import VolumeType

from .csi_driver import ZONE_LABEL, CsiDriver, DriverRefusal, MadeVolume, VolumeRequest

NAME = "ebs.csi.aws.com"
DEFAULT_TYPE = "gp3"
#: Volume types without IOPS of their own choice; the driver does not send any for them.
_UNTUNED = ("gp2", "sc1", "st1", "sbg1", "sbp1", "standard")
_TUNED = ("io1", "io2", "gp3")
#: Parameters in small letters: the driver compares without case.
_PERFORMANCE = ("type", "iops", "iopspergb", "allowautoiopspergbincrease", "throughput", "blockexpress")
_FORMAT = ("fstype", "blocksize", "inodesize", "bytesperinode", "numberofinodes", "ext4bigalloc", "ext4clustersize")
_KNOWN = frozenset((*_PERFORMANCE, *_FORMAT, "encrypted", "kmskeyid", "volumeinitializationrate"))
_NUMBERS = {"iopspergb": "iopsPerGB", "iops": "iops", "throughput": "throughput"}
_TAG_PREFIX = "tagSpecification"
#: A root volume and the first network interface take two of the attachments that a shared limit counts.
_ROOT_VOLUMES, _FIRST_INTERFACE = 1, 1


def volume_id(name: str) -> str:
    """The same name gives the same id, in EC2's form."""
    return f"vol-0{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def make(request: VolumeRequest) -> MadeVolume:
    """A disk in the request's zone; raises DriverRefusal."""
    _check_modes(request)
    stated = _read(request.parameters)
    size_gib = -(-request.size_bytes // GIB)
    try:
        _check(stated, size_gib)
    except ValueError as problem:
        raise DriverRefusal("Internal", f'Could not create volume "{request.name}": {problem}') from problem
    return MadeVolume(volume_id(request.name), size_gib * GIB)


def _check_modes(request: VolumeRequest) -> None:
    """One node at a time; a block device of type io2 may be on several."""
    shared = [mode for mode in request.access_modes if mode in ("ReadWriteMany", "ReadOnlyMany")]
    if shared and not (request.is_block and shared == ["ReadWriteMany"]):
        name = "MULTI_NODE_MULTI_WRITER" if "ReadWriteMany" in shared else "MULTI_NODE_READER_ONLY"
        text = f"Volume capabilities {name} not supported. Only AccessModes[ReadWriteOnce] supported."
        raise DriverRefusal("InvalidArgument", text)
    if shared and request.parameters.get("type", DEFAULT_TYPE) != "io2":
        text = "CreateDisk: multi-attach is only supported for io2 volumes"
        raise DriverRefusal("Internal", f'Could not create volume "{request.name}": {text}')


def _read(parameters: Mapping[str, str]) -> dict[str, str]:
    stated: dict[str, str] = {}
    for key, value in parameters.items():
        small = key.lower()
        if small not in _KNOWN and not key.startswith(_TAG_PREFIX):
            raise DriverRefusal("InvalidArgument", f"Invalid parameter key {key} for CreateVolume")
        if small in _NUMBERS and not value.isdigit():
            raise DriverRefusal("InvalidArgument", f"Could not parse invalid {_NUMBERS[small]}: <nil>")
        stated[small] = value
    if stated.get("blockexpress") == "true" and stated.get("type") != "io2":
        raise DriverRefusal("InvalidArgument", "Block Express is only supported on io2 volumes")
    return stated


def _check(stated: Mapping[str, str], size_gib: int) -> None:
    """What ``CreateDisk`` and EC2 refuse, as a ValueError with their words."""
    if int(stated.get("iops", 0)) and int(stated.get("iopspergb", 0)):
        raise ValueError("invalid StorageClass parameters; specify either IOPS or IOPSPerGb, not both")
    kind = stated.get("type") or DEFAULT_TYPE
    if kind not in (*_UNTUNED, *_TUNED):
        raise ValueError(f'invalid AWS VolumeType "{kind}"')
    facts = catalog.volume_type(kind)
    if facts is None:
        return
    if size_gib < facts.min_gib:
        raise _refused_by_ec2(
            "InvalidParameterValue",
            f"Volume of {size_gib}GiB is too small for volume type {kind}; minimum is {facts.min_gib}GiB.",
        )
    if size_gib > facts.max_gib:
        raise _refused_by_ec2(
            "InvalidParameterValue",
            f"Volume of {size_gib}GiB is too large for volume type {kind}; maximum is {facts.max_gib}GiB.",
        )
    if kind in _TUNED:
        _check_performance(stated, facts, size_gib)


def _check_performance(stated: Mapping[str, str], facts: VolumeType, size_gib: int) -> None:
    iops = sent_iops(stated, facts, size_gib)
    if facts.name != "gp3":
        if not iops:
            text = f"The parameter iops must be specified for {facts.name} volumes."
            raise _refused_by_ec2("InvalidParameterCombination", text)
        if facts.min_iops and iops < facts.min_iops:
            text = f"Volume iops of {iops} is too low; minimum is {facts.min_iops}."
            raise _refused_by_ec2("InvalidParameterValue", text)
        return
    throughput = int(stated.get("throughput", 0))
    if throughput > facts.max_throughput_mibs:
        text = f"Throughput of {throughput} MiB/s is too high; maximum is {facts.max_throughput_mibs} MiB/s."
        raise _refused_by_ec2("InvalidParameterValue", text)
    ratio, real_iops = facts.max_throughput_per_iops, max(iops, facts.included_iops)
    if ratio is not None and throughput > ratio * real_iops:
        actual = Decimal(throughput) / real_iops
        text = f"Throughput (MiBps) to iops ratio of {actual:.6f} is too high; maximum is {ratio} MiBps per iops."
        raise _refused_by_ec2("InvalidParameterCombination", text)


def sent_iops(stated: Mapping[str, str], facts: VolumeType, size_gib: int) -> int:
    """The IOPS that the driver asks EC2 for: capped by what the type allows, raised only if told to (``capIOPS``)."""
    wanted = int(stated.get("iops", 0)) or int(stated.get("iopspergb", 0)) * size_gib
    if wanted and facts.min_iops and wanted < facts.min_iops and stated.get("allowautoiopspergbincrease") == "true":
        wanted = facts.min_iops
    wanted = min(wanted, facts.max_iops)
    return wanted if facts.max_iops_per_gib is None else min(wanted, facts.max_iops_per_gib * size_gib)


def _refused_by_ec2(code: str, message: str) -> ValueError:
    request_id = uuid5(NAMESPACE_DNS, f"{code}.{message}")
    answer = f"https response error StatusCode: 400, RequestID: {request_id}, api error {code}: {message}"
    return ValueError(f"could not create volume in EC2: operation error EC2: CreateVolume, {answer}")


def attachable(instance_type: str) -> int | None:
    """Volumes that the driver says a new node can attach; None for a type that the catalog does not know.

    Where volumes share the limit with network interfaces, those that the node is born with are taken off; the driver looks
    once, when it starts, so interfaces that the VPC CNI adds later are not seen - the scheduler then promises too much.
    """
    try:
        facts = catalog.instance_type(instance_type)
    except KeyError:
        return None
    shared = catalog.limit("ebsAttachmentsNitroShared").value
    limit = facts.ebs_max_attachments or shared
    taken = _ROOT_VOLUMES + (_FIRST_INTERFACE if limit <= shared else 0)
    return limit - taken - (1 if facts.local_nvme_gb and limit <= shared else 0)


EBS = CsiDriver(
    name=NAME,
    controller="ebs-csi-controller",
    node_plugin="ebs-csi-node",
    make=make,
    topology_keys=("kubernetes.io/os", "topology.ebs.csi.aws.com/zone", ZONE_LABEL),
    attachable=attachable,
    default_fs_type="ext4",
    attaches=True,
    expands=True,
)
