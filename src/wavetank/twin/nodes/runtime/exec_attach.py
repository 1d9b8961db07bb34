"""Clients that are attached to a container: they see what its own process prints, from the moment they came.

Owned by a real container. The process never waits for them: one that falls too far behind is told so and let go.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from wavetank.kube.errors import ApiError
from wavetank.twin.cluster.streaming import Output, Wanted

from .exec_output import Outputs

#: What may wait for a slow client.
BEHIND_BYTES = 4 * 1024 * 1024


class Attached:
    """A ``Terminal`` of one client."""

    def __init__(self, leave: Callable[[Attached], None], send: Callable[[bytes], Awaitable[None]] | None) -> None:
        self._leave, self._send = leave, send
        self._outputs = Outputs()
        self._outputs.expect()
        self._ended: asyncio.Future[int | ApiError] = asyncio.get_running_loop().create_future()

    def show(self, stream: Output, data: bytes) -> None:
        if self._outputs.size + len(data) > BEHIND_BYTES:
            self.end(ApiError(500, "InternalError", "Internal error occurred: the client reads too slowly"))
        else:
            self._outputs.put(stream, data)

    def end(self, how: int | ApiError) -> None:
        if not self._ended.done():
            self._ended.set_result(how)
            self._outputs.lose()
            self._leave(self)

    def output(self) -> AsyncIterator[tuple[Output, bytes]]:
        return self._outputs.pieces()

    async def write(self, data: bytes) -> None:
        if self._send is not None:
            await self._send(data)

    def end_input(self) -> None:
        """Others may come and say more; the container's input stays open."""

    def resize(self, columns: int, rows: int) -> None:
        """A container's window has the size that it has."""

    async def exit_code(self) -> int:
        how = await self._ended
        if isinstance(how, ApiError):
            raise how
        return how

    def close(self) -> None:
        self.end(0)


class Audience:
    """Everybody who is attached to one container."""

    def __init__(self) -> None:
        self._members: set[Attached] = set()

    def admit(self, wanted: Wanted, send: Callable[[bytes], Awaitable[None]] | None = None) -> Attached:
        member = Attached(self._members.discard, send if wanted.stdin else None)
        self._members.add(member)
        return member

    def show(self, stream: Output, data: bytes) -> None:
        for member in tuple(self._members):
            member.show(stream, data)

    def end(self, code: int) -> None:
        for member in tuple(self._members):
            member.end(code)
