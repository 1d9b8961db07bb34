"""external-resizer: lets volumes of its driver grow with their claims; the file system grows where a pod uses it.

A volume never shrinks. EBS takes one change of a volume in six hours; that limit is not kept here. Upstream:
``kubernetes-csi/external-resizer`` and kubelet ``pkg/volume/util/operationexecutor`` (``NodeExpandVolume``).
"""

from __future__ import annotations

from wavetank.base.units import GIB
from wavetank.kube import conditions, quantity
from wavetank.kube.errors import ApiError
from wavetank.kube.pod_phase import phase
from wavetank.kube.types import Obj
from wavetank.kube.volume_matching import capacity, is_bound, requested
from wavetank.twin.controllers.base import Key
from wavetank.twin.controllers.claim_binding import claims_of_pod

from .csi_loop import CLAIMS, VOLUMES, CsiLoop

#: ModifyVolume until the new size can be used.
RESIZE_SECONDS = 5.0
_PENDING = "FileSystemResizePending"
_PENDING_TEXT = "Waiting for user to (re-)start a pod to finish file system resize of volume on node."


class CsiResizer(CsiLoop):
    """Keys are those of claims."""

    name = "csi-resizer"

    def watch(self) -> None:
        self._under_way: set[str] = set()
        self._users = self.informer.index("pods", "claims", claims_of_pod)
        self.on(CLAIMS, self.itself)
        self.on("pods", claims_of_pod, relevant=phase)

    def all_keys(self) -> list[Key]:
        return [(c["metadata"]["namespace"], c["metadata"]["name"]) for c in self.cluster.list(CLAIMS)]

    def work(self, key: Key) -> None:
        claim = self.cluster.find(CLAIMS, *key)
        if claim is None or not is_bound(claim) or _has_its_size(claim):
            return
        volume = self.cluster.find(VOLUMES, "", claim["spec"]["volumeName"])
        if volume is None or (volume["spec"].get("csi") or {}).get("driver") != self.driver.name:
            return
        if quantity.compare(capacity(volume), requested(claim)) < 0:
            self._begin(key, claim, volume)
        else:
            self._finish(key, claim, volume)

    def _begin(self, key: Key, claim: Obj, volume: Obj) -> None:
        uid = claim["metadata"]["uid"]
        if uid in self._under_way:
            return
        self._under_way.add(uid)
        self.event_of(
            "volume_expand", claim, "ExternalExpanding", "waiting for an external controller to expand this PVC"
        )
        self.tell(claim, "Normal", "Resizing", f"External resizer is resizing volume {volume['metadata']['name']}")
        self._set_conditions(claim, "Resizing", "")
        self.later(key, RESIZE_SECONDS, lambda: self._expand(key, uid))

    def _expand(self, key: Key, uid: str) -> None:
        self._under_way.discard(uid)
        claim = self.cluster.find(CLAIMS, *key)
        if claim is None or claim["metadata"]["uid"] != uid or not self.is_up:
            return
        size = quantity.format_bytes(-(-quantity.value(requested(claim)) // GIB) * GIB)
        name = claim["spec"]["volumeName"]
        self.cluster.modify(VOLUMES, "", name, lambda live: _sized(live, size))
        self._set_conditions(claim, _PENDING, _PENDING_TEXT)
        self.tell(claim, "Normal", "FileSystemResizeRequired", "Require file system resize of volume on node")

    def _finish(self, key: Key, claim: Obj, volume: Obj) -> None:
        """The kubelet's part: only where a running pod has the volume."""
        user = next((pod for pod in self._users[key] if phase(pod) == "Running"), None)
        if user is None and volume["spec"].get("volumeMode") != "Block":
            return
        status = {**(claim.get("status") or {}), "capacity": dict(volume["spec"]["capacity"])}
        status.pop("conditions", None)
        self.write_status(claim, status)
        text = f'MountVolume.NodeExpandVolume succeeded for volume "{volume["metadata"]["name"]}"'
        for about in (claim, user) if user is not None else (claim,):
            self.event_of("kubelet", about, "FileSystemResizeSuccessful", text)

    def event_of(self, component: str, about: Obj, reason: str, message: str) -> None:
        try:
            self.cluster.record_event(about, "Normal", reason, message, component)
        except ApiError:
            return

    def _set_conditions(self, claim: Obj, kind: str, message: str) -> None:
        status = claim.get("status") or {}
        made = conditions.with_condition((), kind, "True", self.now, message=message, lastProbeTime=None)
        self.write_status(claim, {**status, "conditions": made})


def _has_its_size(claim: Obj) -> bool:
    size = ((claim.get("status") or {}).get("capacity") or {}).get("storage", "0")
    return quantity.compare(size, requested(claim)) >= 0


def _sized(volume: Obj, size: str) -> Obj:
    return {**volume, "spec": {**volume["spec"], "capacity": {"storage": size}}}
