"""STO009: more volumes for a node than can be attached to it."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank import catalog
from wavetank.checks.case import Case
from wavetank.checks.machines import Machines, machines_of
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.storage.classes import EBS, claims, class_of, provisioner

#: on Nitro machines volumes share their attachments with network interfaces, and one is the root volume's
_ROOT_VOLUMES = 1


def check(case: Case) -> Iterator[Mistake]:
    if not case.given.nodes or case.manifests.of_kind("NodePool"):
        return
    for machines in machines_of(case):
        if machines.types is None or machines.group.max_size is None:
            continue
        volumes = _volumes_for(case, machines)
        room = attachable(machines) * machines.group.max_size
        if volumes > room:
            yield _mistake(machines, volumes, room)


def attachable(machines: Machines) -> int:
    """Volumes that one node of the group can hold when it has all its network interfaces."""
    shared = catalog.limit("ebsAttachmentsNitroShared").value
    interfaces = max(each.max_enis for each in machines.types or ())
    return max(0, shared - interfaces - _ROOT_VOLUMES)


def _volumes_for(case: Case, machines: Machines) -> int:
    """Volumes of pods that only this group admits."""
    groups = machines_of(case)
    total = 0
    for claim in claims(case):
        storage_class = class_of(case, claim)
        if claim.workload is None or (storage_class is not None and provisioner(storage_class) not in EBS):
            continue
        admitting = [each.group.name for each in groups if each.admits(claim.workload) is not False]
        if admitting == [machines.group.name]:
            total += claim.volumes
    return total


def _mistake(machines: Machines, volumes: int, room: int) -> Mistake:
    group, each = machines.group, attachable(machines)
    return Mistake(
        at=group.at("max_size"),
        message=(
            f"{volumes} volumes belong to pods that only node group {group.name} admits, but its {group.max_size} nodes attach "
            f"{each} each, network interfaces and the root volume counted: {volumes - room} pods stay Pending"
        ),
        remedy="more or larger nodes, or fewer volumes per pod; types with dedicated attachments hold more",
        numbers={"volumes": volumes, "attachable": room, "perNode": each},
    )


RULE = Rule(
    id="STO009",
    severity=Severity.WARN,
    title="More volumes than the nodes can attach",
    source="docs.aws.amazon.com/AWSEC2/latest/UserGuide/volume_limits.html",
    check=check,
)
