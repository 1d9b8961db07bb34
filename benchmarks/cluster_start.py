"""How long a test waits for a cluster of its own (``wavetank.testing``): until it answers, and until it has done something.

The limit is ours: a second, from nothing to an API with three Ready nodes, on a machine with other work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from benchmarks.measure import Figure, alone
from wavetank import testing

RUNS = 20
LIMIT_MS = 1000.0
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "example.com/web:1"}]}
"""


def figures() -> Iterator[Figure]:
    with testing.cluster():
        pass  # the first of a process reads schemas, later ones find them read
    yield alone("cluster of 3 nodes, started and ended", "ms", start_and_end, "ours", LIMIT_MS, RUNS)
    yield alone("  with 100 nodes", "ms", lambda: start_and_end(100), "ours", LIMIT_MS, RUNS)
    yield alone("  and a Deployment of 3 pods Ready in it", "ms", deploy, "ours", LIMIT_MS, RUNS)
    yield alone("an hour of an idle cluster with 3 nodes", "ms", idle_hour, runs=5)


def _milliseconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def start_and_end(nodes: int = 3) -> float:
    def whole() -> None:
        with testing.cluster(nodes=nodes):
            pass

    return _milliseconds(whole)


def deploy() -> float:
    def whole() -> None:
        with testing.cluster() as cluster:
            objects = cluster.objects
            objects.apply(DEPLOYMENT)
            cluster.wait_until(lambda: objects.get("deploy", "web").get("status", {}).get("readyReplicas") == 3)

    return _milliseconds(whole)


def idle_hour() -> float:
    with testing.cluster() as cluster:
        return _milliseconds(lambda: cluster.advance(3600))
