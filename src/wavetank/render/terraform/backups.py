"""backups.tf: AWS Backup: a vault, vaults for copies in other regions, a role, plans and what each of them copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wavetank.plan.model import Plan
from wavetank.plan.model.backup import BackedUp, BackupCopy, BackupPlan
from wavetank.render.hcl import Attribute, Block, Item, attributes, block, expression
from wavetank.render.terraform.parts import (
    attached,
    explained,
    identifiers,
    resource,
    role_name,
    service_trust,
    template,
)
from wavetank.render.terraform.regions import alias, provider
from wavetank.render.trace import Traced

PATH = "backup.plans"
_POLICIES = ("AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores")
_DAY_MINUTES = 1440


def items(plan: Plan) -> tuple[Item, ...]:
    plans = plan.backup.plans if plan.backup else ()
    if not plans:
        return ()
    names = identifiers(each.name for each in plans)
    return (
        *_vaults(plans),
        *_role(plan),
        *(item for each in plans for item in _plan(plan, each, names[each.name])),
    )


def _vaults(plans: tuple[BackupPlan, ...]) -> Iterator[Block]:
    yield resource("aws_backup_vault", "main", attributes(name=expression("local.cluster_name")), PATH)
    for region in dict.fromkeys(each.copy.region for each in plans if each.copy is not None):
        body = attributes(provider=provider(region), name=template("${local.cluster_name}-copies"))
        yield resource("aws_backup_vault", alias(region), body, PATH)


def _role(plan: Plan) -> Iterator[Block]:
    trust = service_trust("backup.amazonaws.com")
    body = attributes(name=role_name(f"{plan.cluster.name}-backup"), assume_role_policy=trust)
    yield resource("aws_iam_role", "backup", body, PATH)
    for index, policy in enumerate(_POLICIES, start=1):
        arn = f"arn:aws:iam::aws:policy/service-role/{policy}"
        yield attached(f"backup_{index}", "backup", arn, PATH)


def _plan(plan: Plan, wanted: BackupPlan, name: str) -> Iterator[Block]:
    path = f"{PATH}[{wanted.name}]"
    rule: tuple[Item, ...] = (
        Attribute("rule_name", Traced(wanted.name, f"{path}.name")),
        Attribute("target_vault_name", expression("aws_backup_vault.main.name")),
        Attribute("schedule", Traced(wanted.schedule, f"{path}.schedule")),
        Attribute("start_window", explained(plan, wanted.start_minutes, f"{path}.startMinutes")),
        Attribute("completion_window", wanted.start_minutes + _DAY_MINUTES),
        _lifecycle(wanted.retention_days, wanted.cold_storage_after_days, path),
        *([_copy(wanted.copy, f"{path}.copy")] if wanted.copy else []),
    )
    body = (
        Attribute("name", template(f"${{local.cluster_name}}-{wanted.name}")),
        block("rule", (), rule, path),
    )
    yield resource("aws_backup_plan", name, body, path)
    yield _selection(plan, wanted, name, path)


def _lifecycle(days: int, cold_days: int | None, path: str) -> Block:
    body = attributes(
        cold_storage_after=Traced(cold_days, f"{path}.coldStorageAfterDays") if cold_days is not None else None,
        delete_after=Traced(days, f"{path}.retentionDays"),
    )
    return block("lifecycle", (), body, path)


def _copy(copy: BackupCopy, path: str) -> Block:
    vault = Traced(expression(f"aws_backup_vault.{alias(copy.region)}.arn"), f"{path}.region")
    body = (
        Attribute("destination_vault_arn", vault),
        _lifecycle(copy.retention_days, copy.cold_storage_after_days, path),
    )
    return block("copy_action", (), body, path)


def _selection(plan: Plan, wanted: BackupPlan, name: str, path: str) -> Block:
    arns = [_arn(plan, each) for each in wanted.resources if each.kind != "tag"]
    tags = [each for each in wanted.resources if each.kind == "tag"]
    body: tuple[Item, ...] = (
        *attributes(
            iam_role_arn=expression("aws_iam_role.backup.arn"),
            name=Traced(wanted.name, f"{path}.name"),
            plan_id=expression(f"aws_backup_plan.{name}.id"),
            resources=Traced(arns, f"{path}.resources") if arns else None,
        ),
        *(_selection_tag(each, path) for each in tags),
    )
    return resource("aws_backup_selection", name, body, path)


def _selection_tag(wanted: BackedUp, path: str) -> Block:
    body = attributes(type="STRINGEQUALS", key=wanted.key, value=wanted.value)
    return block("selection_tag", (), body, f"{path}.resources")


def _arn(plan: Plan, wanted: BackedUp) -> Any:
    if wanted.kind == "fileSystem":
        label = identifiers(each.name for each in plan.file_systems)[wanted.value]
        return expression(f"aws_efs_file_system.{label}.arn")
    if wanted.kind == "table":
        tables = plan.serverless.tables if plan.serverless else ()
        return expression(f"aws_dynamodb_table.{identifiers(each.name for each in tables)[wanted.value]}.arn")
    return wanted.value
