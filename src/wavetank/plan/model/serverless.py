"""The resolved serverless half: HTTP APIs, functions, stores, events, and the internal load balancer that leads into the cluster.

``name`` is the author's; ``*_name`` the one that AWS knows. References are by the author's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from wavetank.kube.types import Obj


@dataclass(frozen=True)
class Throttle:
    rate: int
    burst: int


@dataclass(frozen=True)
class ApiRoute:
    """``key`` is API Gateway's: "POST /predict". Exactly one of ``function`` and ``service`` is set."""

    key: str
    function: str | None
    service: str | None
    #: whether the token of the API's issuer is asked for
    authorized: bool
    scopes: tuple[str, ...]
    throttling: Throttle | None


@dataclass(frozen=True)
class Jwt:
    issuer: str
    audiences: tuple[str, ...]


@dataclass(frozen=True)
class Cors:
    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    max_age_seconds: int


@dataclass(frozen=True)
class ApiDomain:
    """``certificate`` is a name of Dns.certificates."""

    name: str
    certificate: str


@dataclass(frozen=True)
class Api:
    name: str
    api_name: str
    jwt: Jwt | None
    cors: Cors | None
    throttling: Throttle
    timeout_seconds: int
    domain: ApiDomain | None
    log_retention_days: int
    routes: tuple[ApiRoute, ...]
    requests_per_month: Decimal


@dataclass(frozen=True)
class Archive:
    """A function's folder as the zip archive that Lambda gets. Both are base64: of the archive and of its SHA-256."""

    content: str
    sha256: str


@dataclass(frozen=True)
class Call:
    """A Service that a function calls, through the entrance's port for it."""

    service: str
    timeout_seconds: int

    @property
    def name(self) -> str:
        """By which paths of the plan know it."""
        return self.service


@dataclass(frozen=True)
class QueueTrigger:
    queue: str
    batch_size: int
    batching_seconds: int
    concurrency: int | None

    @property
    def name(self) -> str:
        """By which paths of the plan know it."""
        return self.queue


@dataclass(frozen=True)
class Function:
    name: str
    function_name: str
    #: exactly one of the two: a folder of the author's, or a full image reference
    folder: str | None
    image: str | None
    archive: Archive | None
    runtime: str | None
    handler: str | None
    memory_mib: int
    timeout_seconds: int
    architecture: Literal["arm64", "x86_64"]
    in_vpc: bool
    env: Mapping[str, str]
    role_name: str
    #: IAM policy statements beside those for the log, the network interface and the dead-letter queue
    statements: tuple[Obj, ...]
    managed_policy_arns: tuple[str, ...]
    calls: tuple[Call, ...]
    caches: tuple[str, ...]
    triggers: tuple[QueueTrigger, ...]
    concurrency: int | None
    tracing: bool
    log_retention_days: int
    invokes_per_month: Decimal
    duration_ms: Decimal


@dataclass(frozen=True)
class TableKey:
    name: str
    type: Literal["S", "N", "B"]


@dataclass(frozen=True)
class TableIndex:
    name: str
    hash_key: TableKey
    range_key: TableKey | None
    projection: Literal["ALL", "KEYS_ONLY"]


@dataclass(frozen=True)
class Table:
    name: str
    table_name: str
    hash_key: TableKey
    range_key: TableKey | None
    billing: Literal["onDemand", "provisioned"]
    #: None unless provisioned
    read_capacity: int | None
    write_capacity: int | None
    indexes: tuple[TableIndex, ...]
    ttl_attribute: str | None
    point_in_time_recovery: bool
    deletion_protection: bool
    stream: str | None
    reads_per_month: Decimal
    writes_per_month: Decimal
    size_gb: Decimal


@dataclass(frozen=True)
class Cache:
    name: str
    #: replication group id
    group_id: str
    engine: Literal["valkey", "redis"]
    engine_version: str
    node_type: str
    nodes: int
    multi_zone: bool
    eviction: str | None
    snapshot_days: int
    change_percent_per_day: int
    #: names of Network.subnets
    subnets: tuple[str, ...]


@dataclass(frozen=True)
class BucketLifecycle:
    prefix: str
    infrequent_after_days: int | None
    glacier_after_days: int | None
    expire_after_days: int | None


@dataclass(frozen=True)
class Bucket:
    name: str
    bucket_name: str
    versioning: bool
    #: None without versioning
    old_versions_days: int | None
    lifecycle: tuple[BucketLifecycle, ...]
    kms: bool
    events: bool
    force_destroy: bool
    size_gb: Decimal
    reads_per_month: Decimal
    writes_per_month: Decimal


@dataclass(frozen=True)
class Queue:
    name: str
    queue_name: str
    dead_letter_name: str
    fifo: bool
    visibility_seconds: int
    retention_days: int
    dead_letter_after: int
    requests_per_month: Decimal


@dataclass(frozen=True)
class EventRule:
    """Exactly one of ``schedule`` and ``pattern``, and one of ``function`` and ``queue``."""

    name: str
    rule_name: str
    schedule: str | None
    pattern: Obj | None
    function: str | None
    queue: str | None
    input: Mapping[str, Any] | None
    events_per_month: Decimal


@dataclass(frozen=True)
class Entrance:
    """A listener of the internal network load balancer, whose target group the controller fills with a Service's pods."""

    service: str
    namespace: str
    #: port of the load balancer, of the Service, and of the pods
    port: int
    service_port: int
    target_port: int
    #: at most 32 characters, as AWS has it
    target_group: str
    health_check_path: str

    @property
    def name(self) -> str:
        """By which paths of the plan know it."""
        return self.service


@dataclass(frozen=True)
class Serverless:
    apis: tuple[Api, ...]
    functions: tuple[Function, ...]
    tables: tuple[Table, ...]
    caches: tuple[Cache, ...]
    buckets: tuple[Bucket, ...]
    queues: tuple[Queue, ...]
    events: tuple[EventRule, ...]
    entrances: tuple[Entrance, ...]
    #: where archives of functions lie; None when there are none
    code_bucket: Bucket | None
