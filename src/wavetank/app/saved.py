"""Saved clusters: fetched from a running one into a file, and run on from a file. Called by ``wavetank twin``."""

from __future__ import annotations

from pathlib import Path

from wavetank.app.bare import BareTwin
from wavetank.app.bare_access import TwinClient
from wavetank.base.errors import InputError, Problem
from wavetank.twin.history import Snapshot, parsed_snapshot, read_snapshot, write_snapshot
from wavetank.twin.restored import restored


def save_snapshot(client: TwinClient, file: Path) -> Snapshot:
    """InputError when the file cannot be written; OperationFailed when the cluster does not answer."""
    data = client.answer("snapshot").content
    saved = parsed_snapshot(data, client.access.server)
    try:
        write_snapshot(data, file)
    except OSError as error:
        raise InputError([Problem(str(file), 0, 0, f"cannot be written: {error.strerror}")]) from None
    return saved


def restored_twin(file: Path, *, port: int, speed: float) -> BareTwin:
    """The saved cluster, replayed, ready to be started. InputError for a file that is none, ReplayFailedError."""
    world = restored(read_snapshot(file), port=port, speed=speed)
    # Its clock stood while it was replayed; it goes when the twin starts.
    return BareTwin(world.options, lambda _: world)
