"""Network load balancers on this computer: addresses that listen and forward TCP connections to targets.

The data plane only. Which load balancers exist, with which listeners and targets, is told by whoever stands in for the
AWS Load Balancer Controller; nothing here reads the cluster.

Like an NLB with IP targets: a connection goes to one target, chosen by a hash of its flow, and stays there until it ends,
also when the target is deregistered; bytes stream both ways and each side may close its half. Without targets a connection
is reset. Unlike an NLB: targets are registered and deregistered at once, while AWS takes tens of seconds of health checks
to begin and some seconds to stop sending new connections; and when a connection to a target cannot be made, the next
target is tried before the client notices, where an NLB would reset it until a health check has failed. A rollout without a
``preStop`` pause is therefore kinder here than on AWS.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .runtime.loopback import COMMON_ADDRESS, COUNT, LoopbackAddresses

BACKLOG = 1024
CONNECT_SECONDS = 3.0
#: Load balancers take the second half of the loopback addresses, pods the first.
FIRST_OFFSET = COUNT // 2
#: ``setsockopt`` value with which a close is a reset.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Target:
    address: str
    port: int


@dataclass(frozen=True)
class Placement:
    """Where a load balancer really listens: by service port. ``refused`` lists ports that this system did not let us have."""

    address: str
    ports: Mapping[int, int] = field(default_factory=dict)
    refused: tuple[int, ...] = ()


class LoadBalancers(Protocol):
    """What the stand-in of the controller needs. Calls return at once."""

    def ensure(self, name: str, ports: Sequence[int]) -> Placement:
        """Create a load balancer, or change its listeners; the same name keeps its address."""
        ...

    def set_targets(self, name: str, port: int, targets: Sequence[Target]) -> None:
        """Replace the targets of a listener; connections to those that leave go on."""
        ...

    def remove(self, name: str) -> None:
        """Delete it with its connections; nothing when there is none."""
        ...


class ModelledLoadBalancers:
    """Addresses without listeners, for worlds in pure virtual time. ``targets`` shows what was set, by name and port."""

    def __init__(self) -> None:
        self.targets: dict[tuple[str, int], tuple[Target, ...]] = {}
        self._placements: dict[str, Placement] = {}
        self._count = 0

    def ensure(self, name: str, ports: Sequence[int]) -> Placement:
        known = self._placements.get(name)
        if known is None:
            self._count += 1
        address = known.address if known is not None else f"127.96.{self._count // 250}.{self._count % 250 + 1}"
        self._placements[name] = Placement(address, {port: port for port in ports})
        return self._placements[name]

    def set_targets(self, name: str, port: int, targets: Sequence[Target]) -> None:
        self.targets[name, port] = tuple(targets)

    def remove(self, name: str) -> None:
        self._placements.pop(name, None)
        self.targets = {key: value for key, value in self.targets.items() if key[0] != name}


class LocalLoadBalancers:
    """Real listeners on loopback addresses. Needs the running asyncio loop on which it is used."""

    def __init__(self) -> None:
        self._addresses = LoopbackAddresses(FIRST_OFFSET)
        self._balancers: dict[str, _Balancer] = {}

    def ensure(self, name: str, ports: Sequence[int]) -> Placement:
        balancer = self._balancers.get(name)
        if balancer is None:
            balancer = self._balancers[name] = _Balancer(self._addresses.take(ports).address)
        balancer.listen(ports)
        return balancer.placement

    def set_targets(self, name: str, port: int, targets: Sequence[Target]) -> None:
        listener = self._balancers[name].listeners.get(port)
        if listener is not None:
            listener.targets = tuple(targets)

    def targets(self, name: str, port: int) -> tuple[Target, ...]:
        """What is registered now; empty for a listener that does not exist."""
        balancer = self._balancers.get(name)
        listener = balancer.listeners.get(port) if balancer is not None else None
        return listener.targets if listener is not None else ()

    def remove(self, name: str) -> None:
        balancer = self._balancers.pop(name, None)
        if balancer is not None:
            balancer.listen(())
            self._addresses.give_back(balancer.address)

    def close(self) -> None:
        for name in tuple(self._balancers):
            self.remove(name)


class _Balancer:
    """One load balancer: an address and a listener per port."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.listeners: dict[int, _Listener] = {}

    def listen(self, ports: Sequence[int]) -> None:
        for port in set(self.listeners) - set(ports):
            self.listeners.pop(port).close()
        for port in ports:
            if port not in self.listeners:
                self.listeners[port] = _Listener(self.address, port)

    @property
    def placement(self) -> Placement:
        ports = {wanted: listener.port for wanted, listener in self.listeners.items()}
        refused = tuple(wanted for wanted, real in sorted(ports.items()) if real != wanted)
        return Placement(self.address, ports, refused)


class _Listener:
    """Accepts connections on one port and pairs each with one to a target."""

    def __init__(self, address: str, port: int) -> None:
        self.targets: tuple[Target, ...] = ()
        self._loop = asyncio.get_running_loop()
        self._socket = _bound(address, port)
        self.port: int = self._socket.getsockname()[1]
        self._flows: set[_Flow] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket.listen(BACKLOG)
        self._socket.setblocking(False)
        self._loop.add_reader(self._socket.fileno(), self._accept)

    def close(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        for task in tuple(self._tasks):
            task.cancel()
        for flow in tuple(self._flows):
            flow.abort()

    def _accept(self) -> None:
        for _ in range(BACKLOG):
            try:
                client, peer = self._socket.accept()
            except OSError:
                return
            client.setblocking(False)
            task = self._loop.create_task(self._forward(client, f"{peer[0]}:{peer[1]}"))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forward(self, client: socket.socket, peer: str) -> None:
        target = await self._connected(peer)
        if target is None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            client.close()
            return
        flow = _Flow(self._flows.discard)
        self._flows.add(flow)
        try:
            # The target first: bytes of the client flow as soon as its transport exists.
            await self._loop.connect_accepted_socket(lambda: flow.target, target)
            await self._loop.connect_accepted_socket(lambda: flow.client, client)
        except (OSError, asyncio.CancelledError):
            flow.abort()
            target.close()
            client.close()
            raise

    async def _connected(self, peer: str) -> socket.socket | None:
        """A connection to the flow's target, or to the next one that takes it; None when none does."""
        targets = self.targets
        first = zlib.crc32(peer.encode()) % len(targets) if targets else 0
        for step in range(len(targets)):
            candidate = targets[(first + step) % len(targets)]
            connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                await asyncio.wait_for(
                    self._loop.sock_connect(connection, (candidate.address, candidate.port)), CONNECT_SECONDS
                )
            except (OSError, TimeoutError):
                connection.close()
                continue
            return connection
        return None


class _Flow:
    """A client's connection and the one to its target."""

    def __init__(self, on_over: Callable[[_Flow], None]) -> None:
        self._on_over = on_over
        self.client = _End(self)
        self.target = _End(self)
        self.client.other, self.target.other = self.target, self.client

    def abort(self) -> None:
        for end in (self.client, self.target):
            if end.transport is not None:
                end.transport.abort()

    def ended(self) -> None:
        if self.client.lost and self.target.lost:
            self._on_over(self)


class _End(asyncio.Protocol):
    """One side of a flow: what arrives here leaves on the other side."""

    other: _End

    def __init__(self, flow: _Flow) -> None:
        self._flow = flow
        self.transport: asyncio.Transport | None = None
        self.lost = False
        self.finished = False
        self._early: list[bytes] = []
        self._early_end = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "a socket's transport reads and writes"
        self.transport = transport
        for data in self._early:
            transport.write(data)
        if self._early_end:
            transport.write_eof()
        if self.other.lost:
            transport.close()

    def send(self, data: bytes) -> None:
        if self.transport is None:
            self._early.append(data)
        elif not self.transport.is_closing():
            self.transport.write(data)

    def send_end(self) -> None:
        if self.transport is None:
            self._early_end = True
        elif not self.transport.is_closing() and self.transport.can_write_eof():
            self.transport.write_eof()

    def data_received(self, data: bytes) -> None:
        self.other.send(data)

    def eof_received(self) -> bool:
        """Keep our half open: the other direction may go on; when both have ended, so has the flow."""
        self.finished = True
        self.other.send_end()
        if self.other.finished:
            for transport in (self.transport, self.other.transport):
                if transport is not None:
                    transport.close()
        return True

    def pause_writing(self) -> None:
        if self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other.transport is not None and not self.other.lost:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        other = self.other.transport
        if other is not None and not self.other.lost:
            if exc is not None:
                _reset(other)
            else:
                other.close()
        self._flow.ended()


def _reset(transport: asyncio.Transport) -> None:
    """End a connection as its peer ended: with a reset."""
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()


def _bound(address: str, port: int) -> socket.socket:
    """A socket on the wanted port; on a free one when this system refuses it or it is taken there."""
    # With the protocol named, asyncio sets TCP_NODELAY on what is accepted: the balancer must not hold back small pieces.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EADDRINUSE, errno.EADDRNOTAVAIL):
            listener.close()
            raise
        listener.bind((COMMON_ADDRESS if error.errno == errno.EADDRNOTAVAIL else address, 0))
    return listener
