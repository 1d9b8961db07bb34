"""Label selectors, as a query string and as an object.

The API's list and watch, every controller that owns pods, services, budgets and affinity terms match labels through
this. It must never look at anything but a mapping of labels.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from .label_syntax import label_value_problems, qualified_name_problems

Operator: TypeAlias = Literal["in", "notin", "=", "!=", "exists", "!", "gt", "lt"]

_OBJECT_OPERATORS: dict[str, Operator] = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
_NODE_OPERATORS: dict[str, Operator] = {**_OBJECT_OPERATORS, "Gt": "gt", "Lt": "lt"}
_TOKENS: dict[str, Operator] = {"in": "in", "notin": "notin", "=": "=", "==": "=", "!=": "!=", ">": "gt", "<": "lt"}
_BINARY_OPERATORS = "in, notin, =, ==, !=, gt, lt"
_SPECIAL = frozenset("=!(),><")
_END = ""


class InvalidSelectorError(ValueError):
    """The selector cannot be read; the text is upstream's."""


@dataclass(frozen=True)
class Requirement:
    """One condition on one label; ``values`` is sorted."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """``labels.Requirement.Matches``: a missing label satisfies ``!=``, ``notin`` and ``!``."""
        # Every controller asks this of every pod: plain comparisons, the commonest first.
        operator, present = self.operator, labels.get(self.key)
        if operator == "=" or operator == "in":
            return present in self.values
        if operator == "!=" or operator == "notin":
            return present not in self.values
        if operator == "exists":
            return present is not None
        if operator == "!":
            return present is None
        return present is not None and self._compares(present)

    def _compares(self, text: str) -> bool:
        try:
            ours, bound = int(text), int(self.values[0])
        except ValueError:
            return False
        return ours > bound if self.operator == "gt" else ours < bound

    def __str__(self) -> str:
        match self.operator:
            case "exists":
                return self.key
            case "!":
                return f"!{self.key}"
            case "in" | "notin":
                return f"{self.key} {self.operator} ({','.join(self.values)})"
            case "gt" | "lt":
                return f"{self.key}{'>' if self.operator == 'gt' else '<'}{self.values[0]}"
            case _:
                return f"{self.key}{self.operator}{self.values[0]}"


@dataclass(frozen=True)
class LabelSelector:
    """All requirements must hold; without any it selects everything, unless it is the one that selects nothing."""

    requirements: tuple[Requirement, ...] = ()
    selects_nothing: bool = False

    @classmethod
    def from_object(cls, selector: Mapping[str, Any] | None) -> LabelSelector:
        """Of ``matchLabels`` and ``matchExpressions``: ``None`` selects nothing, ``{}`` everything.

        Raises InvalidSelectorError for an operator that does not exist (``metav1.LabelSelectorAsSelector``).
        """
        if selector is None:
            return NOTHING
        requirements = [Requirement(k, "=", (v,)) for k, v in (selector.get("matchLabels") or {}).items()]
        requirements += [_of_expression(e, _OBJECT_OPERATORS) for e in selector.get("matchExpressions") or ()]
        return cls(_sorted(requirements))

    @classmethod
    def from_map(cls, labels: Mapping[str, str] | None) -> LabelSelector:
        """Of a plain map, as in a Service's ``spec.selector``: ``None`` and ``{}`` select everything."""
        return cls(_sorted([Requirement(k, "=", (v,)) for k, v in (labels or {}).items()]))

    @classmethod
    def from_node_expressions(cls, expressions: Sequence[Mapping[str, Any]]) -> LabelSelector:
        """Of a node selector term's ``matchExpressions``, which also know ``Gt`` and ``Lt``; none at all select nothing."""
        if not expressions:
            return NOTHING
        return cls(_sorted([_of_expression(e, _NODE_OPERATORS) for e in expressions]))

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        if self.selects_nothing:
            return False
        present = labels or {}
        for requirement in self.requirements:  # noqa: SIM110 - half the time of all() with a generator
            if not requirement.matches(present):
                return False
        return True

    @property
    def is_empty(self) -> bool:
        """True when there is no requirement (it then selects everything, or nothing at all)."""
        return not self.requirements

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


NOTHING = LabelSelector(selects_nothing=True)


@lru_cache(maxsize=1024)  # Autoscalers and budgets read the same texts again and again.
def parse_label_selector(text: str) -> LabelSelector:
    """A selector of the query parameter ``labelSelector``; raises InvalidSelectorError (``labels.Parse``)."""
    return LabelSelector(_sorted(list(_Parser(text).requirements())))


def _sorted(requirements: list[Requirement]) -> tuple[Requirement, ...]:
    return tuple(sorted(requirements, key=lambda r: r.key))


def _of_expression(expression: Mapping[str, Any], operators: Mapping[str, Operator]) -> Requirement:
    operator = operators.get(expression.get("operator", ""))
    if operator is None:
        raise InvalidSelectorError(
            f"{json.dumps(expression.get('operator', ''))} is not a valid label selector operator"
        )
    return Requirement(expression["key"], operator, tuple(sorted(set(expression.get("values") or ()))))


def _lexemes(text: str) -> Iterator[tuple[str, bool]]:
    """(literal, is it a word) of every token; blanks separate, ``==`` and ``!=`` are one token."""
    at = 0
    while at < len(text):
        start = at
        if text[at] in " \t\r\n":
            at += 1
        elif text[at] in _SPECIAL:
            at += 2 if text[at : at + 2] in ("==", "!=") else 1
            yield text[start:at], False
        else:
            while at < len(text) and text[at] not in _SPECIAL and text[at] not in " \t\r\n":
                at += 1
            yield text[start:at], True


class _Parser:
    """A recursive descent through the tokens of one selector (``labels.Parser``), with its error sentences."""

    def __init__(self, text: str) -> None:
        self._tokens = [*_lexemes(text), (_END, False)]
        self._at = 0

    def requirements(self) -> Iterator[Requirement]:
        while self._peek() != _END:
            if not (self._is_word() or self._peek() == "!"):
                raise InvalidSelectorError(f"found '{self._peek()}', expected: !, identifier, or 'end of string'")
            try:
                yield self._requirement()
            except InvalidSelectorError as error:
                raise InvalidSelectorError(f"unable to parse requirement: {error}") from error
            separator = self._take()
            if separator == _END:
                return
            if separator != ",":
                raise InvalidSelectorError(f"found '{separator}', expected: ',' or 'end of string'")
            if not (self._is_word() or self._peek() == "!"):
                raise InvalidSelectorError(f"found '{self._peek()}', expected: identifier after ','")

    def _peek(self) -> str:
        return self._tokens[self._at][0]

    def _is_word(self) -> bool:
        return self._tokens[self._at][1]

    def _take(self) -> str:
        literal = self._tokens[self._at][0]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return literal

    def _take_word(self) -> str:
        if not self._is_word():
            raise InvalidSelectorError(f"found '{self._take()}', expected: identifier")
        return self._take()

    def _requirement(self) -> Requirement:
        negated = self._peek() == "!"
        if negated:
            self._take()
        key = self._take_word()
        _refuse("<nil>", key, qualified_name_problems(key))
        # A negated key takes no operator; what follows is the caller's "expected: ','".
        if negated or self._peek() in (_END, ","):
            return Requirement(key, "!" if negated else "exists")
        literal = self._take()
        operator = _TOKENS.get(literal)
        if operator is None:
            raise InvalidSelectorError(f"found '{literal}', expected: {_BINARY_OPERATORS}")
        values = self._value_list() if operator in ("in", "notin") else [self._exact_value()]
        return _checked(Requirement(key, operator, tuple(sorted(set(values)))))

    def _exact_value(self) -> str:
        return "" if self._peek() in (_END, ",") else self._take_word()

    def _value_list(self) -> list[str]:
        if self._peek() != "(":
            raise InvalidSelectorError(f"found '{self._peek()}' expected: '('")
        self._take()
        if not (self._is_word() or self._peek() in (",", ")")):
            raise InvalidSelectorError(f"found '{self._peek()}', expected: ',', ')' or identifier")
        values = [self._take() if self._is_word() else ""]
        while self._peek() != ")":
            if self._peek() != ",":
                raise InvalidSelectorError(f"found '{self._peek()}', expected: ',' or ')'")
            self._take()
            values.append(self._take() if self._is_word() else self._blank())
        self._take()
        return values

    def _blank(self) -> str:
        if self._peek() not in (",", ")"):
            raise InvalidSelectorError(f"found '{self._peek()}', expected: ',', or identifier")
        return ""


def _checked(requirement: Requirement) -> Requirement:
    for index, value in enumerate(requirement.values):
        _refuse(f"values[{index}][{requirement.key}]", value, label_value_problems(value))
    if requirement.operator in ("gt", "lt"):
        for index, value in enumerate(requirement.values):
            if not value.lstrip("+-").isdecimal():
                why = "for 'Gt', 'Lt' operators, the value must be an integer"
                _refuse(f"values[{index}]", value, [why])
    return requirement


def _refuse(path: str, value: str, problems: list[str]) -> None:
    if problems:
        raise InvalidSelectorError(
            f"{path}: Invalid value: {json.dumps(value, ensure_ascii=False)}: {'; '.join(problems)}"
        )
