"""Formulas of ``scalingModifiers``: arithmetic over the values of triggers, by their names. Pure.

The part of the expression language (expr-lang) that the documentation of KEDA uses: numbers, names, ``+ - * / % ** ^``,
comparisons, ``&& || !`` (also ``and or not``), ``a ? b : c``, ``??``, arrays, and the functions below. Raises FormulaError.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

Value: TypeAlias = "float | bool | list[Value]"

_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_][\w]*)|(\*\*|&&|\|\||==|!=|<=|>=|\?\?|.))")


class FormulaError(Exception):
    """The formula cannot be read, or names what does not exist."""


def _flat(values: Sequence[Value]) -> list[float]:
    found: list[float] = []
    for value in values:
        found += _flat(value) if isinstance(value, list) else [float(value)]
    return found


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _median(values: list[float]) -> float:
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _away_from_zero(value: float) -> float:
    return math.copysign(math.floor(abs(value) + 0.5), value)


_FUNCTIONS: Mapping[str, Callable[[list[float]], float]] = {
    "float": lambda values: values[0],
    "int": lambda values: float(int(values[0])),
    "abs": lambda values: abs(values[0]),
    "ceil": lambda values: float(math.ceil(values[0])),
    "floor": lambda values: float(math.floor(values[0])),
    "round": lambda values: _away_from_zero(values[0]),
    "min": min,
    "max": max,
    "sum": lambda values: math.fsum(values),
    "mean": _mean,
    "median": _median,
    "len": lambda values: float(len(values)),
}
_LEVELS: tuple[Mapping[str, Callable[[float, float], float | bool]], ...] = (
    {"==": lambda a, b: a == b, "!=": lambda a, b: a != b},
    {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b},
    {"+": lambda a, b: a + b, "-": lambda a, b: a - b},
    {"*": lambda a, b: a * b, "/": lambda a, b: _divided(a, b), "%": lambda a, b: math.fmod(a, b)},
)


def _divided(a: float, b: float) -> float:
    """Go's division of floats: by zero it gives an infinity, or no number."""
    if b:
        return a / b
    return math.nan if not a else math.copysign(math.inf, a)


def evaluated(formula: str, values: Mapping[str, float]) -> float:
    """The formula's value with these values of triggers."""
    parser = _Parser(formula, values)
    result = parser.whole()
    if isinstance(result, list):
        raise FormulaError("the formula gives a list, not a number")
    return float(result)


class _Parser:
    """Reads and computes in one go."""

    def __init__(self, text: str, values: Mapping[str, float]) -> None:
        self._tokens = [next(part for part in match if part) for match in _TOKEN.findall(text.strip()) if any(match)]
        self._values, self._at = values, 0

    def whole(self) -> Value:
        result = self._choice()
        if self._at < len(self._tokens):
            raise FormulaError(f'unexpected token "{self._tokens[self._at]}"')
        return result

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        token = self._next()
        if token and token in wanted:
            self._at += 1
            return token
        return ""

    def _expect(self, wanted: str) -> None:
        if not self._take(wanted):
            raise FormulaError(f'expected "{wanted}" before "{self._next() or "the end"}"')

    def _choice(self) -> Value:
        condition = self._either()
        if self._take("?"):
            first = self._choice()
            self._expect(":")
            second = self._choice()
            return first if condition else second
        if self._take("??"):
            self._choice()
        return condition

    def _either(self) -> Value:
        value = self._both()
        while self._take("||", "or"):
            other = self._both()
            value = bool(value) or bool(other)
        return value

    def _both(self) -> Value:
        value = self._level(0)
        while self._take("&&", "and"):
            other = self._level(0)
            value = bool(value) and bool(other)
        return value

    def _level(self, depth: int) -> Value:
        if depth == len(_LEVELS):
            return self._sign()
        operators = _LEVELS[depth]
        value = self._level(depth + 1)
        while token := self._take(*operators):
            other = self._level(depth + 1)
            value = operators[token](_number(value), _number(other))
        return value

    def _sign(self) -> Value:
        if self._take("-"):
            return -_number(self._sign())
        if self._take("+"):
            return _number(self._sign())
        if self._take("!", "not"):
            return not self._sign()
        return self._power()

    def _power(self) -> Value:
        base = self._atom()
        if self._take("**", "^"):
            return float(_number(base) ** _number(self._sign()))
        return base

    def _atom(self) -> Value:
        token = self._next()
        if not token:
            raise FormulaError("unexpected end of the formula")
        self._at += 1
        if token == "(":
            value = self._choice()
            self._expect(")")
            return value
        if token == "[":
            return self._listed("]")
        if token[0].isdigit() or (token[0] == "." and len(token) > 1):
            return float(token)
        if token in ("true", "false"):
            return token == "true"
        if self._take("("):
            return self._called(token)
        if token in self._values:
            return self._values[token]
        raise FormulaError(f"unknown name {token}")

    def _listed(self, end: str) -> list[Value]:
        found: list[Value] = []
        while not self._take(end):
            found.append(self._choice())
            if not self._take(","):
                self._expect(end)
                break
        return found

    def _called(self, name: str) -> Value:
        arguments = self._listed(")")
        if name == "count":
            raise FormulaError("count with a predicate cannot be computed here")
        function = _FUNCTIONS.get(name)
        if function is None:
            raise FormulaError(f"unknown name {name}")
        numbers = _flat(arguments)
        if not numbers:
            raise FormulaError(f"not enough arguments to call {name}")
        return function(numbers)


def _number(value: Value) -> float:
    if isinstance(value, list):
        raise FormulaError("a list where a number is needed")
    return float(value)
