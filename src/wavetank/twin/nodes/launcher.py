"""The supervisor of one container process; a program of its own, started by ``runtime.supervised`` with ``python -I -S``.

It must outlive nobody: it holds one end of a socket whose other end is wavetank's. When that end closes, for whatever reason
(kill -9 of wavetank included), it kills everything that it started and leaves. On Linux it also adopts processes that detach
themselves, and its child dies with it. Imports the standard library only and nothing of wavetank: it starts in 20 ms.

On the socket it reads a frame (see ``frame`` in ``runtime.supervised``): length, then argument count, arguments and
environment separated by NUL bytes. It writes lines: ``pid N``, then ``exit CODE`` or ``failed TEXT``. Single bytes order it
about: ``T`` is SIGTERM to the process group, ``K`` is SIGKILL. With the word ``tty`` after the socket's number, its own input is
a terminal that the child is to have as its controlling one.
"""

import os
import select
import signal
import socket
import sys
from typing import NoReturn

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
TTY = "tty"
ON_LINUX = sys.platform.startswith("linux")
#: Rounds of killing adopted processes, each of which may have had children of its own.
SWEEPS = 50


def prctl(option: int, value: int) -> None:
    """Linux only; a kernel that refuses costs a safety net, not the start."""
    if ON_LINUX:
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def received_frame(line: socket.socket) -> tuple[list[bytes], dict[bytes, bytes]]:
    """Arguments and environment, as sent."""
    stream = line.makefile("rb", buffering=0)
    wanted = int(stream.read(10) or b"0")
    body = b""
    while len(body) < wanted:
        chunk = stream.read(wanted - len(body))
        if not chunk:
            sys.exit(1)
        body += chunk
    count, *parts = body.split(b"\0")
    arguments, pairs = parts[: int(count)], parts[int(count) :]
    return arguments, dict(pair.split(b"=", 1) for pair in pairs)


def lead_a_group(at_terminal: bool) -> None:
    """A process group of the child's own; at a terminal it must be a session, so that job control and Ctrl-C work."""
    if not at_terminal:
        os.setpgid(0, 0)
        return
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def run_child(arguments: list[bytes], environment: dict[bytes, bytes], failure_fd: int, parent: int) -> NoReturn:
    """Become the container's process; on failure write the error number and leave."""
    try:
        lead_a_group(sys.argv[2:] == [TTY])
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        for number in (signal.SIGPIPE, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(arguments[0], arguments, environment)
    except OSError as error:
        os.write(failure_fd, str(error.errno).encode())
    os._exit(127)


def fork_child(arguments: list[bytes], environment: dict[bytes, bytes]) -> tuple[int, int]:
    """(pid, error number of exec or 0)."""
    parent = os.getpid()
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        run_child(arguments, environment, write_fd, parent)
    os.close(write_fd)
    problem = os.read(read_fd, 16)
    os.close(read_fd)
    return pid, int(problem or b"0")


def let_go_of_output() -> None:
    """Only the child may hold the log pipes open."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)


def signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def adopted() -> list[int]:
    """Processes whose parent we have become."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


def reap() -> dict[int, int]:
    """Exit codes by pid of children that have ended; 128 + signal for those that a signal ended."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        code = os.waitstatus_to_exitcode(status)
        ended[pid] = code if code >= 0 else 128 - code


def sweep(pid: int) -> None:
    """Kill the group and everything that left it."""
    signal_group(pid, signal.SIGKILL)
    for _ in range(SWEEPS):
        reap()
        left = adopted()
        if not left:
            return
        for orphan in left:
            try:
                os.kill(orphan, signal.SIGKILL)
            except ProcessLookupError:
                continue
        select.select([], [], [], 0.01)


def tell(line: socket.socket, text: str) -> None:
    try:
        line.sendall(text.encode() + b"\n")
    except OSError:
        return


def supervise(line: socket.socket, pid: int, wakeup: socket.socket) -> None:
    """Until the child ends or nobody listens any more."""
    while True:
        readable, _, _ = select.select([line, wakeup], [], [])
        if wakeup in readable:
            wakeup.recv(64)
            ended = reap()
            if pid in ended:
                sweep(pid)
                tell(line, f"exit {ended[pid]}")
                return
        if line in readable:
            try:
                orders = line.recv(64)
            except OSError:
                orders = b""
            if not orders:
                sweep(pid)
                return
            for order in orders:
                signal_group(pid, signal.SIGKILL if order == ord("K") else signal.SIGTERM)


def watch_children() -> tuple[socket.socket, socket.socket]:
    """The first becomes readable when a child ends; the second must be kept."""
    inner, outer = socket.socketpair()
    outer.setblocking(False)
    signal.set_wakeup_fd(outer.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    return inner, outer


def main() -> None:
    line = socket.socket(fileno=int(sys.argv[1]))
    line.set_inheritable(False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    arguments, environment = received_frame(line)
    wakeup, kept = watch_children()
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    pid, problem = fork_child(arguments, environment)
    let_go_of_output()
    if problem:
        tell(line, f"failed {os.strerror(problem)}")
        return
    tell(line, f"pid {pid}")
    supervise(line, pid, wakeup)
    kept.close()


if __name__ == "__main__":
    main()
