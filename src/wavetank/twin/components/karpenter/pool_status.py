"""What Karpenter keeps writing on NodePools: their hash, whether they are ready, what their nodes add up to.

Upstream: ``pkg/controllers/nodepool/hash``, ``nodepool/readiness``, ``nodepool/counter``.
"""

from __future__ import annotations

from collections.abc import Sequence

from wavetank.kube.conditions import Status, is_true, status_of
from wavetank.kube.resources import Amounts, amounts, formatted
from wavetank.kube.types import Obj
from wavetank.twin.controllers.base import Key

from . import names
from .live import Loop
from .pools import Pool
from .statuses import with_state, with_summary


class PoolStatus(Loop):
    """Hash, readiness, resources and nodes of each NodePool."""

    name = names.COMPONENT

    def watch(self) -> None:
        self.on(names.NODE_POOLS, self.itself)
        self.on(names.NODE_CLASSES, self._pools_of_class)
        self.on(names.NODE_CLAIMS, self._pool_of_claim, after_seconds=0.5)

    def all_keys(self) -> list[Key]:
        return [("", pool["metadata"]["name"]) for pool in self.cluster.list(names.NODE_POOLS)]

    def _pools_of_class(self, node_class: Obj) -> Sequence[Key]:
        named = node_class["metadata"]["name"]
        return [("", p["metadata"]["name"]) for p in self.cluster.list(names.NODE_POOLS) if Pool(p).node_class == named]

    def _pool_of_claim(self, claim: Obj) -> Sequence[Key]:
        name = (claim["metadata"].get("labels") or {}).get(names.NODE_POOL)
        return [("", name)] if name else ()

    def work(self, key: Key) -> None:
        found = self.cluster.find(names.NODE_POOLS, *key)
        if found is None:
            return
        pool = Pool(found)
        annotations = found["metadata"].get("annotations") or {}
        hashes = {names.POOL_HASH: pool.hash, names.POOL_HASH_VERSION: names.POOL_VERSION}
        if hashes.items() - annotations.items():
            changed = {**found["metadata"], "annotations": {**annotations, **hashes}}
            found = self.cluster.update({**found, "metadata": changed}, manager=names.COMPONENT)
        self.write_status(found, self._status(found, pool))

    def _status(self, found: Obj, pool: Pool) -> Obj:
        node_class = self.cluster.find(names.NODE_CLASSES, "", pool.node_class)
        ready: tuple[Status, str, str] = ("True", "NodeClassReady", "")
        if node_class is None:
            ready = ("False", "NodeClassNotFound", "NodeClass not found on cluster")
        elif not is_true(node_class, "Ready"):
            ready = (status_of(node_class, "Ready"), "NodeClassNotReady", "")
        known = found.get("status") or {}
        conditions = with_state(known.get("conditions"), "ValidationSucceeded", "True", self.now)
        conditions = with_state(conditions, "NodeClassReady", ready[0], self.now, *ready[1:])
        conditions = with_summary(conditions, ("ValidationSucceeded", "NodeClassReady"), self.now)
        return {**known, "conditions": conditions, **self._sums(pool.name)}

    def _sums(self, pool_name: str) -> Obj:
        claims = self.cluster.list(
            names.NODE_CLAIMS, where=lambda c: c["metadata"].get("labels", {}).get(names.NODE_POOL) == pool_name
        )
        total: Amounts = {"cpu": 0, "memory": 0, "pods": 0, "ephemeral-storage": 0}
        for claim in claims:
            for name, units in amounts((claim.get("status") or {}).get("capacity")).items():
                total[name] = total.get(name, 0) + units
        resources = {name: formatted(name, units) for name, units in sorted(total.items())}
        return {"resources": {**resources, "nodes": str(len(claims))}, "nodes": len(claims)}
