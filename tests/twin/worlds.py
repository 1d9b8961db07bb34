"""Worlds for tests of the API: real control loops and scheduler, scripted machines, fixed metrics.

``open_api`` runs one on a loop in a thread of its own, so that tests can call kubectl and other clients as they would anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from wavetank.app.bare import BareTwin
from wavetank.twin.apiserver import TokenAuthenticator
from wavetank.twin.bare import BareOptions, BareWorld
from wavetank.twin.nodes.scripted import ScriptedNode

DATA = Path(__file__).parent.parent / "data" / "kubectl"


def recorded_nodes() -> list[ScriptedNode]:
    """The three nodes of the recorded world."""
    rows = json.loads((DATA / "nodes.json").read_text())
    return [ScriptedNode(r["name"], r["ip"], r["capacity"], r["labels"], r.get("taints", [])) for r in rows]


class ApiWorld(BareWorld):
    """A cluster of scripted machines with everything that acts on it, and its API, in real time."""

    def __init__(
        self,
        nodes: Sequence[ScriptedNode] = (),
        authenticators: Sequence[TokenAuthenticator] = (),
        version: str = "1.36",
    ) -> None:
        super().__init__(BareOptions(nodes=nodes, kubelet="scripted", authenticators=authenticators, version=version))


@contextmanager
def open_api(world: ApiWorld) -> Iterator[ApiWorld]:
    """The world's API answers inside the block."""
    with BareTwin(world.options, lambda _: world):
        yield world
