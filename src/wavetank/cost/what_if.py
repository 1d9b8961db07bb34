"""What-ifs: the same plan with machines bought in another way. The plan that comes out is for pricing only. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from wavetank.catalog import commitment_terms
from wavetank.plan.model import NodeGroup, NodePool, Plan
from wavetank.plan.model.assumptions import Commitment


@dataclass(frozen=True)
class OnSpot:
    """A node group (or a family of them, or a node pool) on Spot machines; ``percent`` off, None: what the plan assumes."""

    group: str
    percent: Decimal | None


@dataclass(frozen=True)
class OnDemand:
    """A node group, family or node pool on demand."""

    group: str


#: a further commitment, or machines of another kind
WhatIf: TypeAlias = OnSpot | OnDemand | Commitment


def what_if(text: str) -> WhatIf:
    """``spot=GROUP[:PERCENT%]``, ``on-demand=GROUP``, ``savings-plan=TERM[:PERCENT%][@GROUP,...]``, ``reserved=...``.

    ValueError with a sentence when it is none of these.
    """
    kind, _, rest = text.partition("=")
    match kind:
        case "spot" if rest:
            group, _, percent = rest.partition(":")
            return OnSpot(group, _percent(percent) if percent else None)
        case "on-demand" if rest:
            return OnDemand(rest)
        case "savings-plan" | "reserved" if rest:
            terms, _, groups = rest.partition("@")
            term, _, percent = terms.partition(":")
            if term not in commitment_terms(kind):
                raise ValueError(f"{term!r} is no term; there are {', '.join(commitment_terms(kind))}")
            covered = int(_percent(percent)) if percent else 100
            return Commitment(kind, term, covered, tuple(groups.split(",")) if groups else ())
        case _:
            raise ValueError(
                f"{text!r} is not spot=GROUP[:PERCENT%], on-demand=GROUP, savings-plan=TERM[:PERCENT%][@GROUP] or reserved=..."
            )


def _percent(text: str) -> Decimal:
    try:
        percent = Decimal(text.removesuffix("%"))
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a percentage like 70%") from None
    if not 0 <= percent <= 100:
        raise ValueError(f"{text!r} is not between 0 and 100 %")
    return percent


def with_changes(plan: Plan, changes: Iterable[WhatIf]) -> Plan:
    """The plan with each change made, in their order; ValueError when a group is not in the plan."""
    for change in changes:
        plan = _with(plan, change)
    return plan


def _with(plan: Plan, change: WhatIf) -> Plan:
    match change:
        case OnSpot(group, percent):
            _look_for(plan, (group,))
            savings = plan.cost.spot_savings if percent is None else {**plan.cost.spot_savings, group: percent}
            return replace(_bought(plan, group, spot=True), cost=replace(plan.cost, spot_savings=savings))
        case OnDemand(group):
            _look_for(plan, (group,))
            return _bought(plan, group, spot=False)
        case Commitment():
            _look_for(plan, change.node_groups)
            return replace(plan, cost=replace(plan.cost, commitments=(*plan.cost.commitments, change)))


def _look_for(plan: Plan, names: Iterable[str]) -> None:
    pools = plan.karpenter.node_pools if plan.karpenter else ()
    known = dict.fromkeys([name for group in plan.node_groups for name in (group.family, group.name)])
    known |= dict.fromkeys(pool.name for pool in pools)
    for name in names:
        if name not in known:
            raise ValueError(f"there is no node group {name!r} in {plan.environment}; there are {', '.join(known)}")


def _bought(plan: Plan, name: str, spot: bool) -> Plan:
    groups = tuple(_group(each, spot) if name in (each.name, each.family) else each for each in plan.node_groups)
    if plan.karpenter is None:
        return replace(plan, node_groups=groups)
    pools = tuple(_pool(each, spot) if name == each.name else each for each in plan.karpenter.node_pools)
    return replace(plan, node_groups=groups, karpenter=replace(plan.karpenter, node_pools=pools))


def _group(group: NodeGroup, spot: bool) -> NodeGroup:
    return replace(group, capacity_type="SPOT" if spot else "ON_DEMAND")


def _pool(pool: NodePool, spot: bool) -> NodePool:
    return replace(pool, capacity_types=("spot",) if spot else ("on-demand",))
