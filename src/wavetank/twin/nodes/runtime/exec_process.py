"""A command that somebody executes in a real container: a process of its own beside the container's, with live streams.

Made by the process runtime for ``kubectl exec``. It runs under the same supervisor as containers do
(``nodes/launcher.py``), so it ends with its client, with its container and with wavetank, and leaves nothing behind; that
includes what it put into the background, which in a real container would go on.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import AsyncIterator, Callable
from typing import IO

from wavetank.kube.errors import ApiError
from wavetank.twin.cluster.streaming import Output, Wanted
from wavetank.twin.nodes import launcher

from .exec_output import Outputs
from .supervised import REAP_SECONDS, Command, frame

#: What a container runtime adds for a command at a terminal.
TTY_ENVIRONMENT = {"TERM": "xterm"}
KILLED_CODE = 137
END_OF_INPUT_AT_A_TERMINAL = b"\x04"


class ExecProcess:
    """A ``Terminal``. ``on_gone`` is called once, when nothing of it is left. Raises OSError when nothing can be started."""

    def __init__(self, command: Command, wanted: Wanted, on_gone: Callable[[ExecProcess], None]) -> None:
        self._command, self._wanted, self._on_gone = command, wanted, on_gone
        self._loop = asyncio.get_running_loop()
        self._outputs = Outputs()
        self._orders: asyncio.StreamWriter | None = None
        self._input: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None
        self._terminal_fd: int | None = None
        self._ended: asyncio.Future[int | ApiError] = self._loop.create_future()
        self._closed = False
        self._line, theirs = socket.socketpair()
        try:
            self._files = self._spawned(theirs)
        except BaseException:
            self._line.close()
            raise
        finally:
            theirs.close()

    # --- starting ----------------------------------------------------------------------------------------------

    def _spawned(self, theirs: socket.socket) -> list[tuple[Output, IO[bytes]]]:
        """Start the supervisor; returns what is to be read from it."""
        if not self._wanted.tty:
            stdin = subprocess.PIPE if self._wanted.stdin else subprocess.DEVNULL
            self._popen = self._popened(theirs, stdin, subprocess.PIPE, subprocess.PIPE)
            assert self._popen.stdout is not None, "output is piped"
            assert self._popen.stderr is not None, "output is piped"
            return [("stdout", self._popen.stdout), ("stderr", self._popen.stderr)]
        ours, slave = os.openpty()
        try:
            self._popen = self._popened(theirs, slave, slave, slave)
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(slave)
        self._terminal_fd = os.dup(ours)
        return [("stdout", os.fdopen(ours, "rb", buffering=0))]

    def _popened(self, theirs: socket.socket, stdin: int, stdout: int, stderr: int) -> subprocess.Popen[bytes]:
        words = [str(launcher.__file__), str(theirs.fileno()), *([launcher.TTY] if self._wanted.tty else [])]
        return subprocess.Popen(
            [sys.executable, "-I", "-S", *words],
            cwd=self._command.folder,
            env={},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )

    async def begin(self) -> None:
        """Tell the supervisor what to run, and listen."""
        environment = {**(TTY_ENVIRONMENT if self._wanted.tty else {}), **self._command.environment}
        lines, self._orders = await asyncio.open_connection(sock=self._line)
        self._orders.write(frame(self._command.argv, environment))
        self._listener = self._loop.create_task(self._listen(lines))
        for name, file in self._files:
            await self._outputs.add(name, file)
        if self._wanted.stdin:
            self._input = await _writer_to(self._input_file())

    def _input_file(self) -> IO[bytes]:
        if self._terminal_fd is not None:
            return os.fdopen(os.dup(self._terminal_fd), "wb", buffering=0)
        assert self._popen.stdin is not None, "input is piped"
        return self._popen.stdin

    async def _listen(self, lines: asyncio.StreamReader) -> None:
        """The supervisor's words, until it says how the command ended."""
        while line := await lines.readline():
            word, _, rest = line.decode().rstrip("\n").partition(" ")
            if word == "exit":
                self._end(int(rest))
            elif word == "failed":
                self._end(cannot_execute(self._command.argv[0], rest))
        self._end(KILLED_CODE)

    def _end(self, how: int | ApiError) -> None:
        if not self._ended.done():
            self._ended.set_result(how)

    # --- the terminal ------------------------------------------------------------------------------------------

    def output(self) -> AsyncIterator[tuple[Output, bytes]]:
        return self._outputs.pieces()

    async def exit_code(self) -> int:
        how = await self._ended
        if isinstance(how, ApiError):
            raise how
        return how

    async def write(self, data: bytes) -> None:
        if self._input is None or self._input.is_closing():
            return
        try:
            self._input.write(data)
            await self._input.drain()
        except OSError:
            self._input = None  # it does not read any more

    def end_input(self) -> None:
        if self._input is None:
            return
        if self._terminal_fd is not None:
            self._input.write(END_OF_INPUT_AT_A_TERMINAL)
        else:
            self._input.close()

    def resize(self, columns: int, rows: int) -> None:
        if self._terminal_fd is not None:
            fcntl.ioctl(self._terminal_fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    # --- the end -----------------------------------------------------------------------------------------------

    @property
    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._end(KILLED_CODE)
        if self._listener is not None:
            self._listener.cancel()
        if self._orders is not None:
            self._orders.transport.abort()  # the supervisor hears that and kills what is left
        else:
            self._line.close()
        if self._input is not None and not (self._input.is_closing() and not _unsent(self._input)):
            self._input.transport.abort()
        self._outputs.close()
        if self._terminal_fd is not None:
            os.close(self._terminal_fd)
            self._terminal_fd = None
        self._reap()

    def _reap(self) -> None:
        if self._popen.poll() is not None:
            self._on_gone(self)
        elif not self._loop.is_closed():
            self._loop.call_later(REAP_SECONDS, self._reap)

    def wait(self, timeout_seconds: float) -> None:
        """Block until the supervisor is gone; for the end of a world only."""
        try:
            self._popen.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


def cannot_execute(program: str, why: str) -> ApiError:
    """As containerd and the kubelet say that a command is not there."""
    if why == os.strerror(2):
        why = (
            "executable file not found in $PATH" if "/" not in program else f"stat {program}: no such file or directory"
        )
    runtime = f'exec failed: unable to start container process: exec: "{program}": {why}'
    text = f"error executing command in container: failed to exec in container: OCI runtime exec failed: {runtime}"
    return ApiError(500, "InternalError", f"Internal error occurred: {text}")


def _unsent(writer: asyncio.StreamWriter) -> int:
    transport = writer.transport
    assert isinstance(transport, asyncio.WriteTransport), "a writer writes"
    return transport.get_write_buffer_size()


async def _writer_to(file: IO[bytes]) -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(lambda: asyncio.streams.FlowControlMixin(loop=loop), file)
    return asyncio.StreamWriter(transport, protocol, None, loop)
