"""What an author writes about stores of AWS that workloads and functions use: tables, caches, buckets, queues."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from wavetank.spec.problems import refuse
from wavetank.spec.words import Count, Many, Name, Number, Percent, Positive, Text, Written


class Key(Written):
    """A key of a table: its attribute and the attribute's type."""

    name: str
    """Name of the attribute."""
    type: Literal["S", "N", "B"] = "S"
    """S (string), N (number) or B (binary)."""


class Index(Written):
    """A global secondary index."""

    name: Annotated[
        str,
        AfterValidator(
            lambda value: (
                value if re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", value) else refuse(f'"{value}" is no name of an index')
            )
        ),
    ]
    """Name of the index."""
    hash_key: str
    """Attribute by which it is asked."""
    hash_key_type: Literal["S", "N", "B"] | None = None
    """Default S."""
    range_key: str | None = None
    """Attribute by which it is sorted."""
    range_key_type: Literal["S", "N", "B"] | None = None
    """Default S."""
    projection: Literal["ALL", "KEYS_ONLY"] | None = None
    """What it copies of each item. Default ALL."""


class Table(Written):
    """A DynamoDB table."""

    name: Name
    """Name of the table; AWS knows it as `<cluster>-<name>`."""
    hash_key: str
    """Attribute by which items are found."""
    hash_key_type: Literal["S", "N", "B"] | None = None
    """S (string), N (number) or B (binary). Default S."""
    range_key: str | None = None
    """Attribute by which items of one hash key are sorted."""
    range_key_type: Literal["S", "N", "B"] | None = None
    """Default S."""
    billing: Literal["onDemand", "provisioned"] | None = None
    """Default onDemand: pays per request and never throttles at a steady rise."""
    read_capacity: Positive | None = None
    """Read units per second, for billing provisioned."""
    write_capacity: Positive | None = None
    """Write units per second, for billing provisioned."""
    indexes: Many[Index] | None = None
    """Global secondary indexes. Default none."""
    ttl_attribute: str | None = None
    """Attribute with the second in which an item expires. Default: items do not expire."""
    point_in_time_recovery: bool | None = None
    """Every second of the last 35 days can be restored. Default true."""
    deletion_protection: bool | None = None
    """AWS refuses to delete it. Default false."""
    stream: Literal["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"] | None = None
    """A stream of its changes. Default none."""
    reads_per_month: Number | None = None
    """Read requests (of up to 4 KB, eventually consistent half) as you expect them; the bill counts them. Default 0."""
    writes_per_month: Number | None = None
    """Write requests (of up to 1 KB) as you expect them. Default 0."""
    size_gb: Number | None = None
    """Data as you expect it, in GB. Default 0."""

    @model_validator(mode="after")
    def _capacity_fits(self) -> Table:
        units = self.read_capacity is not None and self.write_capacity is not None
        if self.billing == "provisioned" and not units:
            refuse("billing provisioned needs readCapacity and writeCapacity")
        if self.billing != "provisioned" and (self.read_capacity or self.write_capacity):
            refuse("readCapacity and writeCapacity need `billing: provisioned`")
        return self


def _node_type(value: str) -> str:
    if re.fullmatch(r"cache\.[a-z0-9]+\.[a-z0-9]+", value):
        return value
    return refuse(f'"{value}" is no node type of ElastiCache', "For example cache.t4g.small.")


class Cache(Written):
    """An ElastiCache replication group of one shard, in the private subnets, reachable for pods and the functions that use it."""

    name: Annotated[
        Name,
        AfterValidator(
            lambda value: (
                value
                if len(value) <= 20 and value[0].isalpha()
                else refuse(f'"{value}": a cache has a name of at most 20 characters that begins with a letter')
            )
        ),
    ]
    """Name of the cache."""
    engine: Literal["valkey", "redis"] | None = None
    """Default valkey: the open successor of Redis, and cheaper."""
    engine_version: Text | None = None
    """Default 8.0 of Valkey, 7.1 of Redis."""
    node_type: Annotated[str, AfterValidator(_node_type)]
    """For example cache.t4g.small."""
    nodes: (
        Annotated[
            int,
            AfterValidator(lambda value: value if 1 <= value <= 6 else refuse(f"{value}: a group has 1 to 6 nodes")),
        ]
        | None
    ) = None
    """One primary and its replicas. Default 2."""
    multi_zone: bool | None = None
    """A replica in another zone takes over. Default true with two nodes or more."""
    eviction: (
        Literal["volatile-lru", "allkeys-lru", "volatile-ttl", "allkeys-lfu", "volatile-lfu", "noeviction"] | None
    ) = None
    """What goes when memory is full. Default: the engine's own, volatile-lru."""
    snapshot_days: Count | None = None
    """Days that daily snapshots are kept. Default 1; 0 makes none."""
    change_percent_per_day: Percent | None = None
    """How much of it changes in a day, for the size of snapshots. Default 100: each is a whole one."""

    @model_validator(mode="after")
    def _zones_need_replicas(self) -> Cache:
        if self.multi_zone and self.nodes == 1:
            refuse("a single node cannot stand in two zones", "Raise nodes to 2.")
        return self


class Lifecycle(Written):
    """What becomes of objects as they grow old."""

    prefix: str | None = None
    """Only of objects whose key begins like this. Default all."""
    infrequent_after_days: (
        Annotated[
            int,
            AfterValidator(
                lambda value: (
                    value
                    if value >= 30
                    else refuse(f"{value}: S3 moves objects to Infrequent Access after 30 days or more")
                )
            ),
        ]
        | None
    ) = None
    """Days until they move to Standard-Infrequent Access."""
    glacier_after_days: Count | None = None
    """Days until they move to Glacier Flexible Retrieval."""
    expire_after_days: Positive | None = None
    """Days until they go."""

    @model_validator(mode="after")
    def _in_order(self) -> Lifecycle:
        days = [
            each
            for each in (self.infrequent_after_days, self.glacier_after_days, self.expire_after_days)
            if each is not None
        ]
        if not days:
            refuse("a lifecycle needs at least one number of days")
        if days != sorted(set(days)):
            refuse("objects grow old in one direction", "infrequentAfterDays < glacierAfterDays < expireAfterDays.")
        if (
            self.infrequent_after_days
            and self.glacier_after_days
            and self.glacier_after_days < self.infrequent_after_days + 30
        ):
            refuse(
                "objects stay in Infrequent Access for 30 days at least",
                f"Write glacierAfterDays {self.infrequent_after_days + 30} or more.",
            )
        return self


class Bucket(Written):
    """An S3 bucket: private, encrypted, TLS only."""

    name: Name
    """Name of the bucket; AWS knows it as `<cluster>-<name>-<account id>`."""
    versioning: bool | None = None
    """Keep what is overwritten or deleted. Default true."""
    old_versions_days: Positive | None = None
    """Days that they are kept. Default 30."""
    lifecycle: Many[Lifecycle] | None = None
    """What becomes of old objects. Default: they stay."""
    kms: bool | None = None
    """Encrypt with a KMS key of the platform instead of S3's own. Default false."""
    events: bool | None = None
    """Tell EventBridge of every object. Default false."""
    force_destroy: bool | None = None
    """Terraform may delete it with everything in it. Default false."""
    size_gb: Number | None = None
    """Data as you expect it, in GB; the bill counts it. Default 0."""
    reads_per_month: Number | None = None
    """GET requests as you expect them. Default 0."""
    writes_per_month: Number | None = None
    """PUT requests as you expect them. Default 0."""


class Queue(Written):
    """An SQS queue with a queue for messages that nobody could handle."""

    name: Name
    """Name of the queue; AWS knows it as `<cluster>-<name>` (and `.fifo`)."""
    fifo: bool | None = None
    """First in, first out, each once. Default false."""
    visibility_seconds: (
        Annotated[
            int,
            AfterValidator(
                lambda value: (
                    value if 0 <= value <= 43200 else refuse(f"{value}: a message is hidden for 0 to 43200 seconds")
                )
            ),
        ]
        | None
    ) = None
    """Seconds that a received message is hidden from others. Default 30, or six times the timeout of the function it starts."""
    retention_days: (
        Annotated[
            int,
            AfterValidator(
                lambda value: value if 1 <= value <= 14 else refuse(f"{value}: SQS keeps messages for 1 to 14 days")
            ),
        ]
        | None
    ) = None
    """Days that messages are kept. Default 4."""
    dead_letter_after: Positive | None = None
    """Attempts after which a message goes to `<queue>-dead`. Default 5."""
    requests_per_month: Number | None = None
    """Requests as you expect them; the bill counts them. Default 0."""
