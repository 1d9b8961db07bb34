"""exec and attach once they are open: bytes between a client and a terminal until one of them ends.

Carried by a ``Link``: channels of a WebSocket or streams of SPDY. Whoever ends first, nothing stays behind.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster.streaming import Output, Terminal

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Input:
    data: bytes


@dataclass(frozen=True)
class InputEnded:
    pass


@dataclass(frozen=True)
class Resized:
    columns: int
    rows: int


Event = Input | InputEnded | Resized


class Link(Protocol):
    """The client's side. ``events`` ends when the client will say nothing more at all; ``gone`` is set when it has left."""

    gone: asyncio.Event

    def events(self) -> AsyncIterator[Event]: ...

    async def show(self, stream: Output, data: bytes) -> None: ...

    async def finish(self, status: Obj) -> None:
        """Tell how it ended, and close."""
        ...


async def run(terminal: Terminal, link: Link) -> None:
    """Until the command ends or the client leaves; the terminal is closed in any case."""
    feeding = asyncio.create_task(_feed(terminal, link))
    showing = asyncio.create_task(_show(terminal, link))
    leaving = asyncio.create_task(link.gone.wait())
    try:
        await asyncio.wait((showing, leaving), return_when=asyncio.FIRST_COMPLETED)
        if showing.done() and showing.exception() is None:
            await link.finish(await _status(terminal))
        elif showing.done() and not isinstance(showing.exception(), OSError):
            showing.result()
    except OSError:
        return  # the client left in the middle
    finally:
        terminal.close()
        tasks = (feeding, showing, leaving)
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, OSError):
                log.error("a remote command broke off", exc_info=outcome)


async def _feed(terminal: Terminal, link: Link) -> None:
    async for event in link.events():
        match event:
            case Input(data):
                await terminal.write(data)
            case InputEnded():
                terminal.end_input()
            case Resized(columns, rows):
                terminal.resize(columns, rows)


async def _show(terminal: Terminal, link: Link) -> None:
    async for stream, data in terminal.output():
        await link.show(stream, data)


async def _status(terminal: Terminal) -> Obj:
    try:
        return exit_status(await terminal.exit_code())
    except ApiError as error:
        return error.status()


def exit_status(code: int) -> Obj:
    """What the error channel carries in the end (``codeExitToStatusError`` of apimachinery's stream translator)."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: command terminated with exit code {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def resized(data: bytes) -> Resized | None:
    """A line of the resize channel; None when it makes no sense, which clients are not told."""
    try:
        size = json.loads(data)
        columns, rows = int(size["Width"]), int(size["Height"])
    except (ValueError, TypeError, KeyError):
        return None
    return Resized(columns, rows) if 0 < columns < 65536 and 0 < rows < 65536 else None
