"""external-provisioner: makes volumes for claims of its driver, and deletes those whose claims are gone.

Upstream: ``kubernetes-csi/external-provisioner`` on ``sig-storage-lib-external-provisioner``.
"""

from __future__ import annotations

from collections.abc import Mapping

from wavetank.kube import quantity
from wavetank.kube.types import Obj
from wavetank.kube.volume_attachments import ATTACHMENTS, node_of, volume_of
from wavetank.kube.volume_changes import has_annotation, phase_of, reference_to
from wavetank.kube.volume_matching import PROVISIONED_BY, SELECTED_NODE, annotations_of, class_of, mode_of, requested
from wavetank.twin.controllers.base import Key

from .csi_driver import ZONE_LABEL, DriverRefusal, MadeVolume, VolumeRequest
from .csi_loop import CLAIMS, CLASSES, VOLUMES, CsiLoop
from .csi_topology import allowed_zones, picked_zone, zone_affinity

PROVISIONER_NOTE = "volume.kubernetes.io/storage-provisioner"
FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"
CSI_NODES = "csinodes.storage.k8s.io"
_SIDECARS_OWN = "csi.storage.k8s.io/"
_FS_TYPE = f"{_SIDECARS_OWN}fstype"
_DELETION_SECRET = "volume.kubernetes.io/provisioner-deletion-secret"


class CsiProvisioner(CsiLoop):
    """Keys are those of claims, and ("", name) of volumes."""

    name = "csi-provisioner"

    def watch(self) -> None:
        self._under_way: set[str] = set()
        self.on(CLAIMS, self.itself)
        self.on(VOLUMES, self.itself)

    def all_keys(self) -> list[Key]:
        claims = [(c["metadata"]["namespace"], c["metadata"]["name"]) for c in self.cluster.list(CLAIMS)]
        return [*claims, *(("", v["metadata"]["name"]) for v in self.cluster.list(VOLUMES))]

    def work(self, key: Key) -> None:
        if key[0]:
            self._consider_claim(key)
        else:
            self._consider_volume(key)

    # --- making ------------------------------------------------------------------------------------------------

    def _consider_claim(self, key: Key) -> None:
        claim = self.cluster.find(CLAIMS, *key)
        if claim is None or not self._is_ours_to_make(claim) or claim["metadata"]["uid"] in self._under_way:
            return
        if self.cluster.find(VOLUMES, "", volume_name(claim)) is not None:
            return
        storage_class = self.cluster.find(CLASSES, "", class_of(claim))
        waits = storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
        if storage_class is None or (waits and not has_annotation(claim, SELECTED_NODE)):
            return
        text = f'External provisioner is provisioning volume for claim "{key[0]}/{key[1]}"'
        self.tell(claim, "Normal", "Provisioning", text)
        uid = claim["metadata"]["uid"]
        self._under_way.add(uid)
        self.later(key, self.driver.create_seconds, lambda: self._make(key, uid, storage_class))

    def _is_ours_to_make(self, claim: Obj) -> bool:
        asked = annotations_of(claim).get(PROVISIONER_NOTE) == self.driver.name
        return asked and not claim["spec"].get("volumeName") and not claim["metadata"].get("deletionTimestamp")

    def _make(self, key: Key, uid: str, storage_class: Obj) -> None:
        self._under_way.discard(uid)
        claim = self.cluster.find(CLAIMS, *key)
        if claim is None or claim["metadata"]["uid"] != uid or not self.is_up:
            return
        try:
            zone = self._zone(claim, storage_class)
            made = self.driver.make(_request(claim, storage_class, zone))
        except DriverRefusal as refusal:
            text = f'failed to provision volume with StorageClass "{class_of(claim)}": {refusal}'
            self.tell(claim, "Warning", "ProvisioningFailed", text)
            self.retry(key)
            return
        self.succeed(key)
        self.cluster.create(self._volume(claim, storage_class, made, zone), manager="csi-provisioner")
        self.tell(claim, "Normal", "ProvisioningSucceeded", f"Successfully provisioned volume {volume_name(claim)}")

    def _zone(self, claim: Obj, storage_class: Obj) -> str:
        """ "" for a driver whose volumes are everywhere; raises DriverRefusal where no zone can be told."""
        if not self.driver.is_zonal:
            return ""
        selected = annotations_of(claim).get(SELECTED_NODE)
        if selected is not None:
            return self._zone_of_node(selected)
        zones = sorted({zone for node in self._registered_nodes() if (zone := self._zone_label(node))})
        allowed = allowed_zones(storage_class, zones)
        if not allowed:
            raise NoTopologyError("error generating accessibility requirements: no available topology found")
        return picked_zone(claim["metadata"]["name"], allowed)

    def _zone_of_node(self, node: str) -> str:
        if node not in self._registered_nodes():
            text = f"error generating accessibility requirements: no topology key found on CSINode {node}"
            raise NoTopologyError(text)
        return self._zone_label(node)

    def _registered_nodes(self) -> list[str]:
        def registered(csi_node: Obj) -> bool:
            return any(d.get("name") == self.driver.name for d in (csi_node.get("spec") or {}).get("drivers") or ())

        return [n["metadata"]["name"] for n in self.cluster.list(CSI_NODES, where=registered)]

    def _zone_label(self, node: str) -> str:
        found = self.cluster.find("nodes", "", node)
        return str(((found or {}).get("metadata", {}).get("labels") or {}).get(ZONE_LABEL, ""))

    def _volume(self, claim: Obj, storage_class: Obj, made: MadeVolume, zone: str) -> Obj:
        policy = storage_class.get("reclaimPolicy") or "Delete"
        metadata: Obj = {"name": volume_name(claim)}
        metadata["annotations"] = {PROVISIONED_BY: self.driver.name}
        metadata["annotations"] |= {f"{_DELETION_SECRET}-{part}": "" for part in ("name", "namespace")}
        if policy == "Delete":
            metadata["finalizers"] = [FINALIZER]
        spec: Obj = {
            "accessModes": list(claim["spec"].get("accessModes") or ()),
            "capacity": {"storage": quantity.format_bytes(made.size_bytes)},
            "claimRef": reference_to(claim),
            "csi": self._source(claim, storage_class, made),
            "persistentVolumeReclaimPolicy": policy,
            "storageClassName": class_of(claim),
            "volumeMode": mode_of(claim),
        }
        if zone:
            spec["nodeAffinity"] = zone_affinity(zone)
        if storage_class.get("mountOptions"):
            spec["mountOptions"] = list(storage_class["mountOptions"])
        return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec}

    def _source(self, claim: Obj, storage_class: Obj, made: MadeVolume) -> Obj:
        fs_type = _parameter(storage_class, _FS_TYPE) or self.driver.default_fs_type
        identity = {"storage.kubernetes.io/csiProvisionerIdentity": f"0-0-{self.driver.name}"}
        source: Obj = {"driver": self.driver.name, "volumeHandle": made.handle}
        if fs_type and mode_of(claim) == "Filesystem":
            source["fsType"] = fs_type
        return {**source, "volumeAttributes": {**made.attributes, **identity}}

    # --- deleting ----------------------------------------------------------------------------------------------

    def _consider_volume(self, key: Key) -> None:
        volume = self.cluster.find(VOLUMES, *key)
        if volume is None or not self._is_ours_to_delete(volume) or volume["metadata"]["uid"] in self._under_way:
            return
        node = self._attached_to(key[1])
        if node:
            text = f"persistentvolume {key[1]} is still attached to node {node}"
            self.tell(volume, "Warning", "VolumeFailedDelete", text)
            self.retry(key)
            return
        uid = volume["metadata"]["uid"]
        self._under_way.add(uid)
        self.later(key, self.driver.delete_seconds, lambda: self._delete(key, uid))

    def _is_ours_to_delete(self, volume: Obj) -> bool:
        ours = annotations_of(volume).get(PROVISIONED_BY) == self.driver.name
        policy = volume["spec"].get("persistentVolumeReclaimPolicy")
        return ours and policy == "Delete" and phase_of(volume) == "Released"

    def _attached_to(self, volume: str) -> str:
        found = self.cluster.list(ATTACHMENTS, where=lambda attachment: volume_of(attachment) == volume)
        return node_of(found[0]) if found else ""

    def _delete(self, key: Key, uid: str) -> None:
        self._under_way.discard(uid)
        volume = self.cluster.find(VOLUMES, *key)
        if volume is None or volume["metadata"]["uid"] != uid or not self.is_up:
            return
        self.succeed(key)
        self.deleted(VOLUMES, key)
        volume = self.cluster.find(VOLUMES, *key)
        if volume is not None and FINALIZER in (volume["metadata"].get("finalizers") or ()):
            self.cluster.update(_without_finalizer(volume))


class NoTopologyError(DriverRefusal):
    """The sidecar refuses before it calls the driver: its text has no gRPC around it."""

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)


def volume_name(claim: Obj) -> str:
    """The name of the volume that is made for a claim."""
    return f"pvc-{claim['metadata']['uid']}"


def _request(claim: Obj, storage_class: Obj, zone: str) -> VolumeRequest:
    stated: Mapping[str, str] = storage_class.get("parameters") or {}
    parameters = {key: value for key, value in stated.items() if not key.startswith(_SIDECARS_OWN)}
    return VolumeRequest(
        name=volume_name(claim),
        size_bytes=quantity.value(requested(claim)),
        parameters=parameters,
        access_modes=tuple(claim["spec"].get("accessModes") or ()),
        is_block=mode_of(claim) == "Block",
        zone=zone,
    )


def _parameter(storage_class: Obj, key: str) -> str:
    """A parameter of the sidecar's own, whatever its case."""
    parameters: Mapping[str, str] = storage_class.get("parameters") or {}
    return next((value for name, value in parameters.items() if name.lower() == key), "")


def _without_finalizer(volume: Obj) -> Obj:
    metadata = {k: v for k, v in volume["metadata"].items() if k != "finalizers"}
    rest = [f for f in volume["metadata"]["finalizers"] if f != FINALIZER]
    return {**volume, "metadata": {**metadata, "finalizers": rest} if rest else metadata}
