"""Being asked to end: SIGTERM is taken as Ctrl-C is, so that both clean up."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """While the block runs, SIGTERM, SIGHUP and SIGINT raise KeyboardInterrupt in it, in background shells too."""
    before = {number: signal.signal(number, _interrupt) for number in NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def finish_undisturbed() -> None:
    """For the rest of the block: taking down is short, and half of it would leave processes and files."""
    for number in NUMBERS:
        # A handler, not SIG_IGN: programs that are started now must not inherit deafness.
        signal.signal(number, _already_ending)


def _already_ending(number: int, frame: FrameType | None) -> None:
    return


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
