"""A client that asks at a fixed rate and says how long the answers took; it never waits for a slow one before it asks on.

Reads ``{"load": Load, "per_second": N}`` as JSON from stdin, writes ``{"milliseconds": [...]}``, sorted, to stdout. A time
counts from when the request was due, so that a server that stands still for a moment pays for all who came meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time

from benchmarks.programs.client import Load, answered


async def run(load: Load, per_second: float) -> list[float]:
    tls = load.tls()
    idle = [await _connection(load, tls) for _ in range(load.connections)]
    began = time.perf_counter()
    tasks: list[asyncio.Task[float]] = []
    for number in range(int(load.seconds * per_second)):
        due = began + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(_ask(load, tls, idle, due)))
    taken = await asyncio.gather(*tasks)
    for _, writer in idle:
        writer.close()
    return sorted(taken)


async def _ask(
    load: Load,
    tls: ssl.SSLContext | None,
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]],
    due: float,
) -> float:
    reader, writer = idle.pop() if idle else await _connection(load, tls)
    writer.write(load.request())
    await answered(reader)
    idle.append((reader, writer))
    return (time.perf_counter() - due) * 1000


async def _connection(load: Load, tls: ssl.SSLContext | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(load.host, load.port, ssl=tls, limit=1 << 20)


if __name__ == "__main__":
    given = json.load(sys.stdin)
    json.dump({"milliseconds": asyncio.run(run(Load(**given["load"]), given["per_second"]))}, sys.stdout)
