"""What the scheduler decided last and on which grounds: a short memory for those who ask why. Decides nothing.

Kept in memory only; what has fallen out, or came from a snapshot, is worked out anew by ``explanation``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .cycle import Outcome
from .pod_info import PodInfo
from .preemption import Candidate

#: Decisions that are remembered; the scores of one plugin by another only where nodes are few.
MOST_DECISIONS = 500
SCORES_UP_TO_NODES = 100


@dataclass(frozen=True)
class Decision:
    """Why a pod got its node: all that were feasible with their totals, as the cycle had them."""

    seconds: float
    node: str
    feasible: Sequence[str]
    totals: Sequence[int]
    node_count: int
    #: Weighted, by plugin; empty where they were not kept.
    scores: Mapping[str, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Sacrifice:
    """Who had to go for a pod, and where."""

    seconds: float
    node: str
    victims: tuple[str, ...]


class Decisions:
    """The last decisions by the pods' uids."""

    def __init__(self) -> None:
        self._placed: OrderedDict[str, Decision] = OrderedDict()
        self._sacrifices: OrderedDict[str, Sacrifice] = OrderedDict()

    def wants_scores(self, node_count: int) -> bool:
        return node_count <= SCORES_UP_TO_NODES

    def placed(self, uid: str) -> Decision | None:
        return self._placed.get(uid)

    def sacrifice(self, uid: str) -> Sacrifice | None:
        return self._sacrifices.get(uid)

    def note_placed(self, pod: PodInfo, outcome: Outcome, seconds: float) -> None:
        """Keeps what the cycle made; nothing is copied, because this is done for every pod."""
        decision = Decision(seconds, outcome.node, outcome.feasible, outcome.totals, outcome.node_count, outcome.scores)
        self._placed[pod.uid] = decision
        if len(self._placed) > MOST_DECISIONS:
            self._placed.popitem(last=False)

    def note_sacrifice(self, pod: PodInfo, candidate: Candidate, seconds: float) -> None:
        victims = tuple(f"{victim.namespace}/{victim.name}" for victim in candidate.victims)
        self._sacrifices[pod.uid] = Sacrifice(seconds, candidate.node, victims)
        if len(self._sacrifices) > MOST_DECISIONS:
            self._sacrifices.popitem(last=False)
