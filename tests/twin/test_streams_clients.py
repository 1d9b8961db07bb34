"""exec, attach and port-forward as the official client and kr8s do them, and what stays behind: nothing."""

from __future__ import annotations

import asyncio
import json
import re
import time
import warnings
from collections.abc import Iterator
from typing import Any

import kr8s.asyncio
import kubernetes
import pytest
from kr8s.asyncio.objects import Pod
from kubernetes.stream import portforward, stream
from streams_kit import ECHO, IDLE, TICKER, StreamWorld, open_streams, processes_with


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StreamWorld]:
    with open_streams(tmp_path_factory.mktemp("streams")) as running:
        running.run("web", ECHO)
        running.run("two", IDLE, TICKER)
        yield running


@pytest.fixture(scope="module")
def core(world: StreamWorld) -> Any:
    untyped: Any = kubernetes
    return untyped.client.CoreV1Api(untyped.config.new_client_from_config(str(world.kubeconfig)))


def executed(core: Any, pod: str, *command: str, **options: Any) -> Any:
    wanted = {"stdout": True, "stderr": True, "stdin": False, "tty": False} | options
    return stream(core.connect_get_namespaced_pod_exec, pod, "default", command=list(command), **wanted)


def test_the_official_client_reads_both_outputs(core: Any) -> None:
    assert sorted(executed(core, "web", "sh", "-c", "echo out; echo err >&2").split()) == ["err", "out"]


def test_the_official_client_writes_input_and_learns_the_exit_code(core: Any) -> None:
    shell = executed(core, "web", "sh", stdin=True, _preload_content=False)
    shell.write_stdin("echo $((6 * 7)); exit 4\n")
    shell.run_forever(20)
    assert (shell.returncode, shell.read_all()) == (4, "42\n")


def test_a_terminal_takes_the_size_that_the_client_sends(core: Any) -> None:
    shell = executed(
        core, "web", "sh", "-c", "read x; stty size; echo $TERM", stdin=True, tty=True, _preload_content=False
    )
    shell.write_channel(4, json.dumps({"Width": 100, "Height": 40}))
    shell.write_stdin("\n")
    shell.run_forever(20)
    assert (shell.returncode, shell.read_all().split()) == (0, ["40", "100", "xterm"])


def test_what_cannot_be_served_is_a_status_before_the_handshake(core: Any, world: StreamWorld) -> None:
    world.run("model", "registry.example/anything")
    for pod, options, words in (
        ("web", {"container": "nope"}, "container nope is not valid for pod web"),
        ("two", {}, "a container name must be specified for pod two, choose one of: [app side-1]"),
        ("model", {}, "is modelled"),
        ("web", {"stdout": False, "stderr": False}, "you must specify at least 1 of stdin, stdout, stderr"),
    ):
        with pytest.raises(kubernetes.client.ApiException, match=re.escape(words)):
            executed(core, pod, "true", **options)


def test_a_container_that_does_not_run_is_not_found(core: Any, world: StreamWorld) -> None:
    world.create(
        "done", "missing", IDLE, nodeName=world.machine.name, initContainers=[{"name": "first", "image": IDLE}]
    )
    world.until(lambda: world.cluster.get("pods", "default", "done")["status"].get("phase") == "Pending")
    shell = executed(core, "done", "true", container="side-1", _preload_content=False)
    shell.run_forever(20)
    assert 'container not found ("side-1")' in json.loads(shell.read_channel(3))["message"]


def test_attached_clients_see_what_comes(core: Any) -> None:
    options = {"container": "side-1", "stdout": True, "_preload_content": False}
    attached = stream(core.connect_get_namespaced_pod_attach, "two", "default", **options)
    assert attached.readline_stdout(timeout=20) == "tick"
    attached.close()


def test_channels_carry_ports_and_what_went_wrong_with_them(core: Any) -> None:
    forwarded = portforward(core.connect_get_namespaced_pod_portforward, "web", "default", ports="8080,81")
    line = forwarded.socket(8080)
    line.settimeout(20)
    line.sendall(b"hello")
    assert line.recv(100) == b"HELLO"
    deadline = time.monotonic() + 20
    while forwarded.error(81) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert "connection refused" in forwarded.error(81)
    forwarded.close()


def test_kr8s_executes_and_forwards(world: StreamWorld) -> None:
    async def story() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it does not know this minor yet
            api = await kr8s.asyncio.api(kubeconfig=str(world.kubeconfig))
        pod = await Pod.get("web", namespace="default", api=api)
        done = await pod.exec(["sh", "-c", "echo x; exit 2"], check=False)
        assert (done.stdout, done.returncode) == (b"x\n", 2)
        async with pod.portforward(8080, local_port=None) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"kr8s")
            assert await reader.read(100) == b"KR8S"
            writer.close()
            await asyncio.sleep(0.2)

    asyncio.run(story())


def test_a_client_that_vanishes_while_nobody_reads_its_input_leaves_nothing(core: Any, world: StreamWorld) -> None:
    shell = executed(core, "web", "sleep", "986.1", stdin=True, _preload_content=False)
    shell.sock.sock.settimeout(0.5)
    with pytest.raises(Exception, match="timed out"):
        _flood(shell)
    assert processes_with("sleep 986.")
    shell.sock.sock.close()
    world.until(lambda: not processes_with("sleep 986."))


def _flood(shell: Any) -> None:
    for _ in range(1000):
        shell.write_stdin("x" * 100_000)


def test_commands_end_with_the_container_they_were_executed_in(core: Any, world: StreamWorld) -> None:
    world.run("short", IDLE)
    shell = executed(core, "short", "sh", "-c", "echo on; sleep 985.1", _preload_content=False)
    assert shell.readline_stdout(timeout=20) == "on"
    core.delete_namespaced_pod("short", "default", grace_period_seconds=0)
    shell.run_forever(20)
    assert shell.returncode == 137
    world.until(lambda: not processes_with("sleep 985."))
