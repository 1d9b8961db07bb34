"""The quota controller: what a namespace really uses, told to its ResourceQuotas.

Admission books what is created (``twin.cluster.admission.resource_quota``); this loop gives back what deletions free.
Upstream: ``pkg/controller/resourcequota/resource_quota_controller.go``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from wavetank.kube import quantity
from wavetank.kube.pod_phase import is_terminal
from wavetank.kube.times import parse
from wavetank.kube.types import Obj, Resource
from wavetank.twin.cluster import quota as quotas
from wavetank.twin.cluster.cluster import Change

from .base import Controller, Key
from .informer import address

QUOTAS = "resourcequotas"
#: Updates of these kinds can lower what they use.
_SHRINKING = frozenset({"services", "persistentvolumeclaims"})


class ResourceQuotaController(Controller):
    name = "resourcequota-controller"

    def watch(self) -> None:
        self.on(QUOTAS, self.itself, relevant=_spec)
        self.cluster.subscribe("*", self._on_change)

    def _on_change(self, change: Change) -> None:
        if not change.namespace or not self._may_free(change):
            return
        for key in self._quotas_of(change.resource_key, change.namespace):
            self.enqueue(key)

    def _may_free(self, change: Change) -> bool:
        if change.type == "DELETED":
            return True
        if change.type == "ADDED" or change.old is None:
            return False
        if change.resource_key == "pods":
            self._count_again_when_overdue(change.object)
            return is_terminal(change.object) and not is_terminal(change.old)
        return change.resource_key in _SHRINKING

    def _count_again_when_overdue(self, pod: Obj) -> None:
        """A pod that should be gone stops counting even while its node has not confirmed that it is."""
        metadata = pod["metadata"]
        if not metadata.get("deletionTimestamp"):
            return
        grace = timedelta(seconds=metadata.get("deletionGracePeriodSeconds") or 0)
        left_seconds = (parse(metadata["deletionTimestamp"]) + grace - self.now).total_seconds()
        for key in self._quotas_of("pods", metadata["namespace"]):
            self.engine.call_later(max(left_seconds, 0) + 1, partial(self.enqueue, key))

    def _quotas_of(self, resource_key: str, namespace: str) -> Iterable[Key]:
        found = self.informer.in_namespace(QUOTAS)[namespace]
        if not found:
            return ()
        resource = self.cluster.resource(resource_key)
        return [address(quota) for quota in found if quotas.relevant(quota["spec"].get("hard") or {}, resource)]

    def reconcile(self, key: Key) -> None:
        quota = self.cluster.find(QUOTAS, *key)
        if quota is None:
            return
        hard = quota["spec"].get("hard") or {}
        self.write_status(quota, {"hard": hard, "used": self._used(quota, hard)})
        self.enqueue(key, self.settings.quota_resync_seconds)

    def _used(self, quota: Obj, hard: Obj) -> quotas.Usage:
        used: quotas.Usage = dict.fromkeys(hard, "0")
        for resource in self._counted(hard):
            names = quotas.relevant(hard, resource)
            for obj in self.informer.in_namespace(resource.key)[quota["metadata"]["namespace"]]:
                if not quotas.in_scope(quota, obj, resource):
                    continue
                uses = quotas.usage(obj, resource, self.now)
                used |= {name: quantity.add(used[name], uses[name]) for name in names if name in uses}
        return used

    def _counted(self, hard: Obj) -> list[Resource]:
        """The kinds that exist and that the quota limits."""
        kinds = map(self.cluster.resource, self.cluster.store.resource_keys())
        return [kind for kind in kinds if kind.namespaced and quotas.relevant(hard, kind)]


def _spec(obj: Obj) -> object:
    return obj.get("spec")
