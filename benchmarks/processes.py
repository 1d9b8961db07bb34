"""Starting the benchmark's own programs and asking them: clients that load, servers that answer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.programs.client import Load

#: What a program may take beyond the seconds it was told.
PATIENCE_SECONDS = 20.0


def requests_per_second(load: Load) -> float:
    """Run a client as a process of its own."""
    words = [sys.executable, "-m", "benchmarks.programs.client"]
    timeout = load.seconds + PATIENCE_SECONDS
    ended = subprocess.run(words, input=load.to_json(), capture_output=True, text=True, timeout=timeout, check=False)
    assert ended.returncode == 0, f"the client failed: {ended.stderr}"
    told = json.loads(ended.stdout)
    return float(told["requests"]) / float(told["seconds"])


@contextmanager
def server_process(arguments: Sequence[str]) -> Iterator[int]:
    """The port of a bare server that lives as long as the block."""
    words = [sys.executable, "-m", "benchmarks.programs.server", *arguments]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()
            server.wait(PATIENCE_SECONDS)
