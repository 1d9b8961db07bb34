"""A line of bytes in both directions, whatever carries it. Used by SPDY sessions and by the channels of WebSockets."""

from __future__ import annotations

import asyncio
from typing import Protocol


class Duplex(Protocol):
    """``gone`` is set when the other side has left, also while nobody receives."""

    gone: asyncio.Event

    async def receive(self) -> bytes:
        """The next piece; empty when there will be no more."""
        ...

    async def send(self, data: bytes) -> None:
        """OSError when the other side has gone; waits while it does not read."""
        ...

    async def close(self) -> None:
        """Send what is waiting, then end the connection."""
        ...
