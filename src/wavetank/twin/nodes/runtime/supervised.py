"""An operating-system process under its supervisor (``nodes/launcher.py``), driven from an asyncio loop.

Used by the process runtime for containers and for exec probes and hooks. Output goes to a sink as it comes. Nothing here
blocks; when this process dies, the supervisors see their sockets close and kill what they started.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from wavetank.twin.nodes import launcher

Stream = Literal["stdout", "stderr"]
Sink = Callable[[Stream, bytes], None]
CHUNK_BYTES = 65536
#: After a process has ended its pipes are read to their end, but no longer than this: they may have been handed on.
DRAIN_SECONDS = 0.5
REAP_SECONDS = 0.02
#: Exit code and words of containerd when a command cannot be executed at all.
CANNOT_EXECUTE_CODE = 128


@dataclass(frozen=True)
class Command:
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path


@dataclass(frozen=True)
class Ended:
    """``problem`` is why it could not even be executed, or ""."""

    code: int
    problem: str = ""


def frame(argv: Sequence[str], environment: Mapping[str, str]) -> bytes:
    """What the supervisor reads first; the command line of a supervisor shows no secrets that way."""
    pairs = [f"{name}={value}" for name, value in environment.items()]
    body = b"\0".join(os.fsencode(part.replace("\0", "")) for part in (str(len(argv)), *argv, *pairs))
    return b"%010d" % len(body) + body


class SupervisedProcess:
    """Started by its constructor; ``on_end`` is called once, on the loop. Raises OSError when nothing can be started."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, command: Command, sink: Sink, on_end: Callable[[Ended], None]
    ) -> None:
        self.pid: int | None = None
        #: Called on the loop when nothing of it is left.
        self.on_gone: Callable[[], None] = lambda: None
        self._loop = loop
        self._sink = sink
        self._on_end: Callable[[Ended], None] | None = on_end
        self._ended: Ended | None = None
        self._heard = b""
        self._open: dict[Stream, IO[bytes]] = {}
        self._line, theirs = socket.socketpair()
        try:
            self._popen = self._spawn(command, theirs)
        except BaseException:
            self._line.close()
            raise
        finally:
            theirs.close()
        self._line.sendall(frame(command.argv, command.environment))
        self._line.setblocking(False)
        loop.add_reader(self._line.fileno(), self._hear)
        self._listen("stdout", self._popen.stdout)
        self._listen("stderr", self._popen.stderr)

    def _spawn(self, command: Command, theirs: socket.socket) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-I", "-S", str(launcher.__file__), str(theirs.fileno())]
        return subprocess.Popen(
            program,
            cwd=command.folder,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )

    def _listen(self, name: Stream, pipe: IO[bytes] | None) -> None:
        assert pipe is not None, "output is piped"
        os.set_blocking(pipe.fileno(), False)
        self._open[name] = pipe
        self._loop.add_reader(pipe.fileno(), lambda: self._read(name))

    def terminate(self) -> None:
        self._order(b"T")

    def kill(self) -> None:
        self._order(b"K")

    def close(self) -> None:
        """Let go: the supervisor kills what is left. ``on_end`` is not called any more."""
        self._on_end = None
        self._hang_up()
        for name in tuple(self._open):
            self._close_pipe(name)
        self._reap()

    def wait(self, timeout_seconds: float) -> None:
        """Block until the supervisor is gone; for the end of a world only."""
        try:
            self._popen.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def _order(self, order: bytes) -> None:
        if self._line.fileno() >= 0:
            try:
                self._line.send(order)
            except OSError:
                return

    def _hear(self) -> None:
        try:
            data = self._line.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._heard += data
        *lines, self._heard = self._heard.split(b"\n")
        for line in lines:
            self._understand(line.decode())
        if not data:
            self._finish(self._ended or Ended(137))

    def _understand(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        match word:
            case "pid":
                self.pid = int(rest)
            case "exit":
                self._finish(Ended(int(rest)))
            case _:
                self._finish(Ended(CANNOT_EXECUTE_CODE, rest))

    def _finish(self, ended: Ended) -> None:
        if self._ended is None:
            self._ended = ended
            self._hang_up()
            self._loop.call_later(DRAIN_SECONDS, self._drained)
            self._loop.call_later(REAP_SECONDS, self._reap)
        if not self._open:
            self._drained()

    def _drained(self) -> None:
        for name in tuple(self._open):
            self._close_pipe(name)
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            assert self._ended is not None, "output ends after the process"
            on_end(self._ended)

    def _read(self, name: Stream) -> None:
        try:
            data = os.read(self._open[name].fileno(), CHUNK_BYTES)
        except BlockingIOError:
            return
        if data:
            self._sink(name, data)
            return
        self._close_pipe(name)
        if self._ended is not None and not self._open:
            self._drained()

    def _close_pipe(self, name: Stream) -> None:
        pipe = self._open.pop(name)
        self._loop.remove_reader(pipe.fileno())
        pipe.close()

    def _hang_up(self) -> None:
        if self._line.fileno() >= 0:
            self._loop.remove_reader(self._line.fileno())
            self._line.close()

    def _reap(self) -> None:
        if self._popen.poll() is not None:
            self.on_gone()
        elif not self._loop.is_closed():
            self._loop.call_later(REAP_SECONDS, self._reap)
