"""Other people's programs: finding them, and running one to its end with its output in hand."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence

from wavetank.base.errors import OperationFailed

#: Variables that real pods and programs inherit from whoever called us.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "TMPDIR", "SSL_CERT_FILE")


def found(program: str, environment: Mapping[str, str]) -> str | None:
    """The path of a program on the PATH of an environment; None when it is not installed."""
    return shutil.which(program, path=environment.get("PATH"))


def output_of(words: Sequence[str], environment: Mapping[str, str], *, timeout_seconds: float = 120) -> str:
    """What a program prints; OperationFailed with its own words when it refuses, or when it takes too long.

    ``environment`` is everything that it sees.
    """
    command = " ".join(words)
    try:
        done = subprocess.run(
            list(words),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as slow:
        raise OperationFailed(f"`{command}` did not end within {timeout_seconds:.0f} s") from slow
    if done.returncode != 0:
        raise OperationFailed(f"`{command}` failed ({done.returncode}): {(done.stderr or done.stdout).strip()}")
    return done.stdout
