"""What many watches cost, and how long requests take while the cluster is busy: the API beside its own simulation.

The server is a process of its own (``programs/api``) with a thousand running pods; so are the clients.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks.measure import Figure, alone
from benchmarks.processes import PATIENCE_SECONDS
from benchmarks.programs.client import Load

WATCHES = 1_000
MOST_MIB = 500.0
PER_SECOND, SECONDS, MOST_MILLISECONDS = 200.0, 5.0, 10.0
ONE_POD = "/api/v1/namespaces/default/pods/pod-7"
WATCH = "/api/v1/namespaces/default/configmaps?watch=true&allowWatchBookmarks=true&resourceVersion=0"


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="wavetank-bench-") as name:
        folder = Path(name)
        with _api(folder) as server:
            port = server.port
            what = f"API: memory of {WATCHES:,} idle watches, server included"
            yield alone(what, "MiB", lambda: _mib_with_watches(server, folder), "allowed", MOST_MIB, runs=1)
            what = f"API: p99 of GET at {PER_SECOND:g} requests/s"
            yield alone(what, "ms", lambda: _p99(_load(folder, port, ONE_POD)), "allowed", MOST_MILLISECONDS)
        with _api(folder, "--busy") as server:
            port = server.port
            what = f"API: p99 of GET at {PER_SECOND:g} requests/s beside a busy scheduler"
            yield alone(what, "ms", lambda: _p99(_load(folder, port, ONE_POD)), "allowed", MOST_MILLISECONDS)


class Server:
    """A running ``programs/api``."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    @property
    def resident_mib(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


@contextmanager
def _api(folder: Path, *options: str) -> Iterator[Server]:
    words = [sys.executable, "-m", "benchmarks.programs.api", str(folder), *options]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as api:
        assert api.stdin is not None
        assert api.stdout is not None
        try:
            yield Server(api, int(api.stdout.readline()))
        finally:
            api.stdin.close()
            api.wait(PATIENCE_SECONDS)


def _load(folder: Path, port: int, path: str) -> Load:
    authority, certificate, key = (str(folder / name) for name in ("ca.crt", "client.crt", "client.key"))
    return Load("127.0.0.1", port, path, SECONDS, ca_file=authority, certificate_file=certificate, key_file=key)


def _p99(load: Load) -> float:
    given = json.dumps({"load": asdict(load), "per_second": PER_SECOND})
    words = [sys.executable, "-m", "benchmarks.programs.steady"]
    ended = subprocess.run(
        words, input=given, capture_output=True, text=True, timeout=load.seconds + PATIENCE_SECONDS, check=True
    )
    taken: list[float] = json.loads(ended.stdout)["milliseconds"]
    return taken[int(len(taken) * 0.99)]


def _mib_with_watches(server: Server, folder: Path) -> float:
    given = json.dumps({"load": asdict(_load(folder, server.port, WATCH)), "watches": WATCHES})
    words = [sys.executable, "-m", "benchmarks.programs.watchers"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watchers:
        assert watchers.stdin is not None
        assert watchers.stdout is not None
        watchers.stdin.write(given + "\n")
        watchers.stdin.flush()
        assert watchers.stdout.readline() == "open\n", "the watches did not open"
        used = server.resident_mib
        watchers.stdin.close()
        watchers.wait(PATIENCE_SECONDS)
    return used
