"""Whether the API is well, and a few numbers of it: ``/healthz``, ``/livez``, ``/readyz`` with their checks, ``/metrics``."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.twin.cluster.registry import no_such_resource

from ..edge import Edge
from ..exchange import Answer, Exchange, text_answer

ROOTS = ("healthz", "livez", "readyz")
#: The checks that an API server has whatever it is configured with. Whoever gets an answer at all finds all of them well.
CHECKS = (
    "ping",
    "log",
    "etcd",
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/start-service-ip-repair-controllers",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-openapi-controller",
)
_OF_READINESS = ("informer-sync", "shutdown")
METRICS_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def health(exchange: Exchange) -> Answer:
    """``ok``, or with ``verbose`` a line for each check; one check by its path. 404 for a check that does not exist."""
    root, _, name = exchange.path.strip("/").partition("/")
    checks = (*CHECKS, *(_OF_READINESS if root == "readyz" else ()))
    if name:
        if name not in checks:
            raise no_such_resource()
        return text_answer("ok")
    if "verbose" not in exchange.query:
        return text_answer("ok")
    excluded = exchange.query.get("exclude", "").split(",")
    lines = [f"[+]{check} {'excluded: ok' if check in excluded else 'ok'}" for check in checks]
    return text_answer("\n".join([*lines, f"{root} check passed"]) + "\n")


def metrics(edge: Edge) -> Answer:
    """What the twin can say truthfully of itself, under the names that an API server gives it."""
    return Answer(("\n".join(_metrics(edge)) + "\n").encode(), media_type=METRICS_MEDIA_TYPE)


def _metrics(edge: Edge) -> Iterator[str]:
    yield "# HELP apiserver_storage_objects Number of stored objects at the time of the last check, by resource."
    yield "# TYPE apiserver_storage_objects gauge"
    for key in edge.cluster.store.resource_keys():
        yield f'apiserver_storage_objects{{resource="{key}"}} {sum(1 for _ in edge.cluster.store.all(key))}'
    yield "# HELP apiserver_longrunning_requests Gauge of all active long-running apiserver requests."
    yield "# TYPE apiserver_longrunning_requests gauge"
    yield f'apiserver_longrunning_requests{{verb="WATCH"}} {len(edge.watchers)}'
    yield "# HELP wavetank_store_revision The revision of the newest change."
    yield "# TYPE wavetank_store_revision counter"
    yield f"wavetank_store_revision {edge.cluster.store.revision}"
