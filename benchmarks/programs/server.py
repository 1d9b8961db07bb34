"""A bare uvicorn server that answers every request with the bytes of a file: the limit of any Python server like ours.

``python -m benchmarks.programs.server BODY_FILE [CERTIFICATE KEY]`` prints its port and serves until its stdin closes.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn


def app_answering(body: bytes) -> Any:
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
    }

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send(start)
        await send({"type": "http.response.body", "body": body})

    return app


async def serve(body: bytes, certificate: str | None, key: str | None) -> None:
    # With the protocol named, asyncio sets TCP_NODELAY; else Nagle's algorithm and delayed ACKs are all that is measured.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app_answering(body),
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listening]))
    print(listening.getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # the benchmark closes it, also when it dies
    server.should_exit = True
    await serving


if __name__ == "__main__":
    body_file, *tls = sys.argv[1:]
    asyncio.run(serve(Path(body_file).read_bytes(), *(tls or (None, None))))
