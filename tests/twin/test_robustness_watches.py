"""Watchers that do not read, vanish, come back or come in hundreds: each costs little, and none stays behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from test_apiserver_fuzz import ADMIN

from wavetank.kube.types import Obj
from wavetank.twin.apiserver.app import Application
from wavetank.twin.apiserver.edge import Edge
from wavetank.twin.apiserver.handlers import watching
from wavetank.twin.apiserver.listener import CERTIFICATE
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.cluster.ports import NoLogs, NoMetrics
from wavetank.twin.engine import Engine, Pacer

PATH = "/api/v1/namespaces/default/configmaps"


class Client:
    """One watch through the ASGI application. ``reads`` False: it takes nothing after the head."""

    def __init__(self, edge: Edge, query: str = "", *, reads: bool = True) -> None:
        self.status = 0
        self.lines: list[Obj] = []
        self._reads = asyncio.Event()
        if reads:
            self._reads.set()
        self._gone = asyncio.Event()
        self._asked = False
        scope: dict[str, Any] = {"type": "http", "method": "GET", "path": PATH, "headers": [], CERTIFICATE: ADMIN}
        scope["query_string"] = f"watch=true&{query}".encode()
        self.task = asyncio.create_task(Application(edge, ())(scope, self._receive, self._send))

    async def _receive(self) -> Any:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        if message["body"]:
            await self._reads.wait()
        self.lines += [json.loads(line) for line in message["body"].splitlines()]

    def read_on(self) -> None:
        self._reads.set()

    async def leave(self) -> None:
        self._gone.set()
        await asyncio.wait_for(self.task, 5)

    async def has(self, count: int) -> list[Obj]:
        while len(self.lines) < count:
            await asyncio.wait_for(asyncio.sleep(0), 5)
        return self.lines

    @property
    def seen(self) -> list[str]:
        return [f"{line['type']} {line['object']['metadata'].get('name', '')}" for line in self.lines]


@pytest.fixture
def edge() -> Iterator[Edge]:
    engine = Engine()
    made = Edge(new_cluster(engine), Pacer(engine), NoMetrics(), NoLogs(), "v1.36.2")
    yield made
    assert not made.watchers


def create(edge: Edge, *names: str) -> None:
    for name in names:
        edge.cluster.create(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}
        )


@asynccontextmanager
async def begun(client: Client) -> AsyncIterator[Client]:
    while not client.status:
        await asyncio.sleep(0)
    yield client
    await client.leave()


def test_one_that_does_not_read_is_ended_after_what_it_could_hold_and_goes_on_from_there(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "QUEUE_LENGTH", 10)

    async def story() -> None:
        async with begun(Client(edge, "resourceVersion=0", reads=False)) as slow:
            create(edge, *(f"c-{n:02}" for n in range(30)))
            slow.read_on()
            await asyncio.wait_for(slow.task, 5)
        assert slow.seen == [f"ADDED c-{n:02}" for n in range(len(slow.seen))]
        assert 10 <= len(slow.seen) < 30
        last = slow.lines[-1]["object"]["metadata"]["resourceVersion"]
        async with begun(Client(edge, f"resourceVersion={last}")) as again:
            await again.has(30 - len(slow.seen))
        assert slow.seen + again.seen == [f"ADDED c-{n:02}" for n in range(30)]

    asyncio.run(story())


def test_one_that_vanishes_is_forgotten_even_before_it_began(edge: Edge) -> None:
    async def story() -> None:
        for wait in (0, 1, 2, 3, 5):
            client = Client(edge, "resourceVersion=0")
            for _ in range(wait):
                await asyncio.sleep(0)
            await client.leave()
        clients = [Client(edge) for _ in range(200)]
        await asyncio.sleep(0.01)
        create(edge, "one")
        for client in clients:
            await client.has(1)
            await client.leave()

    asyncio.run(story())


def test_a_version_that_is_forgotten_is_gone_and_one_that_is_no_number_is_refused(edge: Edge) -> None:
    async def story() -> None:
        oldest = edge.cluster.store.oldest_revision
        async with begun(Client(edge, f"resourceVersion={oldest - 1}")) as late:
            (event,) = await late.has(1)
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
        async with begun(Client(edge, "resourceVersion=abc")) as wrong:
            assert wrong.status == 400

    create(edge, "one")
    edge.cluster.store.history.popleft()
    asyncio.run(story())


def test_initial_events_end_with_a_bookmark_if_bookmarks_are_wanted(edge: Edge) -> None:
    async def story() -> None:
        initial = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion="
        async with begun(Client(edge, f"{initial}&allowWatchBookmarks=true")) as wanted:
            await wanted.has(2)
        bookmark = wanted.lines[1]
        assert wanted.seen == ["ADDED one", "BOOKMARK "]
        assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
        async with begun(Client(edge, initial)) as unwanted:
            await unwanted.has(1)
            create(edge, "two")
            await unwanted.has(2)
        assert unwanted.seen == ["ADDED one", "ADDED two"]
        async with begun(Client(edge, "sendInitialEvents=true")) as refused:
            assert refused.status == 422

    create(edge, "one")
    asyncio.run(story())
