"""The ReplicaSets of one Deployment during one pass: which is the newest, their revisions, sizes and history.

Made by the Deployment controller for each pass; holds what the pass has written so far.
Upstream: ``pkg/controller/deployment/sync.go`` and ``util/deployment_util.go``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wavetank.kube import conditions
from wavetank.kube.errors import ApiError
from wavetank.kube.pod_hash import pod_template_hash
from wavetank.kube.types import Obj

from .base import Controller
from .deployment_status import PROGRESSING, counted, has_deadline, replicas_of, with_deployment_condition
from .informer import address, controller_of
from .ownership import owner_reference
from .rolling import Limits, Size, limits_of, next_new_size

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAX = "deployment.kubernetes.io/max-replicas"
_NOT_COPIED = {
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED,
    MAX,
    "deprecated.deployment.rollback.to",
}
UNLIMITED_HISTORY = 2**31 - 1


def annotations_of(obj: Obj) -> dict[str, str]:
    return dict(obj["metadata"].get("annotations") or {})


def revision_of(obj: Obj) -> int:
    return _whole_number(annotations_of(obj).get(REVISION)) or 0


def _whole_number(text: str | None) -> int | None:
    """What an annotation says; None for what is none, since anybody can write annotations."""
    try:
        return int(text or "")
    except ValueError:
        return None


def same_template(a: Obj, b: Obj) -> bool:
    """Equal but for the hash label (``EqualIgnoreHash``)."""
    return _without_hash(a) == _without_hash(b)


def _without_hash(template: Obj) -> Obj:
    metadata = {k: v for k, v in (template.get("metadata") or {}).items() if v is not None}
    metadata["labels"] = {k: v for k, v in (metadata.get("labels") or {}).items() if k != HASH_LABEL}
    return {**template, "metadata": metadata}


def _age(obj: Obj) -> tuple[str, str]:
    return obj["metadata"]["creationTimestamp"], obj["metadata"]["name"]


def _rolling_update(deployment: Obj) -> tuple[str, Mapping[str, Any]]:
    strategy = deployment["spec"].get("strategy") or {}
    return strategy.get("type") or "RollingUpdate", strategy.get("rollingUpdate") or {}


class RolloutSets:
    """``deployment``, its ``newest`` ReplicaSet (None before it exists) and the ``old`` ones."""

    def __init__(self, controller: Controller, deployment: Obj, owned: Sequence[Obj]) -> None:
        self._controller = controller
        self.deployment = deployment
        self._owned = {rs["metadata"]["name"]: rs for rs in sorted(owned, key=_age)}
        template = deployment["spec"]["template"]
        matching = (rs for rs in self._owned.values() if same_template(rs["spec"]["template"], template))
        first = next(matching, None)
        self._newest_name = first["metadata"]["name"] if first else ""

    # --- what there is -----------------------------------------------------------------------------------------

    @property
    def newest(self) -> Obj | None:
        return self._owned.get(self._newest_name)

    @property
    def old(self) -> list[Obj]:
        return [rs for name, rs in self._owned.items() if name != self._newest_name]

    @property
    def every(self) -> list[Obj]:
        return list(self._owned.values())

    @property
    def limits(self) -> Limits:
        strategy, rolling = _rolling_update(self.deployment)
        surge, unavailable = rolling.get("maxSurge", "25%"), rolling.get("maxUnavailable", "25%")
        return limits_of(replicas_of(self.deployment), strategy, surge, unavailable)

    def size_of(self, replica_set: Obj) -> Size:
        notes = annotations_of(replica_set)
        return Size(
            name=replica_set["metadata"]["name"],
            replicas=replicas_of(replica_set),
            available=counted(replica_set, "availableReplicas"),
            desired=_whole_number(notes.get(DESIRED)),
            max_replicas=_whole_number(notes.get(MAX)) or 0,
            created=replica_set["metadata"]["creationTimestamp"],
        )

    def active_or_latest(self) -> Obj | None:
        """The only ReplicaSet with pods; without any, the newest; None when several have pods."""
        active = [rs for rs in self.every if replicas_of(rs)]
        if len(active) > 1 or not self._owned:
            return None
        return active[0] if active else self.newest or self.every[-1]

    def was_scaled(self) -> bool:
        """``spec.replicas`` changed since an active ReplicaSet was last sized (``isScalingEvent``)."""
        replicas = replicas_of(self.deployment)
        sizes = (self.size_of(rs) for rs in self.every if replicas_of(rs))
        return any(size.desired is not None and size.desired != replicas for size in sizes)

    # --- revisions ---------------------------------------------------------------------------------------------

    def synchronize_revision(self, *, create: bool) -> None:
        """Number the newest ReplicaSet, creating it if asked to and missing (``getAllReplicaSetsAndSyncRevision``)."""
        revision = max(map(revision_of, self.old), default=0) + 1
        if self.newest is not None:
            self._renumber(self.newest, revision)
        elif create:
            self._create(revision)

    def _renumber(self, newest: Obj, revision: int) -> None:
        notes = self._annotations_for(newest, revision)
        ready = self.deployment["spec"].get("minReadySeconds", 0)
        if notes != annotations_of(newest) or newest["spec"].get("minReadySeconds", 0) != ready:
            spec = {**newest["spec"], "minReadySeconds": ready}
            metadata = {**newest["metadata"], "annotations": notes}
            self._keep(self._controller.cluster.update({**newest, "metadata": metadata, "spec": spec}))
        self._note_revision(notes[REVISION])
        if has_deadline(self.deployment) and conditions.condition(self.deployment, PROGRESSING) is None:
            self._set_progress("True", "FoundNewReplicaSet", f'Found new replica set "{newest["metadata"]["name"]}"')

    def _annotations_for(self, existing: Obj | None, revision: int) -> dict[str, str]:
        """``SetNewReplicaSetAnnotations``: those of the Deployment, the revision, and those it had before."""
        notes = annotations_of(existing) if existing else {}
        notes |= {k: v for k, v in annotations_of(self.deployment).items() if k not in _NOT_COPIED}
        former = notes.get(REVISION)
        if int(former or 0) < revision:
            notes[REVISION] = str(revision)
            if former:
                history = notes.get(REVISION_HISTORY)
                notes[REVISION_HISTORY] = f"{history},{former}" if history else former
        return notes

    def _create(self, revision: int) -> None:
        replica_set = self._new_replica_set(revision)
        name, size = replica_set["metadata"]["name"], replica_set["spec"]["replicas"]
        try:
            created = self._controller.cluster.create(replica_set, manager="kube-controller-manager")
        except ApiError as error:
            created = self._existing_or_failure(name, error)
        else:
            if size > 0:
                self._event("Normal", "ScalingReplicaSet", f"Scaled up replica set {name} from 0 to {size}")
        self._newest_name = name
        self._keep(created)
        self._note_revision(annotations_of(created)[REVISION])
        if has_deadline(self.deployment):
            self._set_progress("True", "NewReplicaSetCreated", f'Created new replica set "{name}"')

    def _new_replica_set(self, revision: int) -> Obj:
        deployment, limits = self.deployment, self.limits
        spec, metadata = deployment["spec"], deployment["metadata"]
        digest = pod_template_hash(spec["template"], (deployment.get("status") or {}).get("collisionCount"))
        template = _with_label(spec["template"], digest)
        size = next_new_size(0, sum(map(replicas_of, self.every)), limits, _rolling_update(deployment)[0])
        notes = self._annotations_for(None, revision) | _size_annotations(limits)
        selector = spec["selector"]
        labels = {**(selector.get("matchLabels") or {}), HASH_LABEL: digest}
        return {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{metadata['name'][: 252 - len(digest)]}-{digest}",
                "namespace": metadata["namespace"],
                "labels": template["metadata"]["labels"],
                "annotations": notes,
                "ownerReferences": [owner_reference(deployment)],
            },
            "spec": {
                "replicas": size,
                "minReadySeconds": spec.get("minReadySeconds", 0),
                "selector": {**selector, "matchLabels": labels},
                "template": template,
            },
        }

    def _existing_or_failure(self, name: str, error: ApiError) -> Obj:
        """The ReplicaSet of that name if it is this Deployment's; else note why there is none and try again later."""
        deployment = self.deployment
        if error.reason == "AlreadyExists":
            found = self._controller.cluster.get("replicasets.apps", deployment["metadata"]["namespace"], name)
            owner = controller_of(found)
            ours = owner is not None and owner["uid"] == deployment["metadata"]["uid"]
            if ours and same_template(found["spec"]["template"], deployment["spec"]["template"]):
                return found
            status = deployment.get("status") or {}
            status = {**status, "collisionCount": (status.get("collisionCount") or 0) + 1}
            self.deployment = self._controller.write_status(deployment, status)
        else:
            text = f'Failed to create new replica set "{name}": {error.message}'
            if has_deadline(deployment):
                self._set_progress("False", "ReplicaSetCreateError", text)
            self._event("Warning", "ReplicaSetCreateError", text)
        raise error

    def _note_revision(self, revision: str) -> None:
        notes = annotations_of(self.deployment)
        if notes.get(REVISION) != revision:
            metadata = {**self.deployment["metadata"], "annotations": {**notes, REVISION: revision}}
            self.deployment = self._controller.cluster.update({**self.deployment, "metadata": metadata})

    def _set_progress(self, status: conditions.Status, reason: str, message: str) -> None:
        now, old = self._controller.now, self.deployment.get("status") or {}
        listed = with_deployment_condition(old.get("conditions"), PROGRESSING, status, now, reason, message)
        self.deployment = self._controller.write_status(self.deployment, {**old, "conditions": listed})

    # --- writing -----------------------------------------------------------------------------------------------

    def resize(self, sizes: Mapping[str, int]) -> bool:
        """Write new sizes (and the annotations that remember what they were made for); whether one changed."""
        wanted = _size_annotations(self.limits)
        changed = False
        for name, size in sizes.items():
            replica_set = self._owned[name]
            before, notes = replicas_of(replica_set), annotations_of(replica_set)
            if before == size and notes == notes | wanted:
                continue
            metadata = {**replica_set["metadata"], "annotations": notes | wanted}
            spec = {**replica_set["spec"], "replicas": size}
            self._keep(self._controller.cluster.update({**replica_set, "metadata": metadata, "spec": spec}))
            if before != size:
                changed = True
                word = "up" if size > before else "down"
                self._event("Normal", "ScalingReplicaSet", f"Scaled {word} replica set {name} from {before} to {size}")
        return changed

    def clean_up_history(self) -> None:
        """Delete old, empty ReplicaSets beyond ``revisionHistoryLimit``, lowest revision first."""
        limit = self.deployment["spec"].get("revisionHistoryLimit", 10)
        alive = [rs for rs in self.old if not rs["metadata"].get("deletionTimestamp")]
        surplus = len(alive) - limit
        if limit == UNLIMITED_HISTORY or surplus <= 0:
            return
        for replica_set in sorted(alive, key=lambda rs: (revision_of(rs), *_age(rs)))[:surplus]:
            if _is_empty(replica_set):
                self._controller.deleted("replicasets.apps", address(replica_set))

    def _keep(self, replica_set: Obj) -> None:
        self._owned[replica_set["metadata"]["name"]] = replica_set

    def _event(self, kind: str, reason: str, message: str) -> None:
        self._controller.event(self.deployment, kind, reason, message)


def _is_empty(replica_set: Obj) -> bool:
    status = replica_set.get("status") or {}
    observed = status.get("observedGeneration", 0) >= replica_set["metadata"].get("generation", 1)
    return observed and not status.get("replicas") and not replicas_of(replica_set)


def _size_annotations(limits: Limits) -> dict[str, str]:
    return {DESIRED: str(limits.replicas), MAX: str(limits.max_total)}


def _with_label(template: Obj, digest: str) -> Obj:
    metadata = template.get("metadata") or {}
    return {**template, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), HASH_LABEL: digest}}}
