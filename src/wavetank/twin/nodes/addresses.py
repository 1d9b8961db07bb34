"""Addresses of a subnet, shared by its machines and their pods as the VPC CNI does. ``Fleet`` owns one per subnet."""

from __future__ import annotations

from ipaddress import IPv4Network
from random import Random

#: AWS keeps the first four addresses and the last one of every subnet.
RESERVED_AT_START = 4


class SubnetFullError(Exception):
    """No free address; the CNI says so in the pod's FailedCreatePodSandBox event."""


class SubnetAddresses:
    """Hands out free addresses of one subnet in an order that the given randomness decides."""

    def __init__(self, cidr: str, randomness: Random) -> None:
        self._network = IPv4Network(cidr)
        self._randomness = randomness
        self._taken: set[str] = set()

    @property
    def free_count(self) -> int:
        return self._network.num_addresses - RESERVED_AT_START - 1 - len(self._taken)

    def take(self, wanted: str = "") -> str:
        """A free address, or the wanted one; SubnetFullError when there is none."""
        if self.free_count <= 0:
            raise SubnetFullError(str(self._network))
        address = wanted or self._next_free()
        self._taken.add(address)
        return address

    def give_back(self, address: str) -> None:
        self._taken.discard(address)

    def _next_free(self) -> str:
        """A random start and the next free one after it, so that a nearly full subnet costs no more than a walk."""
        usable = self._network.num_addresses - RESERVED_AT_START - 1
        start = self._randomness.randrange(usable)
        for step in range(usable):
            candidate = str(self._network[RESERVED_AT_START + (start + step) % usable])
            if candidate not in self._taken:
                return candidate
        raise SubnetFullError(str(self._network))
