"""What the way through a local load balancer costs, beside the way straight to the pod."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import Figure, side_by_side
from benchmarks.processes import PATIENCE_SECONDS, requests_per_second, server_process
from benchmarks.programs.client import Load

SECONDS = 1.0
BODY = b'{"prediction": 1, "probability": 0.87, "probabilities": [0.13, 0.87]}'


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="wavetank-bench-") as name:
        body = Path(name, "body")
        body.write_bytes(BODY)
        with server_process([str(body)]) as port:
            yield from _through(port)


def _through(pod_port: int) -> Iterator[Figure]:
    words = [sys.executable, "-m", "benchmarks.programs.balancer", str(pod_port)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as balancer:
        assert balancer.stdin is not None
        assert balancer.stdout is not None
        host, port = balancer.stdout.readline().split()
        try:
            straight, through = Load("127.0.0.1", pod_port, "/", SECONDS), Load(host, int(port), "/", SECONDS)
            yield _compared("load balancer, kept connections", through, straight)
            reconnecting = [replace(load, reconnect=True) for load in (through, straight)]
            yield _compared("load balancer, a connection per request", *reconnecting)
        finally:
            balancer.stdin.close()
            balancer.wait(PATIENCE_SECONDS)


def _compared(name: str, through: Load, straight: Load) -> Figure:
    return side_by_side(
        name,
        "requests/s",
        lambda: requests_per_second(through),
        "straight to the pod",
        lambda: requests_per_second(straight),
    )
