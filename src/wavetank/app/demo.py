"""The main job end to end on the example platform: what ``make demo`` shows. Every step is real, and its result is kept."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path
from typing import Any

from wavetank.app.courses import PlatformCourse
from wavetank.app.design import Design, design
from wavetank.app.examples import examples_folder
from wavetank.app.inference import descendants, health, kill_listener, leftover_processes, predictions
from wavetank.app.progress import Progress
from wavetank.app.requests import SteadyRequests, sample_rows
from wavetank.app.session import SessionFolder
from wavetank.app.voyage import Voyage, VoyageOptions
from wavetank.base.errors import OperationFailed
from wavetank.checks import Severity
from wavetank.kube.conditions import is_pod_ready
from wavetank.plan.model import Workload

EXAMPLE = "ml-inference"
ENVIRONMENT = "production"
ROWS, FEATURES = 4, 20
REQUESTS_PER_SECOND = 20
#: How long requests go on before the kill and after the platform has healed.
SETTLE_SECONDS = 2.0
HEAL_SECONDS = 90.0


def run_demo(options: VoyageOptions, on: date, progress: Progress) -> dict[str, Any]:
    """Run it; returns the steps as data with what was left behind (nothing, if all went well)."""
    spec = examples_folder() / EXAMPLE / "platform.yaml"
    start = time.monotonic()
    judged = design(spec, ENVIRONMENT, on)
    _check(judged, progress)
    _cost(judged, progress)
    # A folder of its own: a platform that is up, or another demo, is not in the way.
    folder = SessionFolder(spec, f"demo-{os.getpid()}")
    with Voyage(PlatformCourse(judged, spec.resolve().parent), folder, options, progress) as voyage:
        voyage.write_files()
        voyage.apply_terraform()
        voyage.wait_for_nodes()
        voyage.install_releases()
        voyage.apply_kubernetes()
        voyage.wait_for_workloads(all_of_them=True)
        address = next(iter(voyage.wait_for_addresses().values()))
        _predict(address, progress)
        _kill_and_heal(voyage, judged.plan.workloads[0], address, progress)
        voyage.replan()
        started = descendants()
        voyage.delete_kubernetes()
        voyage.destroy_terraform()
        voyage.check_alive()
    left = _left_behind(folder, started, progress)
    return {
        "platform": judged.plan.name,
        "environment": ENVIRONMENT,
        "seconds": round(time.monotonic() - start, 3),
        "steps": [step.as_json() for step in progress.steps],
        "left": left,
    }


def _check(judged: Design, progress: Progress) -> None:
    with progress.step("check", f"wavetank check {judged.plan.spec_file} -e {ENVIRONMENT}") as step:
        step.data["findings"] = [finding.as_json() for finding in judged.findings]
        errors = [finding for finding in judged.findings if finding.severity >= Severity.ERROR]
        for finding in judged.findings:
            progress.note(f"{finding.severity} {finding.id}: {finding.message}")
        if not judged.findings:
            progress.note("no findings")
        if errors:
            raise OperationFailed(f"the example has {len(errors)} errors")


def _cost(judged: Design, progress: Progress) -> None:
    with progress.step("cost", f"wavetank cost {judged.plan.spec_file} -e {ENVIRONMENT}") as step:
        bill = judged.bill
        total = bill.total
        amounts = {"floor": str(total.floor), "expected": str(total.expected), "ceiling": str(total.ceiling)}
        step.data["usdMonth"] = amounts
        for component, amount in bill.by_component().items():
            progress.note(f"{component:<8} {amount.expected:>8} USD a month expected")
        progress.note(f"{'total':<8} {total.expected:>8} (floor {total.floor}, ceiling {total.ceiling})")


def _predict(address: str, progress: Progress) -> None:
    rows = sample_rows(ROWS, FEATURES)
    with progress.step("health and predictions through the load balancer", f"curl http://{address}/predict") as step:
        step.data["health"] = health(address)
        answers = predictions(address, rows)
        step.data["rows"] = rows
        step.data["predictions"] = answers
        for number, answer in enumerate(answers):
            shown = ", ".join(f"{p:.3f}" for p in answer["probabilities"])
            progress.note(f"row {number}: class {answer['prediction']}, probabilities [{shown}]")


def _kill_and_heal(voyage: Voyage, workload: Workload, address: str, progress: Progress) -> None:
    """Kill the process of one pod while requests go on; the kubelet restarts it, and nobody outside should notice."""
    body = {"features": sample_rows(1, FEATURES)[0]}
    with progress.step("kill one pod's process while predictions go on") as step, voyage.client() as client:
        victim = next(pod for pod in client.items("pods", workload.namespace) if is_pod_ready(pod))
        name, ip = victim["metadata"]["name"], victim["status"]["podIP"]
        port = workload.containers[0].ports[0]["containerPort"]
        with SteadyRequests(f"http://{address}/predict-single", body, REQUESTS_PER_SECOND, retry=True) as requests:
            time.sleep(SETTLE_SECONDS)
            process_id = kill_listener(ip, port)
            progress.note(f"killed process {process_id} of pod {name} ({ip}:{port})")
            killed = time.monotonic()

            def healed() -> bool:
                pod = client.find("pods", workload.namespace, name)
                statuses = (pod or {}).get("status", {}).get("containerStatuses") or [{}]
                return pod is not None and is_pod_ready(pod) and statuses[0].get("restartCount", 0) >= 1

            client.wait(f"pod {name} to be restarted and Ready", healed, HEAL_SECONDS)
            healed_seconds = time.monotonic() - killed
            time.sleep(SETTLE_SECONDS)
        tally = requests.tally
        step.data |= {"killed": {"pod": name, "processId": process_id}, "healedSeconds": round(healed_seconds, 3)}
        step.data["requests"] = tally.as_json()
        progress.note(f"restarted and Ready again after {healed_seconds:.1f} s")
        progress.note(
            f"{tally.succeeded} predictions succeeded meanwhile ({tally.retried} on a second try), {tally.failed} failed "
            f"(p99 {tally.percentile_milliseconds(99):.0f} ms)"
        )
        if tally.failed:
            raise OperationFailed(f"{tally.failed} predictions failed: {'; '.join(tally.failures)}")


def _left_behind(folder: SessionFolder, started: list[int], progress: Progress) -> dict[str, Any]:
    with progress.step("look what was left"):
        processes = leftover_processes(started)
        files = [str(path) for path in _files(folder.root)]
        progress.note("no process and no file" if not processes and not files else f"{processes} {files}")
        return {"processes": processes, "files": files}


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*")) if folder.exists() else []
