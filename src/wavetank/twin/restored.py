"""A bare cluster that goes on where a snapshot was taken. Called by ``app`` and by tests."""

from __future__ import annotations

from datetime import datetime

from wavetank import __version__

from .bare import BareOptions, BareWorld
from .bare_settings import KIND, keys_of, nodes_of
from .history import ReplayFailedError, Snapshot, replay


def options_of(snapshot: Snapshot, *, port: int = 0, speed: float = 1.0) -> BareOptions:
    """What the cluster of a snapshot is made from. ReplayFailedError when that was no bare cluster."""
    settings = snapshot.settings
    if settings.get("kind") != KIND:
        raise ReplayFailedError(
            "this snapshot is not one of a bare cluster (`wavetank twin`), so it cannot be replayed; "
            "`wavetank twin import` can make a twin from the objects in the file"
        )
    return BareOptions(
        nodes=nodes_of(settings),
        name=settings["name"],
        version=settings["version"],
        port=port,
        speed=speed,
        seed=settings["seed"],
        kubelet=settings["kubelet"],
        tie_break=settings["tieBreak"],
        components=tuple(settings["components"]),
        epoch=datetime.fromisoformat(settings["epoch"]),
        service_cidr=settings["serviceCidr"],
        imported=tuple(settings["imported"]),
        imported_events=settings["importedEvents"],
        keys=keys_of(settings),
    )


def restored(snapshot: Snapshot, *, port: int = 0, speed: float = 1.0) -> BareWorld:
    """The cluster of a snapshot, replayed to its place; its clock goes on from there. ReplayFailedError when that fails."""
    if snapshot.wavetank != __version__:
        raise ReplayFailedError(
            f"this snapshot was taken by wavetank {snapshot.wavetank}, and this is {__version__}: only the same version "
            "runs a history to the same end; `wavetank twin import` can make a twin from the objects in the file"
        )
    world = BareWorld(options_of(snapshot, port=port, speed=speed))
    replay(snapshot, world)
    world.pacer.begin_here()
    return world
