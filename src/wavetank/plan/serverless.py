"""The serverless half as a whole: asks each of its parts, and adds what follows from them."""

from __future__ import annotations

from decimal import Decimal

from wavetank.plan.apis import api, event_rule
from wavetank.plan.aws_names import bucket_name
from wavetank.plan.data_stores import bucket, cache, queue, table, triggered_timeouts
from wavetank.plan.entrances import entrances
from wavetank.plan.functions import DEFAULT_SECONDS, function
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Bucket, Function, Network, Repository, Serverless, Service, Workload
from wavetank.plan.reasons import Default
from wavetank.spec import Platform

NONE = Default("serverless", "the platform lists nothing beside the cluster")


def serverless(
    platform: Platform,
    network: Network,
    services: tuple[Service, ...],
    workloads: tuple[Workload, ...],
    repositories: tuple[Repository, ...],
    cluster_name: str,
    ledger: Ledger,
) -> Serverless | None:
    """None when the platform has no such half."""
    written = platform.written
    stated = written.serverless
    if stated is None:
        return ledger.because("serverless", None, NONE)
    ledger.stated("serverless", stated)
    functions = tuple(function(each, platform, repositories, cluster_name, ledger) for each in stated.functions or ())
    return Serverless(
        apis=tuple(api(each, written, cluster_name, ledger) for each in stated.apis or ()),
        functions=functions,
        tables=tuple(table(each, cluster_name, ledger) for each in stated.tables or ()),
        caches=tuple(cache(each, cluster_name, network, ledger) for each in stated.caches or ()),
        buckets=tuple(bucket(each, written, cluster_name, ledger) for each in stated.buckets or ()),
        queues=tuple(
            queue(each, written, triggered_timeouts(stated, each.name, DEFAULT_SECONDS), cluster_name, ledger)
            for each in stated.queues or ()
        ),
        events=tuple(event_rule(each, cluster_name, ledger) for each in stated.events or ()),
        entrances=entrances(stated, services, workloads, cluster_name, ledger),
        code_bucket=_code_bucket(platform, functions, cluster_name, ledger),
    )


def _code_bucket(
    platform: Platform, functions: tuple[Function, ...], cluster_name: str, ledger: Ledger
) -> Bucket | None:
    """Archives can be made again from the author's folder, so the bucket may go with everything in it."""
    if not any(each.archive for each in functions):
        return None
    path, none = "serverless.codeBucket", Decimal(0)
    ledger.derived(path, None, ("serverless.functions",), "Lambda takes the archives of functions from S3")
    return Bucket(
        name="functions",
        bucket_name=ledger.derived(
            f"{path}.bucketName",
            bucket_name(cluster_name, "functions", platform.written),
            ("cluster.name", "accountId"),
            "unique in the world",
        ),
        versioning=True,
        old_versions_days=30,
        lifecycle=(),
        kms=False,
        events=False,
        force_destroy=True,
        size_gb=none,
        reads_per_month=none,
        writes_per_month=none,
    )
