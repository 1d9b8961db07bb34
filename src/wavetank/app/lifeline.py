"""Programs that must not outlive us, however we end.

``started`` runs a program in a process group of its own, and beside it a small watcher that holds one end of a pipe: when our
end closes without a word (we were killed), the watcher ends the whole group, with the children that the program had started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_WATCHER = """\
import os, signal, sys, time
if os.read(0, 1) == b"":
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(int(sys.argv[1]), number)
        except ProcessLookupError:
            break
        time.sleep(2)
"""
#: terraform ends what it is doing after an interrupt; longer than that and it hangs
POLITE_SECONDS = 30.0
FIRM_SECONDS = 5.0


@contextmanager
def started(words: Sequence[str], environment: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The running program; standard output is a pipe of text, standard error goes there too. It is gone when this ends."""
    program = subprocess.Popen(
        list(words),
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    threading.Thread(target=_end_group_after, args=(program,), name="lifeline", daemon=True).start()
    with program, _watched(program.pid):
        try:
            yield program
        finally:
            _end_even_when_hurried(program)


def _end_even_when_hurried(program: subprocess.Popen[str]) -> None:
    """``end``; a second Ctrl-C meanwhile means "at once", and then nothing of the program may stay, either."""
    try:
        end(program)
    except BaseException:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(program.pid, signal.SIGKILL)
        raise


def end(program: subprocess.Popen[str]) -> None:
    """Interrupt it as Ctrl-C would, then ask it to terminate, then kill it; nothing when it has ended."""
    for number, seconds in (
        (signal.SIGINT, POLITE_SECONDS),
        (signal.SIGTERM, FIRM_SECONDS),
        (signal.SIGKILL, FIRM_SECONDS),
    ):
        if program.poll() is not None:
            return
        program.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            _drain(program, seconds)


def _drain(program: subprocess.Popen[str], seconds: float) -> None:
    """Wait while reading: a program that writes into a full pipe would never end."""
    program.communicate(timeout=seconds)


def _end_group_after(program: subprocess.Popen[str]) -> None:
    """Children that a program leaves running go with it; while they held its output, a reader would wait for them."""
    program.wait()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(program.pid, signal.SIGKILL)


@contextmanager
def _watched(group: int) -> Iterator[None]:
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _WATCHER, str(group)], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        yield
    finally:
        with suppress(BrokenPipeError):
            watcher.communicate(b".", timeout=FIRM_SECONDS)
