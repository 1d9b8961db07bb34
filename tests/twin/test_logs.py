"""Logs are what the process wrote, and refusals are those of the API server and the kubelet."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nodes_kit import World, container, pod
from real_kit import RealWorld, get, until

from wavetank.kube.errors import ApiError
from wavetank.twin.cluster.ports import LogQuery
from wavetank.twin.nodes.kubelet import Registry
from wavetank.twin.nodes.logs import FleetLogs
from wavetank.twin.nodes.runtime.local_command import LocalCommand

COUNT = "for i in 1 2 3 4 5; do echo line $i; done; echo done >&2; printf half; exec sleep 60"


async def text(chunks: AsyncIterator[bytes]) -> str:
    return b"".join([chunk async for chunk in chunks]).decode()


def refusal(world: World, query: LogQuery, name: str = "web") -> tuple[int, str]:
    logs = FleetLogs(world.cluster, world.fleet)
    with pytest.raises(ApiError) as caught:
        asyncio.run(text(logs.read("default", name, query)))
    return caught.value.code, caught.value.message


def counting_world(tmp_path: Path) -> RealWorld:
    counter = LocalCommand(("sh", "-c", COUNT))
    return RealWorld(tmp_path, {"registry.example/counter": counter})


def test_a_log_is_read_whole_by_its_tail_by_bytes_and_with_times(tmp_path: Path) -> None:
    world = counting_world(tmp_path)
    logs = FleetLogs(world.cluster, world.fleet)

    async def story() -> None:
        world.create(containers=[{"name": "app", "image": "registry.example/counter:1"}])

        async def read(query: LogQuery) -> str:
            return await text(logs.read("default", "web", query))

        await until(world.ready)
        for _ in range(100):
            if (await read(LogQuery())).count("\n") == 6:
                break
            await asyncio.sleep(0.02)
        whole = await read(LogQuery())
        assert sorted(whole.splitlines()) == ["done", *(f"line {n}" for n in range(1, 6))]
        assert (await read(LogQuery(tail_lines=2))).count("\n") == 2
        assert await read(LogQuery(tail_lines=0)) == ""
        assert await read(LogQuery(limit_bytes=9)) == whole[:9]
        stamped = (await read(LogQuery(timestamps=True))).splitlines()[0]
        assert stamped.startswith("2026-01-01T01:")
        assert stamped.split(" ", 1)[1] == whole.splitlines()[0]
        assert await read(LogQuery(since_seconds=3600)) == whole

    world.run(story)


def test_following_ends_with_the_container_and_previous_shows_the_start_before(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)
    logs = FleetLogs(world.cluster, world.fleet)

    async def story() -> None:
        world.create()
        await until(world.ready)
        address = world.pod()["status"]["podIP"]
        follow = asyncio.get_running_loop().create_task(text(logs.read("default", "web", LogQuery(follow=True))))
        await asyncio.sleep(0.2)
        with pytest.raises((OSError, IndexError)):
            await get(address, 8080, "/crash")
        followed = await asyncio.wait_for(follow, 5)
        assert f"listening on {address}:8080" in followed
        await until(lambda: world.container()["restartCount"] == 1)
        previous = await text(logs.read("default", "web", LogQuery(previous=True)))
        assert previous == followed

    world.run(story)


def test_the_pieces_of_a_long_line_come_back_as_one(tmp_path: Path) -> None:
    long = LocalCommand((sys.executable, "-I", "-S", "-c", "print('x' * 100000)"))
    world = RealWorld(tmp_path, {"registry.example/long": long})
    logs = FleetLogs(world.cluster, world.fleet)

    async def story() -> None:
        world.create(containers=[{"name": "app", "image": "registry.example/long"}], restartPolicy="Never")
        await until(lambda: world.pod()["status"].get("phase") == "Succeeded")
        assert await text(logs.read("default", "web", LogQuery())) == "x" * 100000 + "\n"
        assert await text(logs.read("default", "web", LogQuery(tail_lines=1))) == "x" * 100000 + "\n"

    world.run(story)


def test_a_container_must_be_named_where_there_are_several() -> None:
    world = World()
    world.run(pod("web", container("a"), container("b"), initContainers=[container("setup")]))
    world.after(5.0)
    assert refusal(world, LogQuery()) == (
        400,
        "a container name must be specified for pod web, choose one of: [a b] or one of the init containers: [setup]",
    )
    assert refusal(world, LogQuery(container="x")) == (400, "container x is not valid for pod web")


def test_what_has_not_started_or_not_ended_has_no_such_log() -> None:
    world = World(registry=Registry(size_bytes=100, bytes_per_second=1.0))
    world.run(pod())
    world.after(5.0)
    waiting = 'container "app" in pod "web" is waiting to start: ContainerCreating'
    assert refusal(world, LogQuery()) == (400, waiting)
    world.after(200.0)
    missing = 'previous terminated container "app" in pod "web" not found'
    assert refusal(world, LogQuery(previous=True)) == (400, missing)


def test_an_image_that_cannot_be_pulled_is_the_reason_for_no_log() -> None:
    world = World(registry=Registry(problem=lambda image: "denied"))
    world.run(pod())
    world.after(5.0)
    text_of_it = 'container "app" in pod "web" is waiting to start: trying and failing to pull image'
    assert refusal(world, LogQuery()) == (400, text_of_it)


def test_an_unknown_pod_is_not_found() -> None:
    assert refusal(World(), LogQuery(), "nobody") == (404, 'pods "nobody" not found')


def test_a_modelled_container_has_an_empty_log() -> None:
    world = World()
    world.run(pod())
    world.after(5.0)
    logs = FleetLogs(world.cluster, world.fleet)
    assert asyncio.run(text(logs.read("default", "web", LogQuery(follow=True)))) == ""


def test_the_log_of_a_dead_machine_cannot_be_had() -> None:
    world = World()
    world.run(pod())
    world.after(5.0)
    world.fleet.fail(world.machine.name)
    code, message = refusal(world, LogQuery())
    assert code == 500
    assert message.endswith(f"dial tcp {world.machine.address}:10250: i/o timeout")
