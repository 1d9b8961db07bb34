"""external-attacher: attaches volumes of its driver where a VolumeAttachment asks for it, and detaches them.

Upstream: ``kubernetes-csi/external-attacher``.
"""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.kube.volume_attachments import ATTACHMENTS, attacher_of, is_attached, volume_of
from wavetank.twin.controllers.base import Key

from .csi_loop import VOLUMES, CsiLoop

#: AttachVolume and DetachVolume until EC2 says that it is done.
ATTACH_SECONDS, DETACH_SECONDS = 2.0, 3.0
_VOLUME = "volume"


class CsiAttacher(CsiLoop):
    """Keys are ("", attachment), and ("volume", name) of volumes that are to go."""

    name = "csi-attacher"

    @property
    def finalizer(self) -> str:
        return f"external-attacher/{self.driver.name.replace('.', '-')}"

    def watch(self) -> None:
        self._under_way: set[str] = set()
        self.on(ATTACHMENTS, self.itself)
        self.on(VOLUMES, lambda volume: ((_VOLUME, volume["metadata"]["name"]),))

    def all_keys(self) -> list[Key]:
        attachments = [("", attachment["metadata"]["name"]) for attachment in self.cluster.list(ATTACHMENTS)]
        return [*attachments, *((_VOLUME, volume["metadata"]["name"]) for volume in self.cluster.list(VOLUMES))]

    def work(self, key: Key) -> None:
        if key[0] == _VOLUME:
            self._let_volume_go(key[1])
        else:
            self._consider(key)

    def _consider(self, key: Key) -> None:
        attachment = self.cluster.find(ATTACHMENTS, *key)
        if attachment is None or attacher_of(attachment) != self.driver.name or key[1] in self._under_way:
            return
        if attachment["metadata"].get("deletionTimestamp"):
            self._later(key, DETACH_SECONDS)
        elif not is_attached(attachment):
            self._mark(key, attachment)
            self._later(key, ATTACH_SECONDS)

    def _mark(self, key: Key, attachment: Obj) -> None:
        """What is attached may not vanish behind the driver's back: the attachment and its volume get a finalizer."""
        self.cluster.modify(ATTACHMENTS, *key, self._with_finalizer)
        name = volume_of(attachment)
        if self.cluster.find(VOLUMES, "", name) is not None:
            self.cluster.modify(VOLUMES, "", name, self._with_finalizer)

    def _later(self, key: Key, seconds: float) -> None:
        self._under_way.add(key[1])
        self.later(key, seconds, lambda: self._finish(key))

    def _finish(self, key: Key) -> None:
        self._under_way.discard(key[1])
        attachment = self.cluster.find(ATTACHMENTS, *key)
        if attachment is None or not self.is_up:
            return
        if attachment["metadata"].get("deletionTimestamp"):
            self._let_go(key, attachment)
        else:
            self.write_status(attachment, {"attached": True})

    def _let_go(self, key: Key, attachment: Obj) -> None:
        self.cluster.modify(ATTACHMENTS, *key, self._without_finalizer)
        self._let_volume_go(volume_of(attachment))

    def _let_volume_go(self, name: str) -> None:
        volume = self.cluster.find(VOLUMES, "", name)
        if volume is None or not volume["metadata"].get("deletionTimestamp"):
            return
        held = self.cluster.list(ATTACHMENTS, where=lambda attachment: volume_of(attachment) == name)
        if not held and self.finalizer in (volume["metadata"].get("finalizers") or ()):
            self.cluster.modify(VOLUMES, "", name, self._without_finalizer)

    def _with_finalizer(self, obj: Obj) -> Obj:
        metadata = obj["metadata"]
        listed = metadata.get("finalizers") or []
        if self.finalizer in listed:
            return obj
        return {**obj, "metadata": {**metadata, "finalizers": [*listed, self.finalizer]}}

    def _without_finalizer(self, obj: Obj) -> Obj:
        metadata = {k: v for k, v in obj["metadata"].items() if k != "finalizers"}
        rest = [f for f in obj["metadata"].get("finalizers") or () if f != self.finalizer]
        return {**obj, "metadata": {**metadata, "finalizers": rest} if rest else metadata}
