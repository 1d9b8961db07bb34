"""ControllerRevisions: the remembered pod templates of a DaemonSet or StatefulSet, the newest of which is the wanted one.

Upstream: ``pkg/controller/daemon/update.go`` (``constructHistory``, ``snapshot``, ``cleanupHistory``) and
``pkg/controller/history/controller_history.go``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from wavetank.kube.pod_hash import pod_template_hash, revision_hash
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj

from .base import Controller
from .informer import address
from .ownership import claimed, owner_reference

RESOURCE = "controllerrevisions.apps"
HASH_LABEL = "controller-revision-hash"


@dataclass(frozen=True)
class History:
    """The revision of the template as it is now, and the others."""

    current: Obj
    old: Sequence[Obj]

    @property
    def hash(self) -> str:
        return hash_of(self.current)


def hash_of(obj: Obj) -> str:
    """The revision that an object (a pod, a revision) belongs to; "" when it says none."""
    return str((obj["metadata"].get("labels") or {}).get(HASH_LABEL, ""))


def history_of(controller: Controller, owner: Obj) -> History:
    """The revisions of ``owner``; one for its template is made, or brought to the front, if need be."""
    selector = LabelSelector.from_object(owner["spec"].get("selector"))
    found = claimed(controller.cluster, controller.informer, RESOURCE, owner, selector)
    data = template_patch(owner)
    matching = sorted((r for r in found if r.get("data") == data), key=lambda r: int(r["revision"]))
    old = [r for r in found if r.get("data") != data]
    number = max((int(r["revision"]) for r in old), default=0) + 1
    if not matching:
        return History(_created(controller, owner, data, number), old)
    current = matching[-1]
    for duplicate in matching[:-1]:
        controller.deleted(RESOURCE, address(duplicate))
    if int(current["revision"]) < number:
        current = controller.cluster.update({**current, "revision": number})
    return History(current, old)


def template_patch(owner: Obj) -> Obj:
    """What a revision remembers: a patch that replaces the template (``getPatch``)."""
    return {"spec": {"template": {**owner["spec"]["template"], "$patch": "replace"}}}


def clean_up(controller: Controller, owner: Obj, history: History, live_hashes: Collection[str]) -> None:
    """Delete the oldest revisions beyond the limit that no pod belongs to."""
    unused = [r for r in history.old if hash_of(r) not in live_hashes]
    excess = len(unused) - int(owner["spec"].get("revisionHistoryLimit", 10))
    for revision in sorted(unused, key=lambda r: int(r["revision"]))[: max(excess, 0)]:
        controller.deleted(RESOURCE, address(revision))


def _created(controller: Controller, owner: Obj, data: Obj, number: int) -> Obj:
    """Store a new revision; a name that is taken by something else counts as a collision of hashes."""
    template, metadata = owner["spec"]["template"], owner["metadata"]
    collisions = (owner.get("status") or {}).get("collisionCount")
    while True:
        digest = _digest(owner, data, collisions)
        name = f"{metadata['name']}-{digest}"
        if controller.cluster.find(RESOURCE, metadata["namespace"], name) is None:
            break
        collisions = (collisions or 0) + 1
    if collisions != (owner.get("status") or {}).get("collisionCount"):
        controller.write_status(owner, {**(owner.get("status") or {}), "collisionCount": collisions})
    labels = {**((template.get("metadata") or {}).get("labels") or {}), HASH_LABEL: digest}
    made: Obj = {"name": name, "namespace": metadata["namespace"], "labels": labels}
    if metadata.get("annotations"):
        made["annotations"] = metadata["annotations"]
    made["ownerReferences"] = [owner_reference(owner)]
    revision = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": made}
    return controller.cluster.create({**revision, "data": data, "revision": number}, manager="kube-controller-manager")


def _digest(owner: Obj, data: Obj, collisions: int | None) -> str:
    """Each kind has a hash of its own: of the template as Go prints it, or of the revision's data as JSON."""
    if owner["kind"] == "StatefulSet":
        return revision_hash(data, collisions or 0)
    return pod_template_hash(owner["spec"]["template"], collisions)
