"""What state a volume is in, and what becomes of one whose claim is gone: the volumes' half of the binding controller.

Volumes that a driver made are deleted by that driver; here only what Kubernetes can do itself. Upstream:
``pkg/controller/volume/persistentvolume/pv_controller.go`` (``syncVolume``, ``reclaimVolume``).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from wavetank.kube import volume_matching as matching
from wavetank.kube.types import Obj
from wavetank.kube.volume_changes import phase_of, unbound_volume
from wavetank.kube.volume_matching import PROVISIONED_BY, annotations_of

from .base import Controller, Key
from .claim_binding import CLAIMS, VOLUMES
from .informer import address

#: Sources that Kubernetes can empty for the next claim.
RECYCLABLE = ("hostPath", "nfs")
#: Host paths below it are the only volumes that Kubernetes deletes itself.
_DELETABLE_PATH = "/tmp/"
#: The pod that empties a volume.
RECYCLING_SECONDS = 5.0
_WRONG_MODE = "Cannot bind PersistentVolume to requested PersistentVolumeClaim due to incompatible volumeMode."
_NO_RECYCLER = "No recycler plugin found for the volume!"


class VolumePhaseController(Controller):
    name = "persistentvolume-controller"

    def watch(self) -> None:
        self._recycled_at: dict[str, float] = {}
        self._by_claim = self.informer.index(VOLUMES, "claim", _by_claim)
        self.on(VOLUMES, self.itself)
        self.on(CLAIMS, self._volumes_of)

    def _volumes_of(self, claim: Obj) -> Iterable[Key]:
        names = {volume["metadata"]["name"] for volume in self._by_claim[address(claim)]}
        names.update(filter(None, [claim["spec"].get("volumeName")]))
        return [("", name) for name in sorted(names)]

    def reconcile(self, key: Key) -> None:
        volume = self.cluster.find(VOLUMES, *key)
        if volume is None:
            return
        reference = volume["spec"].get("claimRef") or {}
        if not reference.get("uid"):
            self._set_phase(volume, "Available")
            return
        claim = self.cluster.find(CLAIMS, reference.get("namespace", ""), reference.get("name", ""))
        if claim is None or claim["metadata"]["uid"] != reference["uid"]:
            self._release(volume)
        else:
            self._look_at_pair(volume, claim)

    def _look_at_pair(self, volume: Obj, claim: Obj) -> None:
        bound_to = claim["spec"].get("volumeName")
        if bound_to == volume["metadata"]["name"]:
            self._set_phase(volume, "Bound")
        elif not bound_to:
            if matching.mode_of(volume) != matching.mode_of(claim):
                self.event(volume, "Warning", "VolumeMismatch", _WRONG_MODE)
        elif annotations_of(volume).get(PROVISIONED_BY) and _policy(volume) == "Delete":
            self._release(volume)
        else:
            self._set_phase(self.cluster.update(unbound_volume(volume)), "Available")

    def _set_phase(self, volume: Obj, phase: str, message: str = "") -> Obj:
        return self.write_status(volume, {"phase": phase} | ({"message": message} if message else {}))

    # --- volumes whose claim is gone ---------------------------------------------------------------------------

    def _release(self, volume: Obj) -> None:
        if phase_of(volume) == "Failed":
            return
        volume = self._set_phase(volume, "Released")
        match _policy(volume):
            case "Delete":
                self._delete(volume)
            case "Recycle":
                self._recycle(volume)

    def _delete(self, volume: Obj) -> None:
        """A volume that a driver made is deleted by its driver."""
        if annotations_of(volume).get(PROVISIONED_BY):
            return
        path = (volume["spec"].get("hostPath") or {}).get("path", "")
        name = volume["metadata"]["name"]
        if path.startswith(_DELETABLE_PATH):
            self.deleted(VOLUMES, ("", name))
        elif path:
            self._fail(
                volume, "VolumeFailedDelete", f"host_path deleter only supports /tmp/.+ but received provided {path}"
            )
        else:
            text = f'error getting deleter volume plugin for volume "{name}": no deletable volume plugin matched'
            self._fail(volume, "VolumeFailedDelete", text)

    def _recycle(self, volume: Obj) -> None:
        if not any(volume["spec"].get(source) for source in RECYCLABLE):
            self._fail(volume, "VolumeFailedRecycle", _NO_RECYCLER)
            return
        uid, name = volume["metadata"]["uid"], volume["metadata"]["name"]
        done_seconds = self._recycled_at.setdefault(uid, self.engine.now + RECYCLING_SECONDS)
        if self.engine.now < done_seconds:
            self.enqueue(("", name), done_seconds - self.engine.now)
            return
        del self._recycled_at[uid]
        self.event(volume, "Normal", "VolumeRecycled", "Volume recycled")
        self._set_phase(self.cluster.update(unbound_volume(volume)), "Available")

    def _fail(self, volume: Obj, reason: str, message: str) -> None:
        self._set_phase(volume, "Failed", message)
        self.event(volume, "Warning", reason, message)


def _by_claim(volume: Obj) -> Iterable[Hashable]:
    reference = volume["spec"].get("claimRef")
    return ((reference.get("namespace", ""), reference.get("name", "")),) if reference else ()


def _policy(volume: Obj) -> str:
    return str(volume["spec"].get("persistentVolumeReclaimPolicy") or "Retain")
