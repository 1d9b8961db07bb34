"""What the scheduler says of a pod that found no node. Upstream: ``framework.FitError``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .cycle import NO_NODES, Outcome
from .framework import Rejection


def fit_error(outcome: Outcome, after: str = "") -> str:
    """The text of the condition and the event; ``after`` is what the PostFilter plugins add."""
    if outcome.node_count == 0:
        return NO_NODES
    reasons = outcome.refusal or counted_reasons(outcome.rejections.values())
    text = f"0/{outcome.node_count} nodes are available: {reasons}."
    return f"{text} {after}" if after else text


def counted_reasons(rejections: Iterable[Rejection]) -> str:
    """Every reason with the number of nodes, sorted as strings."""
    counts = Counter(reason for rejection in rejections for reason in rejection.reasons)
    return ", ".join(sorted(f"{count} {reason}" for reason, count in counts.items()))
