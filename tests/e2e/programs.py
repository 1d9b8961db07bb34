"""Running wavetank and other programs as a user would, for end-to-end tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "ml-inference"

needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
needs_aws = pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS CLI is not installed")


def run(
    *words: str, environment: Mapping[str, str] | None = None, cwd: Path | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """A program's end with its output, whatever the exit code."""
    variables = {**os.environ, **(environment or {})}
    return subprocess.run(
        words,
        env=variables,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def wavetank(
    *words: str, environment: Mapping[str, str] | None = None, cwd: Path | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "wavetank", *words, environment=environment, cwd=cwd, timeout=timeout)


def well(done: subprocess.CompletedProcess[str]) -> str:
    """The output of a program that must have succeeded."""
    assert done.returncode == 0, f"{done.args}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def everything_in(folder: Path) -> set[str]:
    """Every path below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def step(summary: dict[str, Any], title: str) -> dict[str, Any]:
    """A step of the demo's own account, by its title."""
    return next(step for step in summary["steps"] if step["step"] == title)
