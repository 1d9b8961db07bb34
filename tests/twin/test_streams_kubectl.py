"""kubectl exec, cp, attach and port-forward into pods that are processes: over WebSockets, and over SPDY as older ones do."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streams_kit import ECHO, IDLE, TICKER, StreamWorld, open_streams, processes_with

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
SPDY = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false"}
WEBSOCKET = dict.fromkeys(SPDY, "true")
Kubectl = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("streams")


@pytest.fixture(scope="module")
def world(folder: Path) -> Iterator[StreamWorld]:
    with open_streams(folder) as running:
        running.run("web", ECHO)
        running.run("two", IDLE, TICKER)
        yield running


@pytest.fixture(params=[WEBSOCKET, pytest.param(SPDY, marks=pytest.mark.slow)], ids=["websocket", "spdy"])
def environment(request: pytest.FixtureRequest, world: StreamWorld, folder: Path) -> dict[str, str]:
    own = {"KUBECONFIG": str(world.kubeconfig), "KUBECACHEDIR": str(folder / "cache"), "HOME": str(folder)}
    return {**os.environ, **own, **request.param}


@pytest.fixture
def kubectl(environment: dict[str, str]) -> Kubectl:
    def run(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["kubectl", *words], env=environment, input=given, capture_output=True, timeout=60)

    return run


def test_output_errors_and_the_exit_code_come_back(kubectl: Kubectl) -> None:
    done = kubectl("exec", "web", "--", "sh", "-c", "echo out; echo problem >&2; echo $HOSTNAME $PORT; exit 3")
    assert (done.returncode, done.stdout) == (3, b"out\nweb 8080\n")
    assert done.stderr == b"problem\ncommand terminated with exit code 3\n"


def test_input_is_read_to_its_end(kubectl: Kubectl) -> None:
    assert kubectl("exec", "-i", "web", "--", "wc", "-c", given=b"x" * 300_000).stdout.strip() == b"300000"


def test_refusals_are_those_of_the_api(kubectl: Kubectl) -> None:
    missing = kubectl("exec", "web", "--", "nonesuch").stderr
    assert b'exec: "nonesuch": executable file not found in $PATH' in missing
    nameless = kubectl("exec", "two", "-c", "nope", "--", "true").stderr
    assert nameless == b"Error from server (BadRequest): container nope is not valid for pod two\n"
    assert kubectl("exec", "none", "--", "true").stderr == b'Error from server (NotFound): pods "none" not found\n'


def test_files_are_copied_there_and_back(kubectl: Kubectl, tmp_path: Path) -> None:
    sent, back = tmp_path / "sent", tmp_path / "back"
    sent.write_bytes(os.urandom(3_000_000))
    assert kubectl("cp", str(sent), "web:copied").returncode == 0
    assert kubectl("cp", "web:copied", str(back)).returncode == 0
    assert back.read_bytes() == sent.read_bytes()


def test_attached_clients_see_what_the_container_prints(environment: dict[str, str]) -> None:
    words = ["kubectl", "attach", "two", "-c", "side-1", "-q"]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as attached:
        assert attached.stdout is not None
        assert [attached.stdout.readline() for _ in range(2)] == [b"tick\n"] * 2
        attached.kill()


def test_a_terminal_has_a_size_and_echoes(environment: dict[str, str]) -> None:
    ours, theirs = os.openpty()
    try:
        os.set_blocking(theirs, True)
        subprocess.run(["stty", "rows", "33", "cols", "77"], stdin=theirs, check=True)
        script = "tty >/dev/null && read line && stty size && echo got $line"
        words = ["kubectl", "exec", "-it", "web", "--", "sh", "-c", script]
        with subprocess.Popen(words, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as running:
            os.write(ours, b"word\r")
            assert running.wait(30) == 0
        shown = os.read(ours, 4096)
    finally:
        os.close(ours)
        os.close(theirs)
    assert b"33 77\r\n" in shown
    assert b"got word\r\n" in shown


def test_connections_are_forwarded_one_after_the_other_and_at_once(environment: dict[str, str]) -> None:
    words = ["kubectl", "port-forward", "pod/web", "0:8080"]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as forwarding:
        assert forwarding.stdout is not None
        port = int(forwarding.stdout.readline().split(b" -> ")[0].rpartition(b":")[2])
        with (
            socket.create_connection(("127.0.0.1", port), 20) as first,
            socket.create_connection(("127.0.0.1", port)) as second,
        ):
            for number, line in enumerate((first, second, first)):
                line.sendall(b"hello %d" % number)
                assert line.recv(100) == b"HELLO %d" % number
        with socket.create_connection(("127.0.0.1", port), 20) as big:
            big.sendall(b"a" * 500_000)
            big.shutdown(socket.SHUT_WR)
            received = b"".join(iter(lambda: big.recv(65536), b""))
        assert received == b"A" * 500_000
        forwarding.kill()


def test_a_command_ends_with_its_client(world: StreamWorld, environment: dict[str, str]) -> None:
    words = ["kubectl", "exec", "web", "--", "sh", "-c", "sleep 987.1 & echo there; sleep 987.2"]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"there\n"
        assert processes_with("sleep 987.")
        running.kill()
    world.until(lambda: not processes_with("sleep 987."))
