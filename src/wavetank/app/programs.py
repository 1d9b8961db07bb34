"""Other people's programs: finding them, and running one to its end with its output in hand."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wavetank.base.errors import OperationFailed


@dataclass(frozen=True)
class Done:
    """How a program ended."""

    command: str
    code: int
    out: str
    error: str


def found(program: str, environment: Mapping[str, str]) -> str | None:
    """The path of a program on the PATH of an environment; None when it is not installed."""
    return shutil.which(program, path=environment.get("PATH"))


def run(
    words: Sequence[str], environment: Mapping[str, str], *, folder: Path | None = None, timeout_seconds: float = 120
) -> Done:
    """Run a program to its end and return whatever it says; OperationFailed when it takes too long.

    ``environment`` is everything that it sees.
    """
    command = " ".join(words)
    try:
        done = subprocess.run(
            list(words),
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as slow:
        raise OperationFailed(f"`{command}` did not end within {timeout_seconds:.0f} s") from slow
    return Done(command, done.returncode, done.stdout, done.stderr)


def run_well(words: Sequence[str], environment: Mapping[str, str], *, timeout_seconds: float = 120) -> str:
    """What a program prints; OperationFailed with its own words when it refuses."""
    done = run(words, environment, timeout_seconds=timeout_seconds)
    if done.code != 0:
        raise OperationFailed(f"`{done.command}` failed ({done.code}): {(done.error or done.out).strip()}")
    return done.out
