"""Who pays: a bill's lines shared among components, workloads and teams, to the cent.

Nodes are shared by what pods ask for of what the nodes have (the mean of processor, memory and devices); what nobody asks for
is idle, what add-ons and charts ask for is the system's. Everything else is paid by the workload that alone causes it, or
stays with its component. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import Literal, TypeAlias

from wavetank.cost.bill import CENT, Bill, Line
from wavetank.cost.meters.nodes import fleet_of
from wavetank.cost.readings import Range
from wavetank.plan.fleet import COMPONENTS, Machines, Owner, workload_path
from wavetank.plan.model import Plan
from wavetank.plan.packing import Demand

By: TypeAlias = Literal["line", "component", "workload", "team"]

SYSTEM, IDLE, NO_TEAM = "(system)", "(idle)", "(no team)"


@dataclass(frozen=True)
class Share:
    """A part of a line: who pays how much."""

    payer: str
    line: Line
    amount: Range


def by(plan: Plan, priced: Bill, view: By) -> dict[str, Range]:
    """Totals of a bill by line, component, workload or team, in the order of the lines; they add up to the bill's total."""
    found: dict[str, Range] = {}
    for share in shares(plan, priced, view):
        found[share.payer] = found.get(share.payer, Range.fixed(Decimal("0.00"))) + share.amount
    return found


def shares(plan: Plan, priced: Bill, view: By) -> list[Share]:
    """Every priced line, in the parts that its payers bear."""
    return [share for line in priced.lines if line.amount is not None for share in _shares(plan, line, view)]


def _shares(plan: Plan, line: Line, view: By) -> list[Share]:
    assert line.amount is not None, "lines without a price are shared by nobody"
    match view:
        case "line":
            return [Share(line.reading.name, line, line.amount)]
        case "component":
            return [Share(line.reading.component, line, line.amount)]
        case "workload":
            return _by_payer(_fractions(plan, line), line, line.amount)
        case "team":
            return _by_payer(_of_teams(plan, _fractions(plan, line)), line, line.amount)


def _fractions(plan: Plan, line: Line) -> dict[str, Fraction]:
    reading = line.reading
    if reading.workload:
        return {reading.workload: Fraction(1)}
    machines = {each.name: each for each in (*fleet_of(plan).groups, *fleet_of(plan).pools)}
    if not reading.machines:
        return {f"({reading.component})": Fraction(1)}
    return _node_fractions(plan, machines[reading.machines])


def _node_fractions(plan: Plan, machines: Machines) -> dict[str, Fraction]:
    names = {workload_path(workload): workload.name for workload in plan.workloads} | {COMPONENTS: SYSTEM}
    found = {names[owner]: _fraction(used, machines) for owner, used in machines.used.items()} if machines.nodes else {}
    whole = sum(found.values(), Fraction(0))
    if whole > 1:
        return {name: part / whole for name, part in found.items()}
    return {**found, IDLE: 1 - whole}


def _fraction(used: Demand, machines: Machines) -> Fraction:
    """The mean share of what the nodes have for pods, over everything that they have any of."""
    room, nodes = machines.room, machines.nodes
    parts = [_part(used.cpu_milli, room.cpu_milli * nodes), _part(used.memory_bytes, room.memory_bytes * nodes)]
    parts += [_part(used.devices.get(name, 0), count * nodes) for name, count in sorted(room.devices.items())]
    return sum(parts, Fraction(0)) / len(parts)


def _part(used: int, whole: int) -> Fraction:
    return Fraction(used, whole) if whole > 0 else Fraction(0)


def _of_teams(plan: Plan, fractions: Mapping[Owner, Fraction]) -> dict[str, Fraction]:
    teams = {workload.name: workload.team or NO_TEAM for workload in plan.workloads}
    found: dict[str, Fraction] = {}
    for payer, part in fractions.items():
        team = teams.get(payer, payer)
        found[team] = found.get(team, Fraction(0)) + part
    return found


def _by_payer(fractions: Mapping[str, Fraction], line: Line, amount: Range) -> list[Share]:
    names = list(fractions)
    parts = [fractions[name] for name in names]
    floors = divided(amount.floor, parts)
    grown = divided(amount.expected - amount.floor, parts)
    most = divided(amount.ceiling - amount.expected, parts)
    return [
        Share(name, line, Range(floor, floor + more, floor + more + rest))
        for name, floor, more, rest in zip(names, floors, grown, most, strict=True)
        if parts[names.index(name)]
    ]


def divided(amount: Decimal, parts: Sequence[Fraction]) -> list[Decimal]:
    """An amount of whole cents in such parts (their sum is 1), each in whole cents; who loses most by rounding gets a cent."""
    exact = [Fraction(amount) * part for part in parts]
    cents = [Decimal(each.numerator / Decimal(each.denominator)).quantize(CENT, ROUND_DOWN) for each in exact]
    missing = int((amount - sum(cents, Decimal(0))) / CENT)
    losers = sorted(range(len(parts)), key=lambda i: exact[i] - Fraction(cents[i]), reverse=True)
    for index in losers[:missing]:
        cents[index] += CENT
    return cents
