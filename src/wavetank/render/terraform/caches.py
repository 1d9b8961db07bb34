"""caches.tf: ElastiCache replication groups in the private subnets, encrypted, reachable for pods and functions that use them."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import Cache, Plan
from wavetank.render.hcl import Attribute, Block, Item, attributes, block, expression
from wavetank.render.terraform.parts import explained, indexed, resource
from wavetank.render.terraform.security_groups import PODS, Peer, group_id, guarded
from wavetank.render.terraform.store_names import names
from wavetank.render.trace import Traced

PORT = 6379
GROUP = "caches"
FUNCTIONS = "functions"


def items(plan: Plan) -> tuple[Item, ...]:
    """Who may connect, where they stand, then each group."""
    caches = plan.serverless.caches if plan.serverless else ()
    if not caches:
        return ()
    labels = names(plan, "caches")
    return (
        *guarded(GROUP, "Caches", PORT, _peers(plan), "serverless.caches"),
        _subnets(caches[0]),
        *(item for each in caches for item in _cache(plan, each, labels[each.name])),
    )


def _peers(plan: Plan) -> tuple[Peer, ...]:
    functions = Peer(FUNCTIONS, group_id(FUNCTIONS), "Functions that use caches")
    used = any(each.caches for each in (plan.serverless.functions if plan.serverless else ()))
    return (PODS, functions) if used else (PODS,)


def _subnets(first: Cache) -> Block:
    path = f"serverless.caches[{first.name}].subnets"
    body = attributes(
        name=expression('"${lower(local.cluster_name)}-caches"'),
        description="Private subnets",
        subnet_ids=Traced([indexed("aws_subnet.private", subnet, "id") for subnet in first.subnets], path),
    )
    return resource("aws_elasticache_subnet_group", GROUP, body, path)


def _cache(plan: Plan, each: Cache, name: str) -> Iterator[Block]:
    path = f"serverless.caches[{each.name}]"
    if each.eviction:
        yield _parameters(each, name, path)
    parameters = expression(f"aws_elasticache_parameter_group.{name}.name") if each.eviction else None
    body: tuple[Item, ...] = (
        Attribute("replication_group_id", Traced(each.group_id, f"{path}.groupId")),
        Attribute("description", f"{each.name} of {plan.name}"),
        Attribute("engine", explained(plan, each.engine, f"{path}.engine")),
        Attribute("engine_version", Traced(each.engine_version, f"{path}.engineVersion")),
        *attributes(parameter_group_name=parameters),
        Attribute("node_type", Traced(each.node_type, f"{path}.nodeType")),
        Attribute("num_cache_clusters", explained(plan, each.nodes, f"{path}.nodes")),
        Attribute("automatic_failover_enabled", Traced(each.nodes > 1, f"{path}.nodes")),
        Attribute("multi_az_enabled", Traced(each.multi_zone, f"{path}.multiZone")),
        *attributes(
            port=PORT,
            subnet_group_name=expression(f"aws_elasticache_subnet_group.{GROUP}.name"),
            security_group_ids=[group_id(GROUP)],
            at_rest_encryption_enabled=True,
            transit_encryption_enabled=True,
        ),
        Attribute("snapshot_retention_limit", explained(plan, each.snapshot_days, f"{path}.snapshotDays")),
        *attributes(apply_immediately=True),
    )
    yield resource("aws_elasticache_replication_group", name, body, path)


def _parameters(each: Cache, name: str, path: str) -> Block:
    where = f"{path}.eviction"
    major = each.engine_version.partition(".")[0]
    chosen = attributes(name="maxmemory-policy", value=Traced(each.eviction, where))
    body: tuple[Item, ...] = (
        *attributes(name=Traced(each.group_id, f"{path}.groupId"), family=f"{each.engine}{major}"),
        block("parameter", (), chosen, where),
        block("lifecycle", (), attributes(create_before_destroy=True), where),
    )
    return resource("aws_elasticache_parameter_group", name, body, where)
