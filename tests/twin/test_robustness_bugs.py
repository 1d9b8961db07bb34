"""A bug of ours in a controller ends the world, whoever happened to run it; it is never an answer to one request only."""

from __future__ import annotations

import asyncio
import json

import pytest
from test_apiserver_fuzz import answered

from wavetank.twin.apiserver.edge import Edge
from wavetank.twin.cluster import Change, Cluster, SubscriberFailedError
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.cluster.ports import NoLogs, NoMetrics
from wavetank.twin.engine import Engine, Pacer


class BugError(Exception):
    """What nobody expects."""


def fail(*_: object) -> None:
    raise BugError


async def paced(pacer: Pacer) -> None:
    await asyncio.wait_for(pacer.run(), 5)


def edge_of(engine: Engine, cluster: Cluster) -> Edge:
    return Edge(cluster, Pacer(engine), NoMetrics(), NoLogs(), "v1.36.2")


def test_an_action_that_fails_while_a_request_moves_the_clock_ends_the_world(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine()
    edge = edge_of(engine, new_cluster(engine))
    engine.call_soon(fail)
    for _ in range(2):
        status, body = answered(edge, "GET", "/api/v1/namespaces", "", "", b"")
        assert (status, json.loads(body)["reason"]) == (500, "InternalError")
    with pytest.raises(BugError):
        asyncio.run(paced(edge.pacer))
    assert "BugError" in caplog.text


def test_a_controller_that_cannot_take_a_change_in_ends_the_world() -> None:
    engine = Engine()
    cluster = new_cluster(engine)
    seen: list[Change] = []
    cluster.subscribe("configmaps", fail)
    cluster.subscribe("configmaps", seen.append)
    edge = edge_of(engine, cluster)
    body = json.dumps({"metadata": {"name": "x"}}).encode()
    status, _ = answered(edge, "POST", "/api/v1/namespaces/default/configmaps", "", "application/json", body)
    assert status == 500
    with pytest.raises(SubscriberFailedError, match="ADDED configmaps default/x"):
        asyncio.run(paced(edge.pacer))
