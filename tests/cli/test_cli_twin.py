"""``wavetank twin``: a cluster that real kubectl uses, gone without a trace after Ctrl-C; and what it says to wrong words."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import WAVETANK, Ended, wavetank

from wavetank.app.bare_nodes import read_nodes
from wavetank.twin.bare import BareWorld

NODES = Path(__file__).parents[1] / "data" / "kubectl" / "nodes.json"
needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
PODS = """
apiVersion: v1
kind: Pod
metadata: {name: small}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: big}
spec: {containers: [{name: c, image: x, resources: {requests: {cpu: "9"}}}]}
"""
#: A container whose own command runs on this computer.
REAL = f"""
apiVersion: v1
kind: Pod
metadata: {{name: real}}
spec:
  restartPolicy: Never
  containers:
  - name: c
    image: example.com/tool:1
    command: [{sys.executable}, -c]
    args: ["import os; print('hello from', os.environ['WHO'])"]
    env: [{{name: WHO, value: a process}}]
"""


@contextmanager
def running(*words: str | Path, home: Path) -> Iterator[dict[str, Any]]:
    """``wavetank twin`` with these words while the block runs, then Ctrl-C; what it said when it was ready."""
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(home)}
    command = [*WAVETANK, "twin", "--format", "json", *map(str, words)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None, "its output is a pipe"
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        process.stdout.close()
        assert process.wait(30) == 0


def kubectl(kubeconfig: Path, *words: str, text: str | None = None) -> str:
    done = subprocess.run(
        ["kubectl", "--kubeconfig", str(kubeconfig), "--cache-dir", str(kubeconfig.parent / "cache"), *words],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def explain(kubeconfig: Path, *words: str) -> Ended:
    return wavetank("twin", "explain", *words, "--kubeconfig", kubeconfig)


@pytest.mark.e2e
@needs_kubectl
def test_kubectl_uses_it_explain_answers_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    kubeconfig = home / "kc"
    with running("--nodes", NODES, "--kubelet", "scripted", "--kubeconfig", kubeconfig, home=home) as told:
        assert told["nodes"] == ["ip-10-0-101-11", "ip-10-0-102-12", "ip-10-0-103-13"]
        assert kubeconfig.stat().st_mode & 0o777 == 0o600
        client = tmp_path / "kc"
        shutil.copy(kubeconfig, client)
        # Whoever only sets a namespace has not made the file his own.
        kubectl(kubeconfig, "config", "set-context", "--current", "--namespace=elsewhere")
        shutil.rmtree(home / "cache", ignore_errors=True)
        assert kubectl(client, "apply", "-f", "-", text=PODS) == "pod/small created\npod/big created\n"
        kubectl(client, "wait", "pod/small", "--for=condition=Ready", "--timeout=20s")

        bound = explain(client, "pod", "small")
        assert bound.code == 0
        assert bound.out.startswith("default/small is on ip-10-0-101-11: with ")
        pending = explain(client, "pod/big")
        assert "default/big has no node: none of 3 nodes can take it: 2 say Insufficient cpu" in pending.out
        assert explain(client, "pod", "pod/big").out == pending.out
        missing = explain(client, "pod", "none", "-n", "kube-system")
        assert (missing.code, missing.out) == (1, "")
        assert 'pods "none" not found' in missing.err
    assert list(home.iterdir()) == []


@pytest.mark.e2e
@pytest.mark.slow
@needs_kubectl
def test_an_image_that_is_run_is_a_process_of_this_computer(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kc"
    with running("--kubeconfig", kubeconfig, "--run", "example.com/tool", home=tmp_path):
        client = tmp_path / "client"
        shutil.copy(kubeconfig, client)
        kubectl(client, "apply", "-f", "-", text=REAL)
        kubectl(client, "wait", "pod/real", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=30s")
        assert kubectl(client, "logs", "real") == "hello from a process\n"
    assert not list(tmp_path.glob("wavetank-*"))


def test_every_mistake_in_the_file_of_nodes_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "nodes.json"
    file.write_text(
        '[{"name": "Node_1", "capacity": {"cpu": "2", "memory": "4Gi"}},\n'
        ' {"name": "b", "ip": "10.0.0.300", "capacity": {"cpu": "two", "memory": "4Gi"}, "label": {}},\n'
        ' {"name": "c", "capacity": {"cpu": 2}, "taints": [{"key": "a", "effect": "Never"}]},\n'
        ' {"name": "d", "capacity": {"cpu": 2, "memory": "1Gi"}, "labels": {"a b": "c"}}]\n'
    )
    ended = wavetank("twin", "--nodes", file)
    assert ended.code == 2
    told = [line.removeprefix(str(file)) for line in ended.err.splitlines() if line.startswith(str(file))]
    assert [line.split(": ")[0] for line in told] == [":1:11", ":2:22", ":2:56", ":2:81", ":3:28", ":3:74", ":4:67"]
    assert 'unknown key "label"' in ended.err
    assert 'effect: "Never" is not allowed' in ended.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file names no nodes"),
        ("[]", "the file names no nodes"),
        ('{"nodes": []}', "a list of nodes is expected here"),
        ('[{"name": "a",', "the file ends too early"),
        (
            '[{"name": "a", "capacity": {"cpu": 1, "memory": 1}},\n{"name": "a", "capacity": {"cpu": 1, "memory": 1}}]',
            ':2:10: error: the name "a" belongs to another node already, on line 1',
        ),
    ],
)
def test_a_file_that_names_no_nodes_is_refused(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "nodes.json"
    file.write_text(text)
    ended = wavetank("twin", "--nodes", file)
    assert ended.code == 2
    if said != "the file ends too early":  # the parser's own words
        assert said in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--version", "1.12"), 'Kubernetes "1.12" is not supported'),
        (("--speed", "fast"), "'fast' is not a speed"),
        (("--speed", "-2"), "a clock goes forward"),
        (("--speed", "nan"), "is not a speed"),
        (("--nodes", "missing.json"), "no such file"),
        (("--run", "=x"), "names no image"),
        (("--run", "a='b"), "is not a command line"),
        (("--run", "a", "--speed", "2"), "--run needs --speed 1"),
        (("--speed", "2", "explain", "pod", "a"), "--speed comes after the verb 'explain'"),
        (("explain", "node", "a"), "say which pod"),
        (("explain", "pod", "a", "--kubeconfig", "missing"), "no such file"),
        (("explian",), "No such command"),
    ],
)
def test_wrong_words_are_told_and_end_with_2(words: tuple[str, ...], said: str) -> None:
    ended = wavetank("twin", *words)
    assert ended.code == 2
    assert said in ended.err


def test_a_component_that_does_not_exist_is_told_with_its_neighbours() -> None:
    ended = wavetank("twin", "--component", "metric-server")
    assert ended.code != 0
    assert "did you mean metrics-server?" in ended.err


def test_wrong_input_is_told_in_json_to_who_asks_for_json() -> None:
    ended = wavetank("twin", "--version", "1.12", "--format", "json")
    assert (ended.code, ended.json["problems"][0]["file"]) == (2, "--version")


def test_a_kubeconfig_of_somebody_else_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "contexts": []}))
    ended = wavetank("twin", "--kubeconfig", file)
    assert ended.code == 2
    assert "would be overwritten" in ended.err
    assert "contexts" in file.read_text()


def test_a_busy_port_is_named_and_no_file_is_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = wavetank("twin", "--port", str(port), "--kubeconfig", tmp_path / "kc")
    assert ended.code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.err
    assert list(tmp_path.iterdir()) == []


class _SomeServer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        return


def test_a_server_that_is_no_twin_is_called_so(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), _SomeServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kubeconfig = tmp_path / "kc"
    url = f"http://127.0.0.1:{server.server_port}"
    contexts = [{"name": "x", "context": {"cluster": "x"}}]
    clusters = [{"name": "x", "cluster": {"server": url}}]
    kubeconfig.write_text(yaml.safe_dump({"current-context": "x", "contexts": contexts, "clusters": clusters}))
    ended = explain(kubeconfig, "pod", "a")
    server.shutdown()
    server.server_close()
    assert ended.code == 1
    assert f"{url} is not a wavetank twin" in ended.err
    ended = explain(kubeconfig, "pod", "a")
    assert f"nothing answers at {url}" in ended.err


def test_nodes_may_be_written_in_yaml_with_numbers_as_amounts(tmp_path: Path) -> None:
    rows = [
        {"name": "a", "capacity": {"cpu": 2, "memory": "4Gi", "nvidia.com/gpu": 1}, "allocatable": {"cpu": 1.5}},
        {"name": "b", "ip": "10.0.0.10", "capacity": {"cpu": "2", "memory": "4Gi", "pods": 5}},
    ]
    as_json, as_yaml = tmp_path / "nodes.json", tmp_path / "nodes.yaml"
    as_json.write_text(json.dumps(rows))
    as_yaml.write_text(yaml.safe_dump(rows))
    first, second = read_nodes(as_json)
    assert (first, second) == read_nodes(as_yaml)
    assert (first.address, second.address) == ("10.0.0.11", "10.0.0.10")
    assert first.allocatable == {"cpu": "1.5", "memory": "4Gi", "nvidia.com/gpu": "1", "pods": "110"}


def test_a_bug_of_ours_ends_it_with_70_and_the_journal_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    join = BareWorld._join

    def break_down() -> None:
        raise ZeroDivisionError("ours")

    def join_and_break(world: BareWorld) -> None:
        join(world)
        world.engine.call_later(0.3, break_down)

    monkeypatch.setattr(BareWorld, "_join", join_and_break)
    ended = wavetank("twin", "--kubeconfig", tmp_path / "kc")
    assert ended.code == 70
    assert "ZeroDivisionError" in ended.err
    assert "This is a bug of wavetank's, not of yours" in ended.err
    (journal,) = tmp_path.iterdir()
    assert journal.name == "kc.journal"
    assert "node-1" in journal.read_text()
