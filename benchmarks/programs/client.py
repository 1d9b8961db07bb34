"""A small HTTP/1.1 client that keeps several connections busy and says how many requests a second were answered.

Reads a ``Load`` as JSON from stdin, writes ``{"requests", "seconds", "bytes"}`` to stdout. Every answer must be a 200 with a
Content-Length. With ``reconnect`` each request has a connection of its own.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Load:
    """``ca_file`` empty is plain HTTP; certificate and key are the client's own."""

    host: str
    port: int
    path: str
    seconds: float
    connections: int = 4
    accept: str = "application/json"
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    reconnect: bool = False

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    def request(self) -> bytes:
        lines = [f"GET {self.path} HTTP/1.1", f"Host: {self.host}:{self.port}", f"Accept: {self.accept}"]
        return "\r\n".join([*lines, *(["Connection: close"] if self.reconnect else []), "", ""]).encode()

    def tls(self) -> ssl.SSLContext | None:
        if not self.ca_file:
            return None
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.certificate_file:
            context.load_cert_chain(self.certificate_file, self.key_file)
        return context


async def answered(reader: asyncio.StreamReader) -> int:
    """Read one answer; returns the size of its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0].split(b" ")[1] == b"200", f"the server answered {lines[0]!r}"
    size = next(int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:"))
    await reader.readexactly(size)
    return size


async def keep_busy(load: Load, tls: ssl.SSLContext | None, until: float) -> list[int]:
    """One connection (or, with ``reconnect``, one after the other): the sizes of the answers."""
    sizes: list[int] = []
    request = load.request()
    while time.perf_counter() < until:
        reader, writer = await asyncio.open_connection(load.host, load.port, ssl=tls, limit=1 << 20)
        while time.perf_counter() < until:
            writer.write(request)
            sizes.append(await answered(reader))
            if load.reconnect:
                break
        writer.close()
    return sizes


async def run(load: Load) -> dict[str, float]:
    tls = load.tls()
    began = time.perf_counter()
    per_connection: Sequence[list[int]] = await asyncio.gather(
        *(keep_busy(load, tls, began + load.seconds) for _ in range(load.connections))
    )
    seconds = time.perf_counter() - began
    sizes = [size for sizes in per_connection for size in sizes]
    return {"requests": len(sizes), "seconds": seconds, "bytes": sum(sizes)}


if __name__ == "__main__":
    json.dump(asyncio.run(run(Load(**json.load(sys.stdin)))), sys.stdout)
