"""A serverless half as a plan, built by hand: every part of its model is used once. It leads to the Service `api`."""

from __future__ import annotations

from decimal import Decimal

from wavetank.plan.archives import archive
from wavetank.plan.model import (
    Api,
    ApiDomain,
    ApiRoute,
    Bucket,
    BucketLifecycle,
    Cache,
    Call,
    Cors,
    Entrance,
    EventRule,
    Function,
    Jwt,
    Queue,
    QueueTrigger,
    Serverless,
    Table,
    TableIndex,
    TableKey,
    Throttle,
)
from wavetank.spec.sources import SourceFile

_NONE = Decimal(0)
_PLACE = "ap-southeast-2:123456789012"


def serverless() -> Serverless:
    return Serverless(
        apis=(_api(),),
        functions=(_function(),),
        tables=(_table(),),
        caches=(
            Cache(
                "answers",
                "tug-answers",
                "valkey",
                "8.0",
                "cache.t4g.small",
                2,
                True,
                "allkeys-lru",
                1,
                100,
                ("private-ap-southeast-2a", "private-ap-southeast-2b"),
            ),
        ),
        buckets=(bucket("charts"),),
        queues=(Queue("jobs", "tug-jobs", "tug-jobs-dead", False, 150, 4, 5, _NONE),),
        events=(
            EventRule("nightly", "tug-nightly", "cron(0 2 * * ? *)", None, "pilot", None, {"task": "sweep"}, _NONE),
            EventRule("arrived", "tug-arrived", None, {"source": ["tug"], "size": [0.5]}, None, "jobs", None, _NONE),
        ),
        entrances=(Entrance("api", "harbor", 80, 80, 8080, "tug-api", "/ready"),),
        code_bucket=bucket("functions"),
    )


def bucket(name: str) -> Bucket:
    lifecycle = (BucketLifecycle("logs/", 30, 90, 365),)
    return Bucket(name, f"tug-{name}-123456789012", True, 30, lifecycle, True, True, False, _NONE, _NONE, _NONE)


def _api() -> Api:
    routes = (
        ApiRoute("POST /predict", "pilot", None, True, ("predict",), Throttle(10, 20)),
        ApiRoute("ANY /{proxy+}", None, "api", True, (), None),
        ApiRoute("GET /health", "pilot", None, False, (), None),
    )
    cors = Cors(("https://app.example.com",), ("GET",), ("authorization",), 600)
    jwt, domain = Jwt("https://login.example.com/", ("tug",)), ApiDomain("api.example.com", "api")
    return Api("public", "tug-public", jwt, cors, Throttle(100, 200), 29, domain, 30, routes, _NONE)


def _function() -> Function:
    table = f"arn:aws:dynamodb:{_PLACE}:table/tug-ships"
    reading = {"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": [table, f"{table}/index/*"]}
    return Function(
        name="pilot",
        function_name="tug-pilot",
        folder="pilot",
        image=None,
        archive=archive([SourceFile("main.py", b"def handler(event, context): ...\n", False)]),
        runtime="python3.13",
        handler="main.handler",
        memory_mib=256,
        timeout_seconds=20,
        architecture="arm64",
        in_vpc=True,
        env={"LEVEL": "info"},
        role_name="tug-fn-pilot",
        statements=(reading,),
        managed_policy_arns=(),
        calls=(Call("api", 15),),
        caches=("answers",),
        triggers=(QueueTrigger("jobs", 10, 0, 2),),
        concurrency=5,
        tracing=True,
        log_retention_days=30,
        invokes_per_month=_NONE,
        duration_ms=Decimal(100),
    )


def _table() -> Table:
    index = TableIndex("by-port", TableKey("port", "S"), TableKey("at", "N"), "ALL")
    return Table(
        name="ships",
        table_name="tug-ships",
        hash_key=TableKey("id", "S"),
        range_key=TableKey("at", "N"),
        billing="onDemand",
        read_capacity=None,
        write_capacity=None,
        indexes=(index,),
        ttl_attribute="expiresAt",
        point_in_time_recovery=True,
        deletion_protection=False,
        stream="NEW_IMAGE",
        reads_per_month=_NONE,
        writes_per_month=_NONE,
        size_gb=_NONE,
    )
