"""A running twin is saved, ended, run on and told about, and another is made of its dump: commands, and real kubectl."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from command_line import WAVETANK, wavetank

from wavetank.app.bare import BareTwin
from wavetank.app.restoring import restored_twin
from wavetank.twin.bare import BareOptions
from wavetank.twin.history import read_snapshot

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


@contextmanager
def running(*words: str | Path, home: Path) -> Iterator[dict[str, Any]]:
    """A verb that runs a cluster while the block runs, then Ctrl-C; what it said when it was ready."""
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(home)}
    command = [*WAVETANK, "twin", *map(str, words), "--format", "json"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None, "its output is a pipe"
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        process.stdout.close()
        assert process.wait(30) == 0


def kubectl(kubeconfig: Path, *words: str) -> str:
    done = subprocess.run(
        ["kubectl", "--kubeconfig", str(kubeconfig), "--cache-dir", str(kubeconfig.parent / "cache"), *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def pods(kubeconfig: Path) -> list[str]:
    return kubectl(kubeconfig, "get", "pods", "-o", "jsonpath={range .items[*]}{.metadata.uid} {end}").split()


@pytest.mark.slow
@pytest.mark.e2e
@needs_kubectl
def test_a_twin_is_saved_restored_and_dumped_into_another(tmp_path: Path) -> None:
    kubeconfig, client, saved, dump = (tmp_path / name for name in ("kc", "client", "saved.twin", "dump.yaml"))
    with running("--kubelet", "scripted", "--kubeconfig", kubeconfig, home=tmp_path) as told:
        shutil.copy(kubeconfig, client)
        kubectl(client, "create", "deployment", "web", "--image=nginx", "--replicas=2")
        kubectl(client, "rollout", "status", "deployment/web", "--timeout=20s")
        before = pods(client)
        taken = wavetank("twin", "snapshot", saved, "--kubeconfig", client)
        assert taken.code == 0, taken.err
        assert "and 1 inputs, at " in taken.out
        dump.write_text(
            kubectl(client, "get", "deployments,replicasets,pods,nodes,services,namespaces", "-A", "-o", "yaml")
        )
        live = wavetank("twin", "import", "--from-cluster", client, "--dry-run", "--format", "json")
        assert live.code == 0, live.err
        assert {out["kind"] for out in json.loads(live.out)["leftOut"]} == {"Event", "Lease"}

    port = told["url"].rpartition(":")[2]
    with running("restore", saved, "--port", port, "--kubeconfig", kubeconfig, home=tmp_path):
        # The kubeconfig of the cluster that was saved.
        assert pods(client) == before
        ready = wavetank(
            "twin", "journal", "--object", "pods/default", "--actor", "kubelet", "-o", "json", "--kubeconfig", client
        )
        number = str(json.loads(ready.out.splitlines()[-1])["number"])
        chain = wavetank("twin", "journal", "--because", number, "--kubeconfig", client)
        assert chain.out.splitlines()[-1].endswith("admin create deployments.apps/default/web: kubectl-create")

    with running("import", dump, "--kubeconfig", kubeconfig, home=tmp_path):
        assert pods(kubeconfig) == before
        kubectl(kubeconfig, "scale", "deployment/web", "--replicas=3")
        kubectl(kubeconfig, "wait", "deployment/web", "--for=jsonpath={.status.readyReplicas}=3", "--timeout=20s")


def test_a_running_twin_is_saved_and_told_about_and_goes_on_elsewhere(tmp_path: Path) -> None:
    kubeconfig, saved = tmp_path / "kc", tmp_path / "saved.twin"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": "default"}}
    with BareTwin(BareOptions(kubelet="scripted")) as twin:
        twin.write_kubeconfig(kubeconfig)
        twin.call(lambda: twin.world.cluster.create(account))
        taken = wavetank("twin", "snapshot", saved, "--kubeconfig", kubeconfig)
        assert (taken.code, taken.err) == (0, "")
        assert "and 1 inputs, at " in taken.out
        port = int(twin.url.rpartition(":")[2])
    with restored_twin(read_snapshot(saved), port=port, speed=1.0):
        told = wavetank("twin", "journal", "--object", "sa/default/robot", "-o", "json", "--kubeconfig", kubeconfig)
        entries = [json.loads(line) for line in told.out.splitlines()]
        assert [(e["actor"], e["action"]) for e in entries] == [("system:apiserver", a) for a in ("create", "created")]
        chain = wavetank("twin", "journal", "--because", str(entries[1]["number"]), "--kubeconfig", kubeconfig)
        assert [line.split()[1] for line in chain.out.splitlines()] == [f"#{e['number']}" for e in reversed(entries)]
        nobody = wavetank("twin", "journal", "--actor", "nobody", "--since", "1h", "--kubeconfig", kubeconfig)
        assert (nobody.code, nobody.out) == (0, "")
        wrong = wavetank("twin", "journal", "--since", "yesterday", "--kubeconfig", kubeconfig)
        assert wrong.code == 1
        assert "neither a duration" in wrong.err
        gone = wavetank("twin", "journal", "--because", "999999", "--kubeconfig", kubeconfig)
        assert gone.code == 1
        assert "no entry 999999" in gone.err


def test_what_is_no_snapshot_and_no_dump_is_refused_with_code_2(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("kind: Pod\n  metadata: {\n")
    restored = wavetank("twin", "restore", wrong, "--kubeconfig", tmp_path / "kc")
    assert (restored.code, restored.out) == (2, "")
    assert f"{wrong}: error: is not a snapshot" in restored.err
    imported = wavetank("twin", "import", wrong, "--kubeconfig", tmp_path / "kc")
    assert (imported.code, imported.out) == (2, "")
    assert f"{wrong}:2:" in imported.err


def test_a_dry_run_only_tells(tmp_path: Path) -> None:
    dump = Path(__file__).parents[1] / "data" / "imports" / "eks.yaml"
    told = wavetank("twin", "import", dump, "--dry-run", "--format", "json")
    assert told.code == 0, told.err
    assert json.loads(told.out)["imported"] == 18
