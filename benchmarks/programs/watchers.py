"""A client that holds many idle watches open, each on a connection of its own.

Reads ``{"load": Load, "watches": N}`` as JSON from its first line, writes a line when all are open, and holds them until
its stdin closes. Then it writes how many have seen an event: ``{"events": N}``.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys

from benchmarks.programs.client import Load

AT_ONCE = 20


async def main() -> None:
    given = json.loads(sys.stdin.readline())
    load, count = Load(**given["load"]), int(given["watches"])
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    tls, gate = load.tls(), asyncio.Semaphore(AT_ONCE)

    async def opened() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with gate:
            reader, writer = await asyncio.open_connection(load.host, load.port, ssl=tls)
            writer.write(load.request())
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head.split(b"\r\n")[0], head
            return reader, writer

    connections = await asyncio.gather(*(opened() for _ in range(count)))
    print("open", flush=True)
    seen = [asyncio.create_task(_event(reader)) for reader, _ in connections]
    await asyncio.to_thread(sys.stdin.read)
    await asyncio.sleep(0)
    print(json.dumps({"events": sum(task.done() for task in seen)}), flush=True)
    for task in seen:
        task.cancel()
    for _, writer in connections:
        writer.transport.abort()


async def _event(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b'"type":"ADDED"')


if __name__ == "__main__":
    asyncio.run(main())
