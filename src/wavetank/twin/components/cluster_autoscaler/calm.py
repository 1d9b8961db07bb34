"""Whether anything has changed that a look at the cluster could find. Spares the autoscaler looks that find nothing.

A cluster that stays as it is gives the same answers every ten seconds of a day; only timers change them, and who keeps those
asks for a look by himself.
"""

from __future__ import annotations

from collections.abc import Mapping

from wavetank.twin.cluster import Change, Cluster
from wavetank.twin.cluster.eviction import BUDGETS
from wavetank.twin.nodes.groups import NodeGroup

#: A change may have effects a little later: a node is an example of its group when it has been ready for a minute.
ECHO_SECONDS = 75.0
#: Rules that depend on the age of a pod take effect with this delay at most.
LONGEST_SECONDS = 300.0
_WATCHED = ("nodes", "pods", BUDGETS, "daemonsets.apps")


class Calm:
    """``lasts`` in every loop; ``close`` at the end."""

    def __init__(self, cluster: Cluster) -> None:
        self._engine = cluster.engine
        self._changed_seconds = self._engine.now
        self._looked_seconds = float("-inf")
        self._groups: Mapping[str, NodeGroup] = {}
        self._ends = [cluster.subscribe(key, self._note) for key in _WATCHED]

    def close(self) -> None:
        for end in self._ends:
            end()

    def _note(self, change: Change) -> None:
        self._changed_seconds = self._engine.now

    def lasts(self, groups: Mapping[str, NodeGroup]) -> bool:
        """Nothing has happened for a while, and the last look is not too long ago."""
        now = self._engine.now
        calm = now - self._changed_seconds > ECHO_SECONDS and groups == self._groups
        if calm and now - self._looked_seconds < LONGEST_SECONDS:
            return True
        self._groups, self._looked_seconds = groups, now
        return False
