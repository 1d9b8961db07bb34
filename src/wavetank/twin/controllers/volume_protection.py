"""Claims and volumes stay while they are used: two controllers that take away the finalizers of their protection.

Upstream: ``pkg/controller/volume/{pvcprotection,pvprotection}``.
"""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.kube.volume_changes import phase_of
from wavetank.twin.cluster.admission.storage_protection import FINALIZERS

from .base import Controller, Key
from .claim_binding import CLAIMS, VOLUMES, claims_of_pod
from .informer import address


class _ProtectionController(Controller):
    resource_key: str

    def reconcile(self, key: Key) -> None:
        obj = self.cluster.find(self.resource_key, *key)
        finalizer = FINALIZERS[self.resource_key]
        if obj is None or not obj["metadata"].get("deletionTimestamp"):
            return
        if finalizer not in (obj["metadata"].get("finalizers") or ()) or self.is_used(obj):
            return
        metadata = {k: v for k, v in obj["metadata"].items() if k != "finalizers"}
        rest = [f for f in obj["metadata"]["finalizers"] if f != finalizer]
        self.cluster.update({**obj, "metadata": {**metadata, "finalizers": rest} if rest else metadata})

    def is_used(self, obj: Obj) -> bool:
        raise AssertionError(f"{self.name} does not say what use is")


class ClaimProtectionController(_ProtectionController):
    """A claim stays as long as a pod that has a node uses it, even one that has ended."""

    name = "persistentvolumeclaim-protection-controller"
    resource_key = CLAIMS

    def watch(self) -> None:
        self._users = self.informer.index("pods", "claims", claims_of_pod)
        self.on(CLAIMS, self.itself)
        self.on("pods", claims_of_pod)

    def is_used(self, obj: Obj) -> bool:
        return any(pod["spec"].get("nodeName") for pod in self._users[address(obj)])


class VolumeProtectionController(_ProtectionController):
    """A volume stays as long as it is bound."""

    name = "persistentvolume-protection-controller"
    resource_key = VOLUMES

    def watch(self) -> None:
        self.on(VOLUMES, self.itself)

    def is_used(self, obj: Obj) -> bool:
        return phase_of(obj) == "Bound"
