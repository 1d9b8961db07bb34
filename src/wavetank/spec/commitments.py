"""What an author promises AWS for a lower price: savings plans and reserved instances."""

from __future__ import annotations

from typing import Literal

from wavetank.spec.words import Many, Name, Percent, Written

Term = Literal[
    "1y-no-upfront",
    "1y-partial-upfront",
    "1y-all-upfront",
    "3y-no-upfront",
    "3y-partial-upfront",
    "3y-all-upfront",
]


class Commitment(Written):
    """Machines that are paid whether they run or not, at a lower price."""

    kind: Literal["savings-plan", "reserved"]
    """savings-plan: a Compute Savings Plan, for any machine; reserved: reserved instances of a type."""
    term: Term
    """Years, and how much is paid in advance."""
    percent: Percent | None = None
    """Share of the expected on-demand hours that it covers. Default 100."""
    node_groups: Many[Name] | None = None
    """Node groups and Karpenter node pools it covers. Default all."""
