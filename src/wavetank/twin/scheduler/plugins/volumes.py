"""A pod's claims and the volumes behind them, looked up once per pod for the volume plugins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wavetank.kube import volume_matching
from wavetank.kube.types import Obj

from ..framework import PodRejectedError
from ..pod_info import PodInfo
from ..view import ClusterView


@dataclass(frozen=True)
class ClaimedVolume:
    """A claim, and the volume it is bound to, if it is bound and that volume exists."""

    claim: Obj
    volume: Obj | None

    @property
    def volume_name(self) -> str:
        return str(self.claim["spec"].get("volumeName") or "")

    @property
    def is_bound(self) -> bool:
        return volume_matching.is_bound(self.claim)


def claim_names(pod: PodInfo) -> Iterable[str]:
    """Names of the claims that a pod uses; generic ephemeral volumes have claims named after pod and volume."""
    for volume in pod.volumes:
        if volume.get("persistentVolumeClaim"):
            yield volume["persistentVolumeClaim"]["claimName"]
        elif volume.get("ephemeral"):
            yield f"{pod.name}-{volume['name']}"


def claimed_volumes(pod: PodInfo, view: ClusterView, *, strict: bool = True) -> list[ClaimedVolume]:
    """What the pod's claims lead to; a claim that does not exist or is about to go rejects the pod (or is left out)."""
    found: list[ClaimedVolume] = []
    for name in claim_names(pod):
        claim = view.cluster.find("persistentvolumeclaims", pod.namespace, name)
        if strict:
            _check(claim, name, pod)
        if claim is None:
            continue
        volume_name = claim["spec"].get("volumeName")
        volume = view.cluster.find("persistentvolumes", "", volume_name) if volume_name else None
        found.append(ClaimedVolume(claim, volume))
    return found


def _check(claim: Obj | None, name: str, pod: PodInfo) -> None:
    """What upstream's ``hasBoundImmediatePVCs`` and ``podHasPVCs`` refuse, in their words."""
    if claim is None:
        if any(v.get("ephemeral") and f"{pod.name}-{v['name']}" == name for v in pod.volumes):
            raise PodRejectedError(
                f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'
            )
        raise PodRejectedError(f'persistentvolumeclaim "{name}" not found')
    if (claim.get("status") or {}).get("phase") == "Lost":
        volume_name = claim["spec"].get("volumeName", "")
        raise PodRejectedError(f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume_name}"')
    if claim["metadata"].get("deletionTimestamp"):
        raise PodRejectedError(f'persistentvolumeclaim "{name}" is being deleted')


def storage_class_of(claim: Obj, view: ClusterView) -> Obj | None:
    name = volume_matching.class_of(claim)
    return view.cluster.find("storageclasses.storage.k8s.io", "", name) if name else None


def waits_for_consumer(claim: Obj, view: ClusterView) -> bool:
    """Whether its volume is made or chosen only once a pod has a node."""
    found = storage_class_of(claim, view)
    return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"
