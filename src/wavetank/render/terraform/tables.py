"""tables.tf: DynamoDB tables, encrypted with a key that AWS manages in the account."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import Plan, Table, TableIndex, TableKey
from wavetank.render.hcl import Attribute, Block, Item, attributes, block
from wavetank.render.terraform.parts import explained, optional, resource
from wavetank.render.terraform.store_names import names
from wavetank.render.trace import Traced

_BILLING = {"onDemand": "PAY_PER_REQUEST", "provisioned": "PROVISIONED"}


def items(plan: Plan) -> tuple[Item, ...]:
    """One table each."""
    labels = names(plan, "tables")
    tables = plan.serverless.tables if plan.serverless else ()
    return tuple(_table(plan, each, labels[each.name]) for each in tables)


def _table(plan: Plan, each: Table, name: str) -> Block:
    path = f"serverless.tables[{each.name}]"
    body: tuple[Item, ...] = (
        Attribute("name", Traced(each.table_name, f"{path}.tableName")),
        Attribute("billing_mode", explained(plan, _BILLING[each.billing], f"{path}.billing")),
        *optional("read_capacity", each.read_capacity, f"{path}.readCapacity"),
        *optional("write_capacity", each.write_capacity, f"{path}.writeCapacity"),
        Attribute("hash_key", Traced(each.hash_key.name, f"{path}.hashKey")),
        *(optional("range_key", each.range_key.name, f"{path}.rangeKey") if each.range_key else ()),
        *optional("stream_enabled", bool(each.stream), f"{path}.stream"),
        *optional("stream_view_type", each.stream, f"{path}.stream"),
        Attribute("deletion_protection_enabled", Traced(each.deletion_protection, f"{path}.deletionProtection")),
        *(_attribute(key, path) for key in _keys(each)),
        *(_index(index, each, f"{path}.indexes[{index.name}]") for index in each.indexes),
        *_expiry(each, path),
        _recovery(plan, each, path),
        block("server_side_encryption", (), attributes(enabled=True), path),
    )
    return resource("aws_dynamodb_table", name, body, path)


def _keys(each: Table) -> list[TableKey]:
    """Attributes that are a key of the table or of an index, each once."""
    keys = [each.hash_key, each.range_key]
    keys += [key for index in each.indexes for key in (index.hash_key, index.range_key)]
    return list({key.name: key for key in keys if key is not None}.values())


def _attribute(key: TableKey, path: str) -> Block:
    return block("attribute", (), attributes(name=key.name, type=key.type), path)


def _index(index: TableIndex, table: Table, path: str) -> Block:
    body: tuple[Item, ...] = (
        *attributes(name=Traced(index.name, f"{path}.name"), hash_key=Traced(index.hash_key.name, f"{path}.hashKey")),
        *(optional("range_key", index.range_key.name, f"{path}.rangeKey") if index.range_key else ()),
        Attribute("projection_type", Traced(index.projection, f"{path}.projection")),
        *optional("read_capacity", table.read_capacity, path),
        *optional("write_capacity", table.write_capacity, path),
    )
    return block("global_secondary_index", (), body, path)


def _expiry(each: Table, path: str) -> Iterator[Block]:
    if each.ttl_attribute:
        body = attributes(enabled=True, attribute_name=each.ttl_attribute)
        yield block("ttl", (), body, f"{path}.ttlAttribute")


def _recovery(plan: Plan, each: Table, path: str) -> Block:
    where = f"{path}.pointInTimeRecovery"
    return block(
        "point_in_time_recovery", (), attributes(enabled=explained(plan, each.point_in_time_recovery, where)), where
    )
