"""The namespace controller: empties a namespace that is being deleted, then lets it go.

Upstream: ``pkg/controller/namespace/deletion/namespaced_resources_deleter.go``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from wavetank.kube import conditions
from wavetank.kube.types import Obj

from .base import Controller, Key
from .informer import address

#: So that creations that were under way are seen.
GRACE_SECONDS = 5.0
FINALIZER = "kubernetes"
ORDERED_SINCE_MINOR = 33
#: How long something with a finalizer is expected to take.
FINALIZER_ESTIMATE_SECONDS = 15


class NamespaceController(Controller):
    name = "namespace-controller"

    def watch(self) -> None:
        self.cluster.subscribe("namespaces", lambda change: self._notice(change.object))
        for namespace in self.cluster.list("namespaces"):
            self._notice(namespace)

    def _notice(self, namespace: Obj) -> None:
        if namespace["metadata"].get("deletionTimestamp"):
            self.enqueue(address(namespace), GRACE_SECONDS)

    def reconcile(self, key: Key) -> None:
        namespace = self.cluster.find("namespaces", *key)
        if namespace is None or not namespace["metadata"].get("deletionTimestamp"):
            return
        if FINALIZER not in ((namespace.get("spec") or {}).get("finalizers") or ()):
            return
        remaining = self._empty(key[1])
        namespace = self._tell(namespace, remaining)
        if remaining:
            self.enqueue(key, _estimate_seconds(remaining) / 2 + 1)
            return
        self.cluster.modify("namespaces", *key, _finalized, subresource="finalize")

    def _empty(self, name: str) -> list[tuple[str, Obj]]:
        """Delete everything in it; what is still there afterwards, with its resource key.

        Pods go first: what they may still need stays until they are gone (``OrderedNamespaceDeletion``, from 1.33).
        """
        if self.minor >= ORDERED_SINCE_MINOR:
            pods = self._delete_all([("pods", pod) for pod in self.cluster.list("pods", name)])
            if pods:
                return pods
        self._delete_all(self._contents(name))
        return list(self._contents(name))

    def _delete_all(self, objects: Iterable[tuple[str, Obj]]) -> list[tuple[str, Obj]]:
        """What still exists of them afterwards, as it is then."""
        listed = list(objects)
        for resource_key, obj in listed:
            if not obj["metadata"].get("deletionTimestamp"):
                self.deleted(resource_key, address(obj))
        after = ((key, self.cluster.find(key, *address(obj))) for key, obj in listed)
        return [(key, obj) for key, obj in after if obj is not None]

    def _contents(self, name: str) -> Iterable[tuple[str, Obj]]:
        for resource_key in self.cluster.store.resource_keys():
            if self.cluster.resource(resource_key).namespaced:
                for obj in self.cluster.list(resource_key, name):
                    yield resource_key, obj

    def _tell(self, namespace: Obj, remaining: Sequence[tuple[str, Obj]]) -> Obj:
        status = namespace.get("status") or {}
        listed: list[Obj] = status.get("conditions") or []
        for kind, is_true, reason, message in _conditions(remaining):
            truth: conditions.Status = "True" if is_true else "False"
            listed = conditions.with_condition(listed, kind, truth, self.now, reason=reason, message=message)
        return self.write_status(namespace, {**status, "phase": "Terminating", "conditions": listed})


def _finalized(namespace: Obj) -> Obj:
    finalizers = [f for f in namespace["spec"].get("finalizers") or () if f != FINALIZER]
    return {**namespace, "spec": {**namespace["spec"], "finalizers": finalizers}}


def _estimate_seconds(remaining: Sequence[tuple[str, Obj]]) -> float:
    graces = [o["metadata"].get("deletionGracePeriodSeconds", 0) for key, o in remaining if key == "pods"]
    others = any(key != "pods" for key, _ in remaining)
    return float(max([*graces, FINALIZER_ESTIMATE_SECONDS if others else 0]))


def _conditions(remaining: Sequence[tuple[str, Obj]]) -> list[tuple[str, bool, str, str]]:
    kinds = Counter(key for key, _ in remaining)
    finalizers = Counter(f for _, obj in remaining for f in obj["metadata"].get("finalizers") or ())
    resources = ", ".join(f"{_plural(k)} has {n} resource instances" for k, n in sorted(kinds.items()))
    waiting = ", ".join(f"{f} in {n} resource instances" for f, n in sorted(finalizers.items()))
    return [
        (
            "NamespaceDeletionDiscoveryFailure",
            False,
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            False,
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        (
            "NamespaceDeletionContentFailure",
            False,
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        ("NamespaceContentRemaining", True, "SomeResourcesRemain", f"Some resources are remaining: {resources}")
        if kinds
        else ("NamespaceContentRemaining", False, "ContentRemoved", "All content successfully removed"),
        (
            "NamespaceFinalizersRemaining",
            True,
            "SomeFinalizersRemain",
            f"Some content in the namespace has finalizers remaining: {waiting}",
        )
        if finalizers
        else (
            "NamespaceFinalizersRemaining",
            False,
            "ContentHasNoFinalizers",
            "All content-preserving finalizers finished",
        ),
    ]


def _plural(resource_key: str) -> str:
    """ "pods.", "deployments.apps": how the condition spells a resource (``GroupResource`` with its dot)."""
    return resource_key if "." in resource_key else f"{resource_key}."
