"""Revisions of adopted StatefulSets and DaemonSets, such that their controllers see that nothing has changed.

A controller compares the template with what its newest revision remembers, and replaces every pod when they differ. Another
minor's defaults, or a dump without ControllerRevisions, would look like a change; nobody made one.
"""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.controllers.informer import controller_of
from wavetank.twin.controllers.ownership import owner_reference
from wavetank.twin.controllers.revisions import HASH_LABEL, RESOURCE, template_patch

OWNERS = ("statefulsets.apps", "daemonsets.apps")


def settle_revisions(cluster: Cluster) -> list[str]:
    """Make the current revision of each such owner say what its template says; returns what was made up."""
    notes: list[str] = []
    for key in OWNERS:
        for owner in cluster.list(key):
            notes += _settle(cluster, owner)
    return notes


def _settle(cluster: Cluster, owner: Obj) -> list[str]:
    metadata, status = owner["metadata"], owner.get("status") or {}
    if status.get("observedGeneration", 0) < metadata.get("generation", 0):
        return []  # Somebody changed it a moment before: let the controller see that.
    own = [r for r in cluster.list(RESOURCE, metadata["namespace"]) if _belongs(r, owner)]
    if own:
        newest = max(own, key=lambda revision: int(revision.get("revision") or 0))
        if newest.get("data") != template_patch(owner):
            cluster.store.put(RESOURCE, {**newest, "data": template_patch(owner)})
        return []
    digest = _digest_of_pods(cluster, owner)
    if not digest:
        return []
    cluster.store.put(RESOURCE, _revision(cluster, owner, digest))
    return [
        f"{owner['kind']} {metadata['namespace']}/{metadata['name']} came without ControllerRevisions: one was made"
    ]


def _belongs(revision: Obj, owner: Obj) -> bool:
    reference = controller_of(revision)
    return reference is not None and reference.get("uid") == owner["metadata"]["uid"]


def _digest_of_pods(cluster: Cluster, owner: Obj) -> str:
    """The revision that most pods of the owner carry."""
    pods = [pod for pod in cluster.list("pods", owner["metadata"]["namespace"]) if _belongs(pod, owner)]
    labels = [str((pod["metadata"].get("labels") or {}).get(HASH_LABEL, "")) for pod in pods]
    counted = Counter(label for label in labels if label).most_common(1)
    return counted[0][0] if counted else ""


def _revision(cluster: Cluster, owner: Obj, label: str) -> Obj:
    """Pods of StatefulSets carry the revision's whole name, those of DaemonSets only its hash."""
    metadata = owner["metadata"]
    name = label if label.startswith(f"{metadata['name']}-") else f"{metadata['name']}-{label}"
    template_labels = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
    made: Obj = {
        "name": name,
        "namespace": metadata["namespace"],
        "uid": str(UUID(int=cluster.random("uid").getrandbits(128), version=4)),
        "creationTimestamp": metadata.get("creationTimestamp") or rfc3339(cluster.now),
        "labels": {**template_labels, HASH_LABEL: name.removeprefix(f"{metadata['name']}-")},
        "ownerReferences": [owner_reference(owner)],
    }
    revision = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": made}
    return {**revision, "data": template_patch(owner), "revision": 1}
