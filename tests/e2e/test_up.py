"""`wavetank up` as a person lives with it: one detached platform, the real programs against it, and its sudden death."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from programs import needs_aws, needs_kubectl, needs_terraform, run, wavetank, well

from wavetank.app.requests import SteadyRequests, sample_rows

pytestmark = [pytest.mark.e2e, needs_kubectl, pytest.mark.timeout(900)]
ROW = sample_rows(1, 20)[0]


@dataclass(frozen=True)
class Running:
    """The platform that is up, and how programs reach it."""

    spec: Path
    folder: Path
    environment: dict[str, str]
    address: str
    process_id: int

    def kubectl(self, *words: str) -> str:
        return well(run("kubectl", *words, environment=self.environment))


def exported(env_file: Path) -> dict[str, str]:
    """The variables of ``env.sh``."""
    pairs = (line.removeprefix("export ").partition("=") for line in env_file.read_text().splitlines())
    return {name: value.strip("'") for name, _, value in pairs}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    spec = tmp_path_factory.mktemp("up") / "platform" / "platform.yaml"
    well(wavetank("init", "ml-inference", str(spec.parent)))
    well(wavetank("up", str(spec), "-e", "dev", "--detach", "--aws-port", "0", "--api-port", "0", timeout=600))
    folder = spec.parent / ".wavetank" / "dev"
    record = json.loads((folder / "session.json").read_text())
    yield Running(spec, folder, exported(folder / "env.sh"), record["services"][0][1], record["process_id"])
    wavetank("down", str(spec))


def test_it_serves_predictions_and_says_where(up: Running) -> None:
    answer = httpx.post(f"http://{up.address}/predict-single", json={"features": ROW}, trust_env=False).json()
    assert sum(answer["probabilities"]) == pytest.approx(1)
    status = json.loads(well(wavetank("status", str(up.spec), "--format", "json")))["sessions"][0]
    assert (status["state"], status["environment"]) == ("ready", "dev")


def test_a_second_up_is_told_who_runs_and_how_to_end_it(up: Running) -> None:
    second = wavetank("up", str(up.spec), "-e", "dev")
    assert second.returncode == 1
    assert f"process {up.process_id}" in second.stderr
    assert "wavetank down" in second.stderr


def test_a_busy_port_is_named_with_what_to_do(up: Running) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        busy = wavetank("up", str(up.spec), "-e", "production", "--aws-port", str(port), "--api-port", "0")
    assert busy.returncode == 1
    assert f"port {port}" in busy.stderr
    assert "choose another port" in busy.stderr
    assert not (up.spec.parent / ".wavetank" / "production").exists()


def test_a_second_apply_changes_nothing(up: Running) -> None:
    """But for the disruption budget, whose selector kubectl always sends again (its patch strategy is "replace")."""
    lines = up.kubectl("apply", "-f", str(up.folder / "build" / "kubernetes")).splitlines()
    changed = [line for line in lines if not line.endswith("unchanged")]
    assert changed == ["poddisruptionbudget.policy/ml-inference-api configured"]


def test_kubectl_looks_waits_and_asks_without_flags(up: Running) -> None:
    assert "127." in up.kubectl("get", "pods", "-n", "ml-inference", "-o", "wide")
    assert "Startup:" in up.kubectl("describe", "pods", "-n", "ml-inference")
    assert "Application startup complete" in up.kubectl("logs", "-n", "ml-inference", "deployment/ml-inference-api")
    assert up.kubectl("auth", "can-i", "create", "deployments").strip() == "yes"
    assert "Scheduled" in up.kubectl("get", "events", "-n", "ml-inference")
    up.kubectl(
        "wait", "--for=condition=Available", "-n", "ml-inference", "deployment/ml-inference-api", "--timeout=30s"
    )


def test_use_is_measured(up: Running) -> None:
    deadline = time.monotonic() + 90
    while (
        "ml-inference-api"
        not in (top := run("kubectl", "top", "pods", "-n", "ml-inference", environment=up.environment)).stdout
    ):
        assert time.monotonic() < deadline, top.stderr
        time.sleep(2)
    memory = next(line.split()[2] for line in top.stdout.splitlines() if "ml-inference-api" in line)
    assert int(memory.removesuffix("Mi")) > 40


def test_a_rolling_restart_loses_no_request(up: Running) -> None:
    body = {"features": ROW}
    with SteadyRequests(f"http://{up.address}/predict-single", body, per_second=20) as requests:
        up.kubectl("rollout", "restart", "-n", "ml-inference", "deployment/ml-inference-api")
        up.kubectl("rollout", "status", "-n", "ml-inference", "deployment/ml-inference-api", "--timeout=100s")
        time.sleep(1)
    assert (requests.tally.failed, requests.tally.failures) == (0, [])
    assert requests.tally.succeeded > 20


def test_a_deleted_pod_is_replaced(up: Running) -> None:
    def running() -> set[str]:
        return set(up.kubectl("get", "pods", "-n", "ml-inference", "-o", "name").split())

    before = running()
    up.kubectl("delete", *before, "-n", "ml-inference", "--wait=false")
    deadline = time.monotonic() + 60
    while not running() - before:
        assert time.monotonic() < deadline, "no pod came in its place"
        time.sleep(0.5)
    up.kubectl("rollout", "status", "-n", "ml-inference", "deployment/ml-inference-api", "--timeout=60s")


@needs_aws
def test_the_aws_cli_leads_kubectl_to_the_cluster(up: Running, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    words = ("eks", "update-kubeconfig", "--name", "ml-inference-dev", "--kubeconfig", str(kubeconfig))
    well(run("aws", *words, environment=up.environment))
    through_aws = {**up.environment, "KUBECONFIG": str(kubeconfig)}
    assert "Ready" in well(run("kubectl", "get", "nodes", environment=through_aws))
    stranger = {**through_aws, "AWS_SECRET_ACCESS_KEY": "wrong"}
    refused = run("kubectl", "get", "nodes", environment=stranger)
    assert refused.returncode != 0
    assert "Unauthorized" in refused.stderr or "must be logged in" in refused.stderr


@needs_terraform
def test_terraform_finds_nothing_to_change(up: Running) -> None:
    folder = str(up.folder / "build" / "terraform")
    done = run("terraform", f"-chdir={folder}", "plan", "-detailed-exitcode", "-no-color", environment=up.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No changes" in done.stdout


def test_after_kill_9_no_process_is_left_and_down_clears_up(up: Running) -> None:
    """The last of this file: it ends the platform."""
    family = psutil.Process(up.process_id).children(recursive=True)
    assert family, "a running platform has pods"
    os.kill(up.process_id, signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=15)
    assert [process.cmdline() for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    assert "dead" in well(wavetank("status", str(up.spec)))
    assert "gone already" in well(wavetank("down", str(up.spec)))
    assert not (up.spec.parent / ".wavetank").exists()
