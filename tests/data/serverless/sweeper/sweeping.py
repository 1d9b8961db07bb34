"""Handles what waits in the queue."""

from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, list[str]]:
    return {"batchItemFailures": []}
