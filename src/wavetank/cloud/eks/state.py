"""The clusters of all accounts and regions, as EKS would describe them.

Resources are kept in wire form (``Wire``: the JSON that DescribeX answers, times as datetime), so what an SDK reads is what
is stored; the typed view that listeners get is made in ``eks.views``. One lock guards everything: ``eks.api`` holds it
while a handler runs. Never holds anything of moto's.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Iterator
from typing import Any, TypeAlias

from wavetank.cloud.eks.errors import ResourceNotFoundException
from wavetank.cloud.events import ClusterRef

Wire: TypeAlias = dict[str, Any]


class Cluster:
    """One cluster and everything that EKS keeps under it."""

    def __init__(self, ref: ClusterRef, wire: Wire, creator_arn: str) -> None:
        self.ref = ref
        self.wire = wire
        self.creator_arn = creator_arn
        self.self_managed_addons = True
        self.node_groups: dict[str, Wire] = {}
        self.addons: dict[str, Wire] = {}
        #: principal ARN -> the entry / policy ARN -> the association
        self.access_entries: dict[str, Wire] = {}
        self.access_policies: dict[str, dict[str, Wire]] = {}
        self.pod_identities: dict[str, Wire] = {}
        self.fargate_profiles: dict[str, Wire] = {}
        self.updates: dict[str, Wire] = {}

    def node_group(self, name: str) -> Wire:
        return _found(self.node_groups, name, f"No node group found for name: {name}.")

    def addon(self, name: str) -> Wire:
        return _found(self.addons, name, f"No addon: {name} found in cluster: {self.ref.name}")

    def access_entry(self, principal_arn: str) -> Wire:
        message = (
            "The specified principalArn could not be found. "
            "You can view your available access entries with 'list-access-entries'."
        )
        return _found(self.access_entries, principal_arn, message)

    def tagged(self) -> Iterator[tuple[str, Wire]]:
        """(ARN, resource) of everything in the cluster that can carry tags, the cluster included."""
        yield self.wire["arn"], self.wire
        yield from ((group["nodegroupArn"], group) for group in self.node_groups.values())
        yield from ((addon["addonArn"], addon) for addon in self.addons.values())
        yield from ((entry["accessEntryArn"], entry) for entry in self.access_entries.values())
        yield from ((one["associationArn"], one) for one in self.pod_identities.values())
        yield from ((one["fargateProfileArn"], one) for one in self.fargate_profiles.values())


class Clusters:
    """All clusters there are, and the source of their ids."""

    def __init__(self, seed: int) -> None:
        self.lock = threading.RLock()
        self._by_ref: dict[ClusterRef, Cluster] = {}
        self._random = random.Random(seed)

    def new_uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def new_hex(self, characters: int) -> str:
        return f"{self._random.getrandbits(4 * characters):0{characters}x}"

    def find(self, ref: ClusterRef) -> Cluster | None:
        return self._by_ref.get(ref)

    def get(self, ref: ClusterRef) -> Cluster:
        """The cluster; raises ResourceNotFoundException."""
        cluster = self._by_ref.get(ref)
        if cluster is None:
            raise ResourceNotFoundException(f"No cluster found for name: {ref.name}.")
        return cluster

    def add(self, cluster: Cluster) -> None:
        assert cluster.ref not in self._by_ref, f"{cluster.ref} exists already"
        self._by_ref[cluster.ref] = cluster

    def remove(self, ref: ClusterRef) -> None:
        del self._by_ref[ref]

    def all(self) -> tuple[Cluster, ...]:
        return tuple(self._by_ref[ref] for ref in sorted(self._by_ref))

    def names(self, account: str, region: str) -> list[str]:
        return sorted(ref.name for ref in self._by_ref if (ref.account, ref.region) == (account, region))


def _found(table: dict[str, Wire], key: str, message: str) -> Wire:
    if key not in table:
        raise ResourceNotFoundException(message)
    return table[key]
