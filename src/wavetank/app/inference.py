"""What the demo asks of the inference service, and how it kills one of its processes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import httpx
import psutil

from wavetank.base.errors import OperationFailed


def health(address: str) -> dict[str, Any]:
    """The answers of ``/health`` and ``/ready``."""
    with httpx.Client(base_url=f"http://{address}", timeout=10, trust_env=False) as http:
        return {path: _answer(http.get(path)) for path in ("/health", "/ready")}


def predictions(address: str, rows: Sequence[Sequence[float]]) -> list[dict[str, Any]]:
    """Class and probabilities for each row, by one request."""
    with httpx.Client(base_url=f"http://{address}", timeout=30, trust_env=False) as http:
        found: list[dict[str, Any]] = _answer(http.post("/predict", json={"rows": rows}))["predictions"]
        return found


def _answer(response: httpx.Response) -> Any:
    if not response.is_success:
        raise OperationFailed(f"{response.request.url} answered {response.status_code}: {response.text[:300]}")
    return response.json()


def kill_listener(host: str, port: int) -> int:
    """``kill -9`` of the process that listens there; returns its id. OperationFailed when none of ours does."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            for connection in process.net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN and connection.laddr == (host, port):
                    process.kill()
                    return process.pid
    raise OperationFailed(f"no process of yours listens on {host}:{port}")


def leftover_processes(process_ids: Sequence[int]) -> list[str]:
    """Of these processes, those that still run (zombies are gone for all that matters)."""
    left = []
    for process_id in process_ids:
        with suppress(psutil.Error):
            process = psutil.Process(process_id)
            if process.status() != psutil.STATUS_ZOMBIE:
                left.append(f"{process_id} {' '.join(process.cmdline())[:80]}")
    return left


def descendants() -> list[int]:
    """Every process that this one has started, directly or not."""
    return [process.pid for process in psutil.Process().children(recursive=True)]
