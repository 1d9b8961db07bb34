"""A load balancer forwards streams to ready targets, lets established ones finish, and fails as an NLB does."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from real_kit import RealWorld, get, server_container, until

from wavetank.kube.types import Obj
from wavetank.twin.components import StandIns
from wavetank.twin.components.load_balancer_controller import LABELS, NAME
from wavetank.twin.nodes.loadbalancer import LocalLoadBalancers, Target
from wavetank.twin.nodes.runtime.loopback import bind_problem

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


async def serving(handler: Handler, address: str) -> tuple[asyncio.Server, Target]:
    server = await asyncio.start_server(handler, address, 0)
    return server, Target(address, server.sockets[0].getsockname()[1])


def saying(name: bytes) -> Handler:
    """A server that greets with its name and echoes until the other side has finished."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(name)
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write(b"bye")
        writer.close()

    return handle


async def balanced(ports: tuple[int, ...] = (18431,)) -> tuple[LocalLoadBalancers, str, int]:
    balancers = LocalLoadBalancers()
    placement = balancers.ensure("default/web", ports)
    return balancers, placement.address, placement.ports[ports[0]]


async def answer_of(address: str, port: int) -> bytes:
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(b"anyone?")
    return await reader.read()


def test_bytes_stream_both_ways_and_halves_close_on_their_own() -> None:
    async def story() -> None:
        balancers, address, port = await balanced()
        server, target = await serving(saying(b"a:"), "127.0.0.1")
        balancers.set_targets("default/web", 18431, [target])
        reader, writer = await asyncio.open_connection(address, port)
        big = b"0123456789" * 300_000

        async def send() -> None:
            writer.write(big)
            await writer.drain()
            writer.write_eof()

        sending = asyncio.get_running_loop().create_task(send())
        answer = await asyncio.wait_for(reader.read(), 10)
        await sending
        assert answer == b"a:" + big + b"bye"
        writer.close()
        server.close()
        balancers.close()

    asyncio.run(story())


def test_connections_spread_over_targets() -> None:
    async def story() -> None:
        balancers, address, port = await balanced()
        pairs = [await serving(saying(name), "127.0.0.1") for name in (b"a", b"b", b"c")]
        balancers.set_targets("default/web", 18431, [target for _, target in pairs])
        seen: list[bytes] = []
        for _ in range(60):
            reader, writer = await asyncio.open_connection(address, port)
            seen.append(await reader.readexactly(1))
            writer.close()
        assert all(5 < seen.count(name) < 40 for name in (b"a", b"b", b"c"))
        for server, _ in pairs:
            server.close()
        balancers.close()

    asyncio.run(story())


def test_a_deregistered_target_keeps_what_it_has_and_gets_nothing_new() -> None:
    async def story() -> None:
        balancers, address, port = await balanced()
        old_server, old = await serving(saying(b"o"), "127.0.0.1")
        new_server, new = await serving(saying(b"n"), "127.0.0.1")
        balancers.set_targets("default/web", 18431, [old])
        reader, writer = await asyncio.open_connection(address, port)
        assert await reader.readexactly(1) == b"o"
        balancers.set_targets("default/web", 18431, [new])
        for _ in range(10):
            other_reader, other = await asyncio.open_connection(address, port)
            assert await other_reader.readexactly(1) == b"n"
            other.close()
        writer.write(b"still here")
        assert await reader.readexactly(10) == b"still here"
        writer.close()
        old_server.close()
        new_server.close()
        balancers.close()

    asyncio.run(story())


def test_without_targets_a_connection_is_reset() -> None:
    async def story() -> None:
        balancers, address, port = await balanced()
        with pytest.raises(ConnectionError):
            await answer_of(address, port)
        balancers.close()

    asyncio.run(story())


def test_a_target_that_does_not_answer_is_passed_over() -> None:
    async def story() -> None:
        balancers, address, port = await balanced()
        server, target = await serving(saying(b"a"), "127.0.0.1")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            closed = Target("127.0.0.1", taken.getsockname()[1])
            balancers.set_targets("default/web", 18431, [closed, target])
            for _ in range(10):
                reader, writer = await asyncio.open_connection(address, port)
                assert await reader.readexactly(1) == b"a"
                writer.close()
        server.close()
        balancers.close()

    asyncio.run(story())


def test_a_load_balancer_keeps_its_address_and_frees_it_when_it_goes() -> None:
    async def story() -> None:
        balancers, address, port = await balanced()
        assert balancers.ensure("default/web", (18431, 18432)).address == address
        other = balancers.ensure("default/other", (18431,))
        assert other.address != address
        balancers.remove("default/web")
        assert bind_problem(address, port) == 0
        with pytest.raises(OSError) as refused:
            await asyncio.open_connection(address, port)
        assert refused.value.errno == errno.ECONNREFUSED
        balancers.close()

    asyncio.run(story())


def test_a_port_that_is_taken_is_mapped_and_said_so() -> None:
    async def story() -> None:
        balancers = LocalLoadBalancers()
        address = balancers.ensure("default/web", ()).address
        with socket.socket() as taken:
            taken.bind((address, 18439))
            placement = balancers.ensure("default/web", (18439,))
        assert placement.refused == (18439,)
        assert placement.ports[18439] not in (0, 18439)
        balancers.close()

    asyncio.run(story())


def controller_pod(world: RealWorld) -> None:
    """A ready pod of the controller; modelled, as its image is no local command."""
    if world.cluster.find("serviceaccounts", "kube-system", "default") is None:
        account = {"name": "default", "namespace": "kube-system"}
        world.cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    metadata = {"name": NAME, "namespace": "kube-system", "labels": LABELS}
    containers = [{"name": "controller", "image": f"public.ecr.aws/eks/{NAME}:v3"}]
    spec = {"containers": containers, "nodeName": world.machine.name, "restartPolicy": "Always"}
    world.cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


def service(port: int) -> Obj:
    metadata = {"name": "web", "namespace": "default"}
    ports = [{"name": "http", "port": port, "targetPort": 8080, "protocol": "TCP"}]
    spec = {
        "type": "LoadBalancer",
        "loadBalancerClass": "service.k8s.aws/nlb",
        "selector": {"app": "web"},
        "ports": ports,
    }
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def put_slice(world: RealWorld) -> None:
    """What the endpoint slice controller would write now."""
    pods = world.cluster.list("pods", "default", lambda p: bool((p.get("status") or {}).get("podIP")))
    endpoints = [_endpoint(world, pod) for pod in pods]
    metadata = {"name": "web-x", "namespace": "default", "labels": {"kubernetes.io/service-name": "web"}}
    ports = [{"name": "http", "port": 8080, "protocol": "TCP"}]
    wanted = {"addressType": "IPv4", "endpoints": endpoints, "ports": ports}
    live = world.cluster.find("endpointslices.discovery.k8s.io", "default", "web-x")
    if live is None:
        kind = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice"}
        world.cluster.create({**kind, "metadata": metadata, **wanted})
    else:
        world.cluster.update({**live, **wanted})


def _endpoint(world: RealWorld, pod: Obj) -> Obj:
    name = pod["metadata"]["name"]
    ready = world.ready(name) and not pod["metadata"].get("deletionTimestamp")
    reference = {"kind": "Pod", "namespace": "default", "name": name}
    return {"addresses": [pod["status"]["podIP"]], "conditions": {"ready": ready}, "targetRef": reference}


def follow_pods(world: RealWorld) -> None:
    def plan(_: object) -> None:
        world.engine.call_soon(lambda: put_slice(world))

    world.cluster.subscribe("pods", plan)


def test_a_service_stays_pending_until_the_controller_runs_and_goes_with_its_load_balancer(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)

    async def story() -> None:
        balancers = LocalLoadBalancers()
        stand_ins = StandIns(world.cluster, balancers)
        follow_pods(world)
        world.create("one")
        world.cluster.create(service(18080))
        await until(lambda: world.ready("one"))
        await asyncio.sleep(0.2)
        pending = world.cluster.get("services", "default", "web")
        assert not pending.get("status", {}).get("loadBalancer")
        controller_pod(world)

        def placed() -> bool:
            status = world.cluster.get("services", "default", "web").get("status") or {}
            return bool((status.get("loadBalancer") or {}).get("ingress"))

        await until(placed)
        live = world.cluster.get("services", "default", "web")
        assert live["metadata"]["finalizers"] == ["service.k8s.aws/resources"]
        address = live["status"]["loadBalancer"]["ingress"][0]["ip"]
        code, _ = await get(address, 18080, "/about")
        assert code == 200
        assert world.cluster.list("events", where=lambda e: e["reason"] == "SuccessfullyReconciled")
        world.cluster.delete("services", "default", "web")
        await until(lambda: world.cluster.find("services", "default", "web") is None)
        assert bind_problem(address, 18080) == 0
        stand_ins.close()
        balancers.close()

    world.run(story)


def test_a_rolling_restart_loses_no_request(tmp_path: Path) -> None:
    """With a preStop sleep, as rendered workloads have it: without one a process may end before everybody knows."""
    patient = [server_container(lifecycle={"preStop": {"sleep": {"seconds": 1}}})]
    world = RealWorld(tmp_path, speed=1.0)
    codes: list[int] = []
    problems: list[str] = []

    async def request(address: str) -> None:
        try:
            code, _ = await asyncio.wait_for(get(address, 18081, "/about"), 20)
            codes.append(code)
        except (OSError, IndexError, TimeoutError) as error:
            problems.append(repr(error))

    async def traffic(address: str, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        start, tasks = loop.time(), []
        for number in range(int(seconds * 50)):
            await asyncio.sleep(max(0.0, start + number / 50 - loop.time()))
            tasks.append(loop.create_task(request(address)))
        await asyncio.gather(*tasks)

    async def story() -> None:
        balancers = LocalLoadBalancers()
        stand_ins = StandIns(world.cluster, balancers)
        follow_pods(world)
        controller_pod(world)
        world.create("one", containers=patient)
        world.create("two", containers=patient)
        world.cluster.create(service(18081))
        await until(lambda: world.ready("one") and world.ready("two"))
        await until(lambda: len(balancers.targets("default/web", 18081)) == 2)
        address = world.cluster.get("services", "default", "web")["status"]["loadBalancer"]["ingress"][0]["ip"]
        running = asyncio.get_running_loop().create_task(traffic(address, 7.0))
        for old, new in (("one", "three"), ("two", "four")):
            world.create(new, containers=patient)
            await until(partial(world.ready, new))
            world.cluster.delete("pods", "default", old)
            await until(partial(world.gone, old))
        await running
        assert problems == []
        assert set(codes) == {200}
        assert len(codes) == 350
        stand_ins.close()
        balancers.close()

    world.run(story)
