"""The algebra of labels: what values a node's label may have, and whether two such wishes can both be met. Pure.

A requirement is a set of values or everything but a set, with integer bounds; requirements are one per label.
Upstream: ``sigs.k8s.io/karpenter/pkg/scheduling`` (``requirement.go``, ``requirements.go``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from wavetank.kube.types import Obj

from .names import HOSTNAME, NORMALIZED, is_well_known

#: Only so many values are printed.
MOST_PRINTED = 5
_ABSENT_OPERATORS = ("NotIn", "DoesNotExist")


@dataclass(frozen=True)
class Requirement:
    """One label. With ``complement`` the values are those it may not have; bounds are exclusive."""

    key: str
    values: frozenset[str] = frozenset()
    complement: bool = False
    above: int | None = None
    below: int | None = None
    min_values: int | None = None

    @property
    def operator(self) -> str:
        if self.complement:
            return "NotIn" if self.values else "Exists"
        return "In" if self.values else "DoesNotExist"

    @property
    def is_empty(self) -> bool:
        """No value at all is allowed."""
        return not self.complement and not self.values

    @property
    def only(self) -> str | None:
        """The value, if exactly one is allowed."""
        return next(iter(self.values)) if not self.complement and len(self.values) == 1 else None

    def has(self, value: str) -> bool:
        return (value in self.values) != self.complement and self._is_within(value)

    def _is_within(self, value: str) -> bool:
        return _within(value, self.above, self.below)

    def __and__(self, other: Requirement) -> Requirement:
        """What both allow."""
        above, below = _largest(self.above, other.above), _smallest(self.below, other.below)
        least = _largest(self.min_values, other.min_values)
        if above is not None and below is not None and above >= below:
            return Requirement(self.key, min_values=least)
        complement = self.complement and other.complement
        values = frozenset(v for v in self._common_values(other) if _within(v, above, below))
        if not complement:
            above = below = None
        return Requirement(self.key, values, complement, above, below, least)

    def _common_values(self, other: Requirement) -> frozenset[str]:
        if self.complement and other.complement:
            return self.values | other.values
        if self.complement:
            return other.values - self.values
        return self.values - other.values if other.complement else self.values & other.values

    def __str__(self) -> str:
        text = f"{self.key} {self.operator}"
        if self.values:
            shown = sorted(self.values)
            if len(shown) > MOST_PRINTED:
                shown = [*shown[:MOST_PRINTED], f"and {len(shown) - MOST_PRINTED} others"]
            text += f" [{' '.join(shown)}]"
        text += f" >{self.above}" if self.above is not None else ""
        text += f" <{self.below}" if self.below is not None else ""
        return text + (f" minValues {self.min_values}" if self.min_values is not None else "")

    def as_objects(self) -> list[Obj]:
        """The entries that say this in a NodeClaim."""
        least: Obj = {"minValues": self.min_values} if self.min_values is not None else {}
        bounds = (("Gt", self.above), ("Lt", self.below))
        found: list[Obj] = [{"key": self.key, "operator": op, "values": [str(n)]} for op, n in bounds if n is not None]
        if self.values or not found:
            plain: Obj = {"key": self.key, "operator": self.operator}
            found.append(plain | ({"values": sorted(self.values)} if self.values else {}))
        return [{**entry, **least} for entry in found]


def requirement(key: str, operator: str, values: Sequence[str] = (), min_values: int | None = None) -> Requirement:
    """From an expression of a pod or a NodePool."""
    key = NORMALIZED.get(key, key)
    match operator:
        case "In":
            return Requirement(key, frozenset(values), min_values=min_values)
        case "NotIn":
            return Requirement(key, frozenset(values), complement=True, min_values=min_values)
        case "Exists":
            return Requirement(key, complement=True, min_values=min_values)
        case "DoesNotExist":
            return Requirement(key, min_values=min_values)
        case "Gt" | "Gte":
            above = int(values[0]) - (operator == "Gte")
            return Requirement(key, complement=True, above=above, min_values=min_values)
        case "Lt" | "Lte":
            below = int(values[0]) + (operator == "Lte")
            return Requirement(key, complement=True, below=below, min_values=min_values)
    raise AssertionError(f"validation lets no operator {operator!r} through")


def of_expression(expression: Obj) -> Requirement:
    return requirement(
        expression["key"], expression["operator"], expression.get("values") or (), expression.get("minValues")
    )


@dataclass(frozen=True)
class Requirements(Mapping[str, Requirement]):
    """By label. Never changed; ``plus`` gives narrower ones."""

    by_key: Mapping[str, Requirement] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Requirement:
        return self.by_key[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_key)

    def __len__(self) -> int:
        return len(self.by_key)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(frozenset(self.by_key.values()))

    def of(self, key: str) -> Requirement:
        """What is required of a label; anything, if nothing is."""
        return self.by_key.get(key) or Requirement(key, complement=True)

    def plus(self, more: Iterable[Requirement]) -> Requirements:
        """Both these and ``more``; the very same object when nothing becomes narrower."""
        changed = dict(self.by_key)
        for each in more:
            known = changed.get(each.key)
            changed[each.key] = each if known is None else known & each
        return self if changed == self.by_key else Requirements(changed)

    def without(self, key: str) -> Requirements:
        return Requirements({k: r for k, r in self.by_key.items() if k != key})

    def conflict(self, wanted: Requirements) -> str:
        """Why the two cannot both hold, looking only at labels that both speak of; "" when they can."""
        for key in sorted(wanted.by_key.keys() & self.by_key.keys()):
            ours, theirs = self.by_key[key], wanted.by_key[key]
            if (ours & theirs).is_empty and not _both_absent(ours, theirs):
                return f"key {key}, {theirs} not in {ours}"
        return ""

    def incompatibility(self, wanted: Requirements, *, of_new_node: bool) -> str:
        """Why a node of these does not suit ``wanted``; "" when it does.

        A node that is still to be made may get any well-known label; any other label must be here to be wanted.
        """
        for key in sorted(wanted.by_key.keys() - self.by_key.keys()):
            may_be_absent = wanted.by_key[key].operator in _ABSENT_OPERATORS
            if not may_be_absent and not (of_new_node and is_well_known(key)):
                return f'label "{key}" does not have known values'
        return self.conflict(wanted)

    def as_objects(self) -> list[Obj]:
        return [entry for key in sorted(self.by_key) for entry in self.by_key[key].as_objects()]

    def __str__(self) -> str:
        return ", ".join(sorted(str(r) for key, r in self.by_key.items() if key != HOSTNAME))


def of_expressions(expressions: Iterable[Obj]) -> Requirements:
    return Requirements().plus(map(of_expression, expressions))


def of_labels(labels: Mapping[str, str]) -> Requirements:
    return Requirements().plus(requirement(key, "In", (value,)) for key, value in labels.items())


def values_meet(values: frozenset[str], wanted: Requirement) -> bool:
    """Whether something that has one of ``values``, or lacks the label if there is none, meets a requirement."""
    if not values:
        return wanted.operator in _ABSENT_OPERATORS
    return any(map(wanted.has, values))


def relaxed_minimum(wanted: Requirement) -> Requirement:
    return replace(wanted, min_values=None)


def _both_absent(a: Requirement, b: Requirement) -> bool:
    return a.operator in _ABSENT_OPERATORS and b.operator in _ABSENT_OPERATORS


def _within(value: str, above: int | None, below: int | None) -> bool:
    if above is None and below is None:
        return True
    try:
        number = int(value)
    except ValueError:
        return False
    return (above is None or number > above) and (below is None or number < below)


def _largest(a: int | None, b: int | None) -> int | None:
    known = [n for n in (a, b) if n is not None]
    return max(known, default=None)


def _smallest(a: int | None, b: int | None) -> int | None:
    known = [n for n in (a, b) if n is not None]
    return min(known, default=None)
