"""The folders of persistent volumes go when their volumes go, and are emptied when a volume is recycled.

They are made by the first pod that mounts the volume (``runtime.folders``); ``world`` starts this beside the machines.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster

from .runtime.folders import persistent_folder


class PersistentFolders:
    """Follows the volumes of one cluster."""

    def __init__(self, cluster: Cluster, state_folder: Path) -> None:
        self._state_folder = state_folder
        self._end = cluster.subscribe("persistentvolumes", self._note)

    def close(self) -> None:
        self._end()

    def _note(self, change: Change) -> None:
        if change.type == "DELETED" or (change.old is not None and _was_recycled(change.old, change.object)):
            shutil.rmtree(persistent_folder(self._state_folder, change.name), ignore_errors=True)


def _was_recycled(old: Obj, new: Obj) -> bool:
    policy = new["spec"].get("persistentVolumeReclaimPolicy")
    return policy == "Recycle" and bool(old["spec"].get("claimRef")) and not new["spec"].get("claimRef")
