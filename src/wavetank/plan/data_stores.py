"""Tables, caches, buckets and queues, which workloads and functions use."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from wavetank.plan.aws_names import aws_name, bucket_name, queue_name, shortened
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Bucket, BucketLifecycle, Cache, Network, Queue, Table, TableIndex, TableKey
from wavetank.plan.reasons import Default
from wavetank.spec.platform import PlatformFile
from wavetank.spec.serverless import Serverless as WrittenServerless
from wavetank.spec.stores import Bucket as WrittenBucket
from wavetank.spec.stores import Cache as WrittenCache
from wavetank.spec.stores import Index, Lifecycle
from wavetank.spec.stores import Queue as WrittenQueue
from wavetank.spec.stores import Table as WrittenTable

_DYNAMO = "docs.aws.amazon.com/amazondynamodb/latest/developerguide"
_CACHE = "docs.aws.amazon.com/AmazonElastiCache/latest/dg"
_S3 = "docs.aws.amazon.com/AmazonS3/latest/userguide"
_SQS = "docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide"

UNANNOUNCED = Default("serverless.usage", "nothing was announced")
ON_DEMAND = Default(
    "serverless.tables.billing", "it pays per request and needs no planning", f"{_DYNAMO}/on-demand-capacity-mode.html"
)
RESTORABLE = Default(
    "serverless.tables.pointInTimeRecovery",
    "what a program deletes by mistake can be brought back",
    f"{_DYNAMO}/Point-in-time-recovery.html",
)
DELETABLE = Default("serverless.tables.deletionProtection", "what Terraform made, Terraform can take away")
STRINGS = Default("serverless.tables.keyType", "keys are mostly strings")
WHOLE_ITEMS = Default("serverless.tables.projection", "a query of the index then needs no second one of the table")
NO_STREAM = Default("serverless.tables.stream", "nobody reads its changes")
VALKEY = Default(
    "serverless.caches.engine",
    "the open successor of Redis; AWS asks a fifth less for it",
    f"{_CACHE}/supported-engine-versions.html",
)
NEWEST_ENGINE = Default(
    "serverless.caches.engineVersion", "the newest that ElastiCache has", f"{_CACHE}/supported-engine-versions.html"
)
REPLICATED = Default(
    "serverless.caches.nodes", "a cache with one node is empty after each failure", f"{_CACHE}/AutoFailover.html"
)
ENGINES_OWN = Default("serverless.caches.eviction", "the engine's own, volatile-lru")
ONE_SNAPSHOT = Default(
    "serverless.caches.snapshotDays", "the last day's content can be brought back", f"{_CACHE}/backups-automatic.html"
)
ALL_CHANGES = Default("serverless.caches.changePercentPerDay", "a snapshot is a whole copy")
VERSIONED = Default(
    "serverless.buckets.versioning",
    "what is overwritten or deleted by mistake can be brought back",
    f"{_S3}/Versioning.html",
)
A_MONTH = Default("serverless.buckets.oldVersionsDays", "old versions are paid for like any object")
STAY = Default("serverless.buckets.lifecycle", "objects stay until somebody says how long they are of use")
S3_KEY = Default(
    "serverless.buckets.kms",
    "S3 encrypts with a key of its own, free of charge",
    f"{_S3}/UsingServerSideEncryption.html",
)
SILENT = Default("serverless.buckets.events", "nobody asked for events of objects")
KEPT = Default("serverless.buckets.forceDestroy", "data must not go with a `terraform destroy`")
STANDARD = Default("serverless.queues.fifo", "order costs throughput", f"{_SQS}/sqs-queue-types.html")
USUAL_VISIBILITY = Default("serverless.queues.visibilitySeconds", "SQS's own value")
FOUR_DAYS = Default("serverless.queues.retentionDays", "SQS's own value")
FIVE_ATTEMPTS = Default(
    "serverless.queues.deadLetterAfter",
    "what failed five times will fail the sixth time",
    f"{_SQS}/sqs-dead-letter-queues.html",
)
#: a function's retries must end before the message appears again
_VISIBILITY_FACTOR = 6
_VERSIONS = {"valkey": "8.0", "redis": "7.1"}

KeyType = Literal["S", "N", "B"]


def amount(path: str, written: Decimal | None, ledger: Ledger) -> Decimal:
    """A monthly quantity for the bill."""
    return ledger.chosen(path, written, Decimal(0), UNANNOUNCED)


def table(stated: WrittenTable, cluster_name: str, ledger: Ledger) -> Table:
    path = f"serverless.tables[{stated.name}]"
    ledger.stated(path, stated)
    return Table(
        name=stated.name,
        table_name=_named(path, aws_name(cluster_name, stated.name), ledger),
        hash_key=_key(f"{path}.hashKey", stated.hash_key, stated.hash_key_type, ledger),
        range_key=_key(f"{path}.rangeKey", stated.range_key, stated.range_key_type, ledger)
        if stated.range_key
        else None,
        billing=ledger.chosen(f"{path}.billing", stated.billing, "onDemand", ON_DEMAND),
        read_capacity=stated.read_capacity,
        write_capacity=stated.write_capacity,
        indexes=tuple(_index(f"{path}.indexes[{each.name}]", each, ledger) for each in stated.indexes or ()),
        ttl_attribute=stated.ttl_attribute,
        point_in_time_recovery=ledger.chosen(
            f"{path}.pointInTimeRecovery", stated.point_in_time_recovery, True, RESTORABLE
        ),
        deletion_protection=ledger.chosen(f"{path}.deletionProtection", stated.deletion_protection, False, DELETABLE),
        stream=ledger.chosen(f"{path}.stream", stated.stream, None, NO_STREAM),
        reads_per_month=amount(f"{path}.readsPerMonth", stated.reads_per_month, ledger),
        writes_per_month=amount(f"{path}.writesPerMonth", stated.writes_per_month, ledger),
        size_gb=amount(f"{path}.sizeGb", stated.size_gb, ledger),
    )


def _named(path: str, name: str, ledger: Ledger) -> str:
    field = f"{path.partition('.')[2].partition('[')[0].removesuffix('s')}Name"
    return ledger.derived(f"{path}.{field}", name, ("cluster.name", path), "unique in the account and region")


def _key(path: str, name: str, kind: KeyType | None, ledger: Ledger) -> TableKey:
    ledger.stated(path, name)
    ledger.chosen(f"{path}.type", kind, "S", STRINGS, f"{path}Type")
    return TableKey(name, kind or "S")


def _index(path: str, stated: Index, ledger: Ledger) -> TableIndex:
    ledger.stated(path, stated)
    return TableIndex(
        name=stated.name,
        hash_key=_key(f"{path}.hashKey", stated.hash_key, stated.hash_key_type, ledger),
        range_key=_key(f"{path}.rangeKey", stated.range_key, stated.range_key_type, ledger)
        if stated.range_key
        else None,
        projection=ledger.chosen(f"{path}.projection", stated.projection, "ALL", WHOLE_ITEMS),
    )


def cache(stated: WrittenCache, cluster_name: str, network: Network, ledger: Ledger) -> Cache:
    path = f"serverless.caches[{stated.name}]"
    ledger.stated(path, stated)
    engine: Literal["valkey", "redis"] = ledger.chosen(f"{path}.engine", stated.engine, "valkey", VALKEY)
    nodes = ledger.chosen(f"{path}.nodes", stated.nodes, 2, REPLICATED)
    group_id = shortened(f"{cluster_name}-{stated.name}".lower().replace("_", "-"), 40)
    subnets = tuple(subnet.name for subnet in network.private_subnets)
    return Cache(
        name=stated.name,
        group_id=ledger.derived(
            f"{path}.groupId", group_id, ("cluster.name", path), "unique in the account and region"
        ),
        engine=engine,
        engine_version=ledger.chosen(f"{path}.engineVersion", stated.engine_version, _VERSIONS[engine], NEWEST_ENGINE),
        node_type=ledger.stated(f"{path}.nodeType", stated.node_type),
        nodes=nodes,
        multi_zone=ledger.chosen(f"{path}.multiZone", stated.multi_zone, nodes > 1, REPLICATED),
        eviction=ledger.chosen(f"{path}.eviction", stated.eviction, None, ENGINES_OWN),
        snapshot_days=ledger.chosen(f"{path}.snapshotDays", stated.snapshot_days, 1, ONE_SNAPSHOT),
        change_percent_per_day=ledger.chosen(
            f"{path}.changePercentPerDay", stated.change_percent_per_day, 100, ALL_CHANGES
        ),
        subnets=ledger.derived(f"{path}.subnets", subnets, ("network.subnets",), "where nodes and pods are"),
    )


def bucket(stated: WrittenBucket, written: PlatformFile, cluster_name: str, ledger: Ledger) -> Bucket:
    path = f"serverless.buckets[{stated.name}]"
    ledger.stated(path, stated)
    versioning = ledger.chosen(f"{path}.versioning", stated.versioning, True, VERSIONED)
    old = ledger.chosen(f"{path}.oldVersionsDays", stated.old_versions_days, 30, A_MONTH) if versioning else None
    ledger.chosen(f"{path}.lifecycle", stated.lifecycle, (), STAY)
    return Bucket(
        name=stated.name,
        bucket_name=_named(path, bucket_name(cluster_name, stated.name, written), ledger),
        versioning=versioning,
        old_versions_days=old,
        lifecycle=tuple(
            _lifecycle(f"{path}.lifecycle[{index}]", each, ledger) for index, each in enumerate(stated.lifecycle or ())
        ),
        kms=ledger.chosen(f"{path}.kms", stated.kms, False, S3_KEY),
        events=ledger.chosen(f"{path}.events", stated.events, False, SILENT),
        force_destroy=ledger.chosen(f"{path}.forceDestroy", stated.force_destroy, False, KEPT),
        size_gb=amount(f"{path}.sizeGb", stated.size_gb, ledger),
        reads_per_month=amount(f"{path}.readsPerMonth", stated.reads_per_month, ledger),
        writes_per_month=amount(f"{path}.writesPerMonth", stated.writes_per_month, ledger),
    )


def _lifecycle(path: str, stated: Lifecycle, ledger: Ledger) -> BucketLifecycle:
    ledger.stated(path, stated)
    return BucketLifecycle(
        stated.prefix or "", stated.infrequent_after_days, stated.glacier_after_days, stated.expire_after_days
    )


def queue(
    stated: WrittenQueue, written: PlatformFile, timeouts: Iterable[int], cluster_name: str, ledger: Ledger
) -> Queue:
    """``timeouts`` are those of the functions that its messages start."""
    path = f"serverless.queues[{stated.name}]"
    ledger.stated(path, stated)
    longest = max(timeouts, default=None)
    name = queue_name(cluster_name, stated.name, written)
    dead = f"{shortened(name.removesuffix('.fifo'), 70)}-dead{'.fifo' if stated.fifo else ''}"
    return Queue(
        name=stated.name,
        queue_name=_named(path, name, ledger),
        dead_letter_name=ledger.derived(f"{path}.deadLetterName", dead, (f"{path}.queueName",), "its dead letters"),
        fifo=ledger.chosen(f"{path}.fifo", stated.fifo, False, STANDARD),
        visibility_seconds=_visibility(path, stated, longest, ledger),
        retention_days=ledger.chosen(f"{path}.retentionDays", stated.retention_days, 4, FOUR_DAYS),
        dead_letter_after=ledger.chosen(f"{path}.deadLetterAfter", stated.dead_letter_after, 5, FIVE_ATTEMPTS),
        requests_per_month=amount(f"{path}.requestsPerMonth", stated.requests_per_month, ledger),
    )


def _visibility(path: str, stated: WrittenQueue, longest: int | None, ledger: Ledger) -> int:
    where = f"{path}.visibilitySeconds"
    if stated.visibility_seconds is not None or longest is None:
        return ledger.chosen(where, stated.visibility_seconds, 30, USUAL_VISIBILITY)
    how = f"six times the {longest} seconds of the function that it starts"
    return ledger.derived(where, longest * _VISIBILITY_FACTOR, ("serverless.functions",), how)


def triggered_timeouts(written: WrittenServerless, name: str, default_seconds: int) -> list[int]:
    """Timeouts in seconds of the functions that the messages of a queue start."""
    return [
        function.timeout_seconds or default_seconds
        for function in written.functions or ()
        if any(each.queue == name for each in function.triggers or ())
    ]
