"""Addresses of real pods on this computer: one of 127.64.0.0/10 each, or one address and mapped ports where that is refused.

Linux answers on all of 127.0.0.0/8 without configuration; other systems have 127.0.0.1 only.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

FIRST = int(IPv4Address("127.64.0.1"))
COUNT = 2**22 - 2
COMMON_ADDRESS = "127.0.0.1"
#: UDP port that is held on an address while it is taken: a process needs seconds until it listens, and another wavetank on
#: this computer must not give the address away meanwhile.
CLAIM_PORT = 64127


@dataclass(frozen=True)
class Place:
    """Where a pod listens: its address, and the real port of each port that could not be had there."""

    address: str
    mapped_ports: Mapping[int, int] = field(default_factory=dict)


def bind_problem(address: str, port: int) -> int:
    """The error number of listening there, 0 when it is free; a port of 0 asks about the address alone."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            return error.errno or errno.EINVAL
        return 0


def free_port(address: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def claim(address: str) -> socket.socket | None:
    """What holds an address among all processes of this computer while it is open; None when another holds it."""
    holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        holder.bind((address, CLAIM_PORT))
    except OSError:
        holder.close()
        return None
    return holder


class LoopbackAddresses:
    """Hands out places. An address is not used again before all others were, so that nobody talks to a successor."""

    def __init__(self, first_offset: int = 0, *, own: bool = True) -> None:
        self._next = first_offset % COUNT
        self._own = own
        self._taken: dict[str, socket.socket] = {}

    def take(self, ports: Iterable[int]) -> Place:
        """A place whose ports are free now."""
        wanted = sorted(set(ports))
        if not self._own:
            return self._mapped(COMMON_ADDRESS, wanted)
        for _ in range(1000):
            address = str(IPv4Address(FIRST + self._next))
            self._next = (self._next + 1) % COUNT
            if address in self._taken or address.endswith((".0", ".255")):
                # Legal, but people take the ends of a block of 256 for mistakes.
                continue
            problems = {bind_problem(address, port) for port in (0, *wanted)} - {0}
            if errno.EADDRNOTAVAIL in problems:
                return self._mapped(COMMON_ADDRESS, wanted)
            if problems - {errno.EACCES} or (held := claim(address)) is None:
                continue
            self._taken[address] = held
            return self._mapped(address, wanted) if problems else Place(address)
        return self._mapped(COMMON_ADDRESS, wanted)

    def give_back(self, address: str) -> None:
        held = self._taken.pop(address, None)
        if held is not None:
            held.close()

    def _mapped(self, address: str, ports: Iterable[int]) -> Place:
        """Privileged or shared: every port that is refused here gets a free one."""
        return Place(
            address, {p: free_port(address) for p in ports if address == COMMON_ADDRESS or bind_problem(address, p)}
        )
