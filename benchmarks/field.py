"""Beside tools of the field, in one run and on the same files: rendering beside ``helm template``, checking beside Checkov.

Helm is the real Helm 4 (package ``helm-python-sdk``, a library: no start of a process counts against it) on the chart that we
render; ours is load + plan + render of the same platform, all files of it. Checkov is no dependency: it is taken from PATH, or
``CHECKOV`` in the environment names it, or with ``WAVETANK_BENCH_INSTALL=1`` it is put into a virtual environment of its own in
a temporary folder; else it is left out, and that is said. Both checkers start as processes, read the same rendered Terraform and
Kubernetes files, and tell JSON. How many findings each has is printed, too: they do not look for the same things.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.design import EXAMPLES, ON
from benchmarks.measure import Figure, side_by_side
from wavetank.app.design import design
from wavetank.render import write

EXAMPLE, ENVIRONMENT = EXAMPLES / "microservices" / "platform.yaml", "production"
#: what Checkov's frameworks are called that read what we render
FRAMEWORKS = ("terraform", "kubernetes")
PATIENCE_SECONDS = 600


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="wavetank-bench-") as name:
        folder = Path(name)
        write(design(EXAMPLE, ENVIRONMENT, ON).bundle, folder / "bundle")
        yield from _beside_helm(folder / "bundle" / "helm" / "microservices")
        yield from _beside_checkov(folder)


# --- rendering ----------------------------------------------------------------------------------------------------------


def _beside_helm(chart: Path) -> Iterator[Figure]:
    try:
        import helm_python
        import yaml
    except ImportError:
        print("  helm: helm-python-sdk is not installed", file=sys.stderr)
        return
    values = yaml.safe_load((chart / f"values-{ENVIRONMENT}.yaml").read_text()) or {}

    def helm() -> float:
        began = time.perf_counter()
        with helm_python.Chart.load(chart) as loaded:
            loaded.render(dict(values), name="microservices", namespace="default")
        return (time.perf_counter() - began) * 1000

    yield side_by_side(
        "load + plan + render all files, microservices", "ms", _render_ms, "helm template, its chart", helm, 5
    )


def _render_ms() -> float:
    began = time.perf_counter()
    assert design(EXAMPLE, ENVIRONMENT, ON).bundle.files, "a platform has files"
    return (time.perf_counter() - began) * 1000


# --- checking -----------------------------------------------------------------------------------------------------------


def _beside_checkov(folder: Path) -> Iterator[Figure]:
    program = _checkov(folder)
    if program is None:
        print("  checkov: not on PATH; set CHECKOV=path/to/checkov, or WAVETANK_BENCH_INSTALL=1", file=sys.stderr)
        return
    files = folder / "files"
    for framework in FRAMEWORKS:
        shutil.copytree(folder / "bundle" / framework, files / framework)
    told: dict[str, int] = {}
    yield side_by_side(
        "check of the rendered files, as a process",
        "s",
        partial(_ours, files, told),
        "checkov, the same files",
        partial(_theirs, program, files, told),
        runs=2,
    )
    print(f"  findings: wavetank {told['wavetank']}, checkov {told['checkov']}", file=sys.stderr)


def _checkov(folder: Path) -> str | None:
    """The program to compare with: named, found, or installed beside everything else."""
    named = os.environ.get("CHECKOV") or shutil.which("checkov")
    if named or not os.environ.get("WAVETANK_BENCH_INSTALL"):
        return named
    subprocess.run([sys.executable, "-m", "venv", str(folder / "checkov")], check=True)
    python = folder / "checkov" / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "checkov"], check=True)
    return str(python.with_name("checkov"))


def _ours(files: Path, told: dict[str, int]) -> float:
    words = [sys.executable, "-m", "wavetank", "check", str(files), "--format", "json", "--fail-on", "never"]
    seconds, answer = _timed(words)
    told["wavetank"] = len(answer["findings"])
    return seconds


def _theirs(program: str, files: Path, told: dict[str, int]) -> float:
    words = [
        program,
        "--directory",
        str(files),
        "--framework",
        *FRAMEWORKS,
        "--output",
        "json",
        "--quiet",
        "--soft-fail",
        "--compact",
    ]
    seconds, answer = _timed(words, {"CHECKOV_RUN_SCA_PACKAGE_SCAN": "false", "LOG_LEVEL": "ERROR"})
    reports = answer if isinstance(answer, list) else [answer]
    told["checkov"] = sum(report.get("summary", {}).get("failed", 0) for report in reports)
    return seconds


def _timed(words: list[str], more: Mapping[str, str] | None = None) -> tuple[float, Any]:
    """Seconds and the JSON that a program prints."""
    began = time.perf_counter()
    ended = subprocess.run(
        words, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False, env={**os.environ, **(more or {})}
    )
    seconds = time.perf_counter() - began
    assert ended.stdout, f"{words[0]} said nothing: {ended.stderr[-500:]}"
    return seconds, json.loads(ended.stdout)
