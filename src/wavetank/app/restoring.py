"""A saved cluster, run on from its file. Called by ``wavetank twin restore``."""

from __future__ import annotations

from wavetank.app.bare import BareTwin
from wavetank.twin.history import Snapshot
from wavetank.twin.restored import restored


def restored_twin(snapshot: Snapshot, *, port: int, speed: float) -> BareTwin:
    """The saved cluster, replayed, ready to be started. ReplayFailedError when the replay fails or ends elsewhere."""
    world = restored(snapshot, port=port, speed=speed)
    # Its clock stood while it was replayed; it goes when the twin starts.
    return BareTwin(world.options, lambda _: world)
