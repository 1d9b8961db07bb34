"""file_systems.tf: EFS file systems with a mount target in each private subnet, reachable from the cluster only."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import FileSystem, Plan
from wavetank.render.hcl import Attribute, Block, Item, attributes, block, expression
from wavetank.render.terraform.parts import explained, identifiers, resource, set_of, template
from wavetank.render.terraform.security_groups import PODS, group_id, guarded
from wavetank.render.trace import Traced

GROUP = "file_systems"
_NFS = 2049


def items(plan: Plan) -> tuple[Item, ...]:
    """The shared security group, then each file system with its mount targets and backup policy."""
    if not plan.file_systems:
        return ()
    names = identifiers(each.name for each in plan.file_systems)
    guard = guarded(GROUP, "EFS file systems", _NFS, (PODS,), "fileSystems")
    return (*guard, *(item for each in plan.file_systems for item in _file_system(plan, each, names[each.name])))


def id_output(plan: Plan, name: str) -> str:
    """The output that says the id of a file system."""
    return f"file_system_id_{identifiers(each.name for each in plan.file_systems)[name]}"


def _file_system(plan: Plan, each: FileSystem, name: str) -> Iterator[Block]:
    path = f"fileSystems[{each.name}]"
    body: tuple[Item, ...] = (
        Attribute("creation_token", template(f"${{local.cluster_name}}-{each.name}")),
        Attribute("performance_mode", Traced(each.performance_mode, f"{path}.performanceMode")),
        Attribute("throughput_mode", Traced(each.throughput_mode, f"{path}.throughputMode")),
        *attributes(
            provisioned_throughput_in_mibps=Traced(each.provisioned_mibps, f"{path}.provisionedMibps")
            if each.provisioned_mibps
            else None
        ),
        Attribute("encrypted", Traced(each.encrypted, f"{path}.encrypted")),
        Attribute("tags", {"Name": template(f"${{local.cluster_name}}-{each.name}")}),
        *_lifecycle(plan, each, path),
    )
    yield resource("aws_efs_file_system", name, body, path)
    yield _mount_targets(each, name, path)
    status = "ENABLED" if each.backup else "DISABLED"
    policy = block("backup_policy", (), attributes(status=explained(plan, status, f"{path}.backup")), f"{path}.backup")
    owner = attributes(file_system_id=expression(f"aws_efs_file_system.{name}.id"))
    yield resource("aws_efs_backup_policy", name, (*owner, policy), f"{path}.backup")


def _lifecycle(plan: Plan, each: FileSystem, path: str) -> Iterator[Block]:
    """Each transition is a block of its own, as the provider wants it."""
    moves = (
        ("transition_to_ia", each.infrequent_after_days, f"{path}.infrequentAfterDays"),
        ("transition_to_archive", each.archive_after_days, f"{path}.archiveAfterDays"),
    )
    for name, days, where in moves:
        if days is not None:
            yield block("lifecycle_policy", (), (Attribute(name, explained(plan, age(days), where)),), where)
    if each.infrequent_after_days is not None:
        back = attributes(transition_to_primary_storage_class="AFTER_1_ACCESS")
        yield block("lifecycle_policy", (), back, f"{path}.infrequentAfterDays")


def age(days: int) -> str:
    """EFS's word for an age: AFTER_1_DAY, AFTER_30_DAYS."""
    return f"AFTER_{days}_DAY{'S' if days != 1 else ''}"


def _mount_targets(each: FileSystem, name: str, path: str) -> Block:
    body: tuple[Item, ...] = (
        Attribute("for_each", Traced(expression(set_of(each.subnets)), f"{path}.subnets")),
        *attributes(
            file_system_id=expression(f"aws_efs_file_system.{name}.id"),
            subnet_id=expression("aws_subnet.private[each.key].id"),
            security_groups=[group_id(GROUP)],
        ),
    )
    return resource("aws_efs_mount_target", name, body, f"{path}.subnets")
