"""Folders of real pods: one root each, with its volumes, logs and scratch space. No decisions; plain file operations.

Volumes made from objects are laid out as a kubelet's atomic writer does: a hidden folder per version, ``..data`` pointing at
the current one, and a link per file, so that a reader sees the old or the new state and never half of each.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from .port import VolumeFiles

READ_ONLY_FOLDER, WRITABLE_FOLDER = 0o555, 0o755


def persistent_folder(state_folder: Path, volume: str) -> Path:
    """The folder that stands for a persistent volume."""
    return state_folder / "volumes" / volume


class PodFolders:
    """``state_folder/pods/<uid>`` and what is in it. Persistent volumes live beside the pods and survive them."""

    def __init__(self, state_folder: Path, uid: str) -> None:
        self._state_folder = state_folder
        self.root = state_folder / "pods" / uid
        for part in ("volumes", "logs", "tmp"):
            (self.root / part).mkdir(parents=True, exist_ok=True)

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    def volume(self, name: str) -> Path:
        return self.root / "volumes" / name

    def log_file(self, container: str, restart_count: int) -> Path:
        folder = self.root / "logs" / container
        folder.mkdir(exist_ok=True)
        return folder / f"{restart_count}.log"

    def termination_file(self, container: str) -> Path:
        """Where a process may say why it ended, in place of ``terminationMessagePath``."""
        return self.temporary / f"termination-{container}"

    def kubeconfig(self, container: str) -> Path:
        """Where clients in a container's process find the API."""
        return self.root / f"kubeconfig-{container}"

    def lay_out(self, volumes: Mapping[str, VolumeFiles]) -> None:
        for name, volume in volumes.items():
            if volume.persistent:
                self._link(name, persistent_folder(self._state_folder, volume.persistent))
            elif volume.writable:
                self.volume(name).mkdir(exist_ok=True)
            else:
                _write_atomically(self.volume(name), volume)

    def _link(self, name: str, target: Path) -> None:
        target.mkdir(parents=True, exist_ok=True)
        if not self.volume(name).is_symlink():
            self.volume(name).symlink_to(target, target_is_directory=True)

    def remove(self) -> None:
        for folder, _, _ in os.walk(self.root):
            Path(folder).chmod(WRITABLE_FOLDER)
        shutil.rmtree(self.root, ignore_errors=True)


def _write_atomically(folder: Path, volume: VolumeFiles) -> None:
    folder.mkdir(exist_ok=True)
    folder.chmod(WRITABLE_FOLDER)
    data = folder / "..data"
    old = folder / data.readlink() if data.is_symlink() else None
    new = folder / f"..{1 + int(old.name[2:]) if old else 1}"
    for path, content in volume.files.items():
        _write(new / path, content, volume.mode)
    new.mkdir(exist_ok=True)
    swap = folder / "..data_tmp"
    swap.symlink_to(new.name)
    swap.replace(data)
    _link_top_level(folder, volume)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)
    folder.chmod(READ_ONLY_FOLDER)


def _write(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode & 0o555)


def _link_top_level(folder: Path, volume: VolumeFiles) -> None:
    wanted = {Path(path).parts[0] for path in volume.files}
    for link in folder.iterdir():
        if not link.name.startswith("..") and link.name not in wanted:
            link.unlink()
    for name in wanted:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(Path("..data") / name)
