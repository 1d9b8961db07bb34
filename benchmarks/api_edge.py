"""What the Kubernetes API's edge costs: requests over TLS, beside a bare server that returns the same bytes.

Each runs in a process of its own with the same client; keep-alive, a client certificate for the API.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure, side_by_side
from benchmarks.processes import PATIENCE_SECONDS, requests_per_second, server_process
from benchmarks.programs.client import Load

ONE_POD = "/api/v1/namespaces/default/pods/pod-7"
ALL_PODS = "/api/v1/namespaces/default/pods?limit=1000"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
SECONDS = 1.0


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="wavetank-bench-") as name:
        folder = Path(name)
        words = [sys.executable, "-m", "benchmarks.programs.api", str(folder)]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as api:
            assert api.stdin is not None
            assert api.stdout is not None
            port = int(api.stdout.readline())
            try:
                yield _compared("API: GET one pod", _load(folder, port, ONE_POD), folder)
                yield _compared("API: LIST 1,000 pods as Table", _load(folder, port, ALL_PODS, TABLE), folder)
            finally:
                api.stdin.close()
                api.wait(PATIENCE_SECONDS)


def _load(folder: Path, port: int, path: str, accept: str = "application/json") -> Load:
    return Load(
        "127.0.0.1",
        port,
        path,
        SECONDS,
        accept=accept,
        ca_file=str(folder / "ca.crt"),
        certificate_file=str(folder / "client.crt"),
        key_file=str(folder / "client.key"),
    )


def _compared(name: str, load: Load, folder: Path) -> Figure:
    body = folder / "body"
    body.write_bytes(asyncio.run(_body_of(load)))
    with server_process([str(body), str(folder / "server.crt"), str(folder / "server.key")]) as port:
        bare = Load("127.0.0.1", port, "/", SECONDS, ca_file=load.ca_file)
        limit_name = f"bare uvicorn over TLS, the same {body.stat().st_size:,} bytes"
        return side_by_side(
            name, "requests/s", lambda: requests_per_second(load), limit_name, lambda: requests_per_second(bare)
        )


async def _body_of(load: Load) -> bytes:
    reader, writer = await asyncio.open_connection(load.host, load.port, ssl=load.tls(), limit=1 << 20)
    writer.write(load.request())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head.split(b"\r\n")[0], head
    size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    body = await reader.readexactly(size)
    writer.close()
    return body
