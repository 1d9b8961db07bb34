"""A saved cluster, run on from its file. Called by ``wavetank twin restore``."""

from __future__ import annotations

from pathlib import Path

from wavetank.app.bare import BareTwin
from wavetank.twin.history import read_snapshot
from wavetank.twin.restored import restored


def restored_twin(file: Path, *, port: int, speed: float) -> BareTwin:
    """The saved cluster, replayed, ready to be started. InputError for a file that is none, ReplayFailedError."""
    world = restored(read_snapshot(file), port=port, speed=speed)
    # Its clock stood while it was replayed; it goes when the twin starts.
    return BareTwin(world.options, lambda _: world)
