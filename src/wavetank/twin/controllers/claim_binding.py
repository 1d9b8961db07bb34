"""Claims and the volumes they are bound to: the claims' half of the persistent volume controller.

Finds a volume for a claim, completes bindings, asks provisioners for what is not there, and notices what was lost; the
volumes' half is in ``volume_phases``. It makes no volumes itself. Upstream:
``pkg/controller/volume/persistentvolume/pv_controller.go`` (``syncClaim``).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from wavetank.kube import volume_matching as matching
from wavetank.kube.types import Obj
from wavetank.kube.volume_changes import annotated, bound_volume, has_annotation, phase_of
from wavetank.kube.volume_matching import BIND_COMPLETED, BOUND_BY_CONTROLLER, SELECTED_NODE, annotations_of
from wavetank.twin.cluster.admission.default_storage_class import is_default

from .base import Controller, Key
from .informer import address

CLAIMS, VOLUMES = "persistentvolumeclaims", "persistentvolumes"
CLASSES = "storageclasses.storage.k8s.io"
#: From a claim to the first look at it. A real control plane needs some writes to etcd for as much, and what was applied
#: together with a claim is there by then; a claim that is looked at sooner complains of volumes that are just coming.
CLAIM_REACTION_SECONDS = 0.1
#: Pending claims are looked at again this often (``--pvclaimbinder-sync-period``): nothing tells them of a new volume.
RESYNC_SECONDS = 15.0
#: Where a claim says who is to make its volume; the first is the older name.
PROVISIONER_NOTES = ("volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner")
_BUILT_IN = "kubernetes.io/"
_NO_CLASS = "no persistent volumes available for this claim and no storage class is set"
_WAITING = "waiting for first consumer to be created before binding"
_LOST_REFERENCE = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!"
_LOST_VOLUME = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
_MISBOUND = "Two claims are bound to the same volume, this one is bound incorrectly"


def _unbound(claim: Obj) -> Iterable[Hashable]:
    return () if BIND_COMPLETED in annotations_of(claim) else ("",)


def claims_of_pod(pod: Obj) -> Iterator[Key]:
    """(namespace, name) of every claim that a pod uses; those of ephemeral volumes are named after pod and volume."""
    namespace, name = address(pod)
    for volume in pod["spec"].get("volumes") or ():
        if volume.get("persistentVolumeClaim"):
            yield namespace, volume["persistentVolumeClaim"]["claimName"]
        elif volume.get("ephemeral"):
            yield namespace, f"{name}-{volume['name']}"


class ClaimBindingController(Controller):
    name = "persistentvolume-controller"

    def watch(self) -> None:
        self._pending = self.informer.index(CLAIMS, "unbound", _unbound)
        self.on(CLAIMS, self.itself, after_seconds=CLAIM_REACTION_SECONDS)
        self.on(VOLUMES, _claim_of)
        self.engine.call_later(RESYNC_SECONDS, self._resync)

    def _resync(self) -> None:
        for claim in self._pending[""]:
            self.enqueue(address(claim))
        self.engine.call_later(RESYNC_SECONDS, self._resync)

    def reconcile(self, key: Key) -> None:
        claim = self.cluster.find(CLAIMS, *key)
        if claim is None:
            return
        if has_annotation(claim, BIND_COMPLETED):
            self._check_bound(claim)
        elif claim["spec"].get("volumeName"):
            self._bind_requested(claim)
        else:
            self._find_volume(claim)

    # --- claims that have no volume yet ------------------------------------------------------------------------

    def _find_volume(self, claim: Obj) -> None:
        claim = self._with_default_class(claim)
        storage_class = self.cluster.find(CLASSES, "", matching.class_of(claim))
        waits = _waits(storage_class) and not has_annotation(claim, SELECTED_NODE)
        volume = matching.best_match(claim, self.cluster.list(VOLUMES), reserved_only=waits)
        if volume is not None:
            self._bind(volume, claim)
        elif waits:
            self._tell_what_it_waits_for(claim)
        elif matching.class_of(claim):
            self._ask_provisioner(claim, storage_class)
        else:
            self.event(claim, "Normal", "FailedBinding", _NO_CLASS)

    def _with_default_class(self, claim: Obj) -> Obj:
        """A claim that was made before there was a default class gets it now (``assignDefaultStorageClass``)."""
        if claim["spec"].get("storageClassName") is not None or matching.class_of(claim):
            return claim
        defaults = self.cluster.list(CLASSES, where=is_default)
        if not defaults:
            return claim
        newest = max(c["metadata"]["creationTimestamp"] for c in defaults)
        name = min(c["metadata"]["name"] for c in defaults if c["metadata"]["creationTimestamp"] == newest)
        return self.cluster.update({**claim, "spec": {**claim["spec"], "storageClassName": name}})

    def _tell_what_it_waits_for(self, claim: Obj) -> None:
        users = self.informer.index("pods", "claims", claims_of_pod)[address(claim)]
        names = [pod["metadata"]["name"] for pod in users if not pod["spec"].get("nodeName")]
        if not names:
            self.event(claim, "Normal", "WaitForFirstConsumer", _WAITING)
            return
        text = f"waiting for pod{'s' if len(names) > 1 else ''} {','.join(names)} to be scheduled"
        self.event(claim, "Normal", "WaitForPodScheduled", text)

    def _ask_provisioner(self, claim: Obj, storage_class: Obj | None) -> None:
        if storage_class is None:
            text = f'storageclass.storage.k8s.io "{matching.class_of(claim)}" not found'
            self.event(claim, "Warning", "ProvisioningFailed", text)
            return
        provisioner = matching.provisioner_of(storage_class)
        if provisioner.startswith(_BUILT_IN):
            text = f"no volume plugin matched name: {provisioner}"
            self.event(claim, "Warning", "ProvisioningFailed", text)
            return
        wanted = dict.fromkeys(PROVISIONER_NOTES, provisioner)
        if not wanted.items() <= annotations_of(claim).items():
            claim = self.cluster.update(annotated(claim, wanted))
        text = (
            f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the "
            "system administrator. If volume creation is delayed, please verify that the provisioner is running and "
            "correctly registered."
        )
        self.event(claim, "Normal", "ExternalProvisioning", text)

    # --- claims that name a volume -----------------------------------------------------------------------------

    def _bind_requested(self, claim: Obj) -> None:
        name = claim["spec"]["volumeName"]
        volume = self.cluster.find(VOLUMES, "", name)
        if volume is None:
            return
        reference = volume["spec"].get("claimRef")
        if reference and not matching.is_meant_for(volume, claim):
            text = f'volume "{name}" already bound to a different claim.'
            self.event(claim, "Warning", "FailedBinding", text)
            return
        problem = "" if reference else matching.mismatch(claim, volume)
        if problem:
            text = f'Cannot bind to requested volume "{name}": {problem}'
            self.event(claim, "Warning", "VolumeMismatch", text)
            return
        self._bind(volume, claim)

    def _check_bound(self, claim: Obj) -> None:
        name = claim["spec"].get("volumeName")
        if not name:
            self._lose(claim, "ClaimLost", _LOST_REFERENCE)
            return
        volume = self.cluster.find(VOLUMES, "", name)
        if volume is None:
            self._lose(claim, "ClaimLost", _LOST_VOLUME)
            return
        reference = volume["spec"].get("claimRef")
        if reference and reference.get("uid") != claim["metadata"]["uid"]:
            self._lose(claim, "ClaimMisbound", _MISBOUND)
            return
        self._bind(volume, claim)

    def _lose(self, claim: Obj, reason: str, message: str) -> None:
        if phase_of(claim) == "Lost":
            return
        self.write_status(claim, {"phase": "Lost"})
        self.event(claim, "Warning", reason, message)

    # --- binding -----------------------------------------------------------------------------------------------

    def _bind(self, volume: Obj, claim: Obj) -> None:
        """Both directions and both phases, in upstream's order; each step is left out that is done."""
        wanted = bound_volume(volume, claim)
        if wanted != volume:
            volume = self.cluster.update(wanted)
        self.write_status(volume, {"phase": "Bound"})
        name = volume["metadata"]["name"]
        notes = {BIND_COMPLETED: "yes"}
        if claim["spec"].get("volumeName") != name:
            claim = {**claim, "spec": {**claim["spec"], "volumeName": name}}
            notes[BOUND_BY_CONTROLLER] = "yes"
        if not notes.keys() <= annotations_of(claim).keys():
            claim = self.cluster.update(annotated(claim, notes))
        self._write_bound(claim, volume)

    def _write_bound(self, claim: Obj, volume: Obj) -> None:
        """The size is the volume's at the moment of binding; later ones come from who resizes it."""
        old = claim.get("status") or {}
        status = {**old, "phase": "Bound", "accessModes": volume["spec"].get("accessModes") or []}
        if old.get("phase") != "Bound":
            status["capacity"] = volume["spec"].get("capacity") or {}
        self.write_status(claim, status)


def _claim_of(volume: Obj) -> Iterable[Key]:
    reference = volume["spec"].get("claimRef")
    return ((reference.get("namespace", ""), reference.get("name", "")),) if reference else ()


def _waits(storage_class: Obj | None) -> bool:
    return storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
