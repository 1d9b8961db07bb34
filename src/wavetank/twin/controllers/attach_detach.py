"""Which volumes should be attached to which nodes, as VolumeAttachment objects; drivers do the attaching.

A volume of one node at a time is attached to the next one only when the last has let go of it. Upstream:
``pkg/controller/volume/attachdetach`` and ``pkg/volume/csi/csi_attacher.go``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from wavetank.kube import conditions
from wavetank.kube.pod_phase import is_terminal
from wavetank.kube.types import Obj
from wavetank.kube.volume_attachments import (
    ATTACHMENTS,
    CSI_DRIVERS,
    attachment_name,
    is_attachable,
    is_attached,
    node_of,
    volume_of,
)
from wavetank.kube.volume_matching import is_bound

from .base import Controller, Key
from .claim_binding import CLAIMS, VOLUMES, claims_of_pod

#: How long a node that no longer answers is given to unmount before its volumes are taken from it.
LONGEST_UNMOUNT_SECONDS = 360.0
_SHARED_MODES = frozenset(("ReadWriteMany", "ReadOnlyMany"))


class AttachDetachController(Controller):
    """Keys are ("", volume)."""

    name = "attachdetach-controller"

    def watch(self) -> None:
        self._users = self.informer.index("pods", "claims", claims_of_pod)
        self._attachments = self.informer.index(ATTACHMENTS, "volume", _volume_of)
        self._waiting_since: dict[str, float] = {}
        self._told: set[str] = set()
        self.on("pods", self._volumes_of, relevant=_place)
        self.on(VOLUMES, self.itself, relevant=lambda volume: (volume.get("status") or {}).get("phase"))
        self.on(ATTACHMENTS, lambda attachment: [("", name) for name in _volume_of(attachment)])
        self.on("nodes", self._volumes_on)

    def _volumes_of(self, pod: Obj) -> Iterator[Key]:
        for key in claims_of_pod(pod):
            claim = self.cluster.find(CLAIMS, *key)
            if claim is not None and claim["spec"].get("volumeName"):
                yield "", claim["spec"]["volumeName"]

    def _volumes_on(self, node: Obj) -> list[Key]:
        name = node["metadata"]["name"]
        held = self.cluster.list(ATTACHMENTS, where=lambda attachment: node_of(attachment) == name)
        return [("", volume) for attachment in held for volume in _volume_of(attachment)]

    def reconcile(self, key: Key) -> None:
        volume = self.cluster.find(VOLUMES, *key)
        held = self._attachments[key[1]]
        users = self._users_of(volume) if volume is not None else {}
        for attachment in held:
            if node_of(attachment) not in users:
                self._detach(key, attachment)
            elif is_attached(attachment):
                self._tell_attached(attachment, key[1], users[node_of(attachment)])
        if volume is not None:
            self._attach(volume, users)

    def _users_of(self, volume: Obj) -> dict[str, list[Obj]]:
        """Pods that use the volume, by node."""
        reference = volume["spec"].get("claimRef") or {}
        key = (reference.get("namespace", ""), reference.get("name", ""))
        claim = self.cluster.find(CLAIMS, *key) if reference else None
        by_node: dict[str, list[Obj]] = {}
        if claim is None or not is_bound(claim) or claim["spec"]["volumeName"] != volume["metadata"]["name"]:
            return by_node
        for pod in self._users[key]:
            if pod["spec"].get("nodeName") and not is_terminal(pod):
                by_node.setdefault(pod["spec"]["nodeName"], []).append(pod)
        return by_node

    # --- attaching ---------------------------------------------------------------------------------------------

    def _attach(self, volume: Obj, users: dict[str, list[Obj]]) -> None:
        source = volume["spec"].get("csi") or {}
        if not is_attachable(volume, self.cluster.find(CSI_DRIVERS, "", source.get("driver", ""))):
            return
        name = volume["metadata"]["name"]
        shared = bool(_SHARED_MODES & set(volume["spec"].get("accessModes") or ()))
        for node, pods in users.items():
            held = {node_of(attachment) for attachment in self._attachments[name]}
            if node in held:
                continue
            if held and not shared:
                self._tell_held(name, held, users, pods)
            else:
                self.cluster.create(_attachment(volume, node), manager="kube-controller-manager")

    def _tell_attached(self, attachment: Obj, volume: str, pods: list[Obj]) -> None:
        text = f'AttachVolume.Attach succeeded for volume "{volume}" '
        for pod in pods:
            mark = f"{attachment['metadata']['uid']}/{pod['metadata']['uid']}"
            if mark not in self._told:
                self._told.add(mark)
                self.event(pod, "Normal", "SuccessfulAttachVolume", text)

    def _tell_held(self, volume: str, held: set[str], users: dict[str, list[Obj]], pods: list[Obj]) -> None:
        for pod in pods:
            namespace = pod["metadata"]["namespace"]
            mark = f"{volume}/{pod['metadata']['uid']}"
            if mark in self._told:
                continue
            self._told.add(mark)
            others = [p for node in sorted(held) for p in users.get(node, ())]
            near = [p["metadata"]["name"] for p in others if p["metadata"]["namespace"] == namespace]
            self.event(pod, "Warning", "FailedAttachVolume", _held_text(volume, near, len(others) - len(near)))

    # --- detaching ---------------------------------------------------------------------------------------------

    def _detach(self, key: Key, attachment: Obj) -> None:
        """Let go, once the node has unmounted it: one that is alive has when its pod is gone."""
        name = attachment["metadata"]["name"]
        if attachment["metadata"].get("deletionTimestamp"):
            return
        left_seconds = self._unmount_seconds_left(attachment)
        if left_seconds > 0:
            self.enqueue(key, left_seconds)
            return
        self._waiting_since.pop(name, None)
        self.deleted(ATTACHMENTS, ("", name))

    def _unmount_seconds_left(self, attachment: Obj) -> float:
        node = self.cluster.find("nodes", "", node_of(attachment))
        if node is None or conditions.is_true(node, "Ready") or _is_out_of_service(node):
            return 0.0
        since = self._waiting_since.setdefault(attachment["metadata"]["name"], self.engine.now)
        return since + LONGEST_UNMOUNT_SECONDS - self.engine.now


def _place(pod: Obj) -> Hashable:
    return pod["spec"].get("nodeName"), is_terminal(pod)


def _volume_of(attachment: Obj) -> Iterable[str]:
    return filter(None, [volume_of(attachment)])


def _attachment(volume: Obj, node: str) -> Obj:
    source = {"persistentVolumeName": volume["metadata"]["name"]}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "VolumeAttachment",
        "metadata": {"name": attachment_name(volume, node)},
        "spec": {"attacher": volume["spec"]["csi"].get("driver", ""), "nodeName": node, "source": source},
    }


def _held_text(volume: str, near: list[str], far: int) -> str:
    """Upstream's four sentences (``reportMultiAttachError``)."""
    head = f'Multi-Attach error for volume "{volume}" Volume is already'
    if not near and not far:
        return f"{head} exclusively attached to one node and can't be attached to another"
    if not near:
        return f"{head} used by {far} pod(s) in different namespaces"
    also = f" and {far} pod(s) in different namespaces" if far else ""
    return f"{head} used by pod(s) {', '.join(near)}{also}"


def _is_out_of_service(node: Obj) -> bool:
    taints = (node.get("spec") or {}).get("taints") or ()
    return any(taint.get("key") == "node.kubernetes.io/out-of-service" for taint in taints)
