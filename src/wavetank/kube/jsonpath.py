"""The part of JSONPath that printer columns of custom resources use.

``.spec.replicas``, ``.metadata.labels['a.b/c']``, ``.items[0]``, ``.items[*].name`` and
``.status.conditions[?(@.type=="Ready")].status``. A path that leads nowhere finds nothing; it is never an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

Step: TypeAlias = Callable[[Any], Iterator[Any]]

_TOKEN = re.compile(
    r"""\.(?P<field>(?:\\.|[^.\[\]\\])+)
      | \[\?\(\s*@(?P<inner>[^=!<>]*?)\s*(?:(?P<operator>==|!=)\s*(?P<literal>[^)]*?)\s*)?\)\]
      | \[(?P<quoted>'[^']*'|"[^"]*")\]
      | \[(?P<index>-?\d+)\]
      | (?P<every>\[\*\]|\.\*)""",
    re.VERBOSE,
)


def first(path: str, document: Any) -> Any:
    """What ``path`` finds first in ``document``; None when it finds nothing or cannot be read."""
    return next(found(path, document), None)


def found(path: str, document: Any) -> Iterator[Any]:
    """Everything that ``path`` leads to, in order."""
    values: Iterator[Any] = iter((document,))
    for step in _steps(path):
        values = _through(step, values)
    return values


def _through(step: Step, values: Iterator[Any]) -> Iterator[Any]:
    for value in values:
        yield from step(value)


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[Step, ...]:
    text = path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    if text and text[0] not in ".[":
        text = f".{text}"
    steps: list[Step] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            return (lambda _: iter(()),)
        steps.append(_step(token))
        at = token.end()
    return tuple(steps)


def _step(token: re.Match[str]) -> Step:
    if token["every"] or token["field"] == "*":
        return _every
    if token["field"] is not None:
        return _field(re.sub(r"\\(.)", r"\1", token["field"]))
    if token["quoted"] is not None:
        return _field(token["quoted"][1:-1])
    if token["index"] is not None:
        return _item(int(token["index"]))
    return _filter(token["inner"], token["operator"], token["literal"])


def _field(name: str) -> Step:
    return lambda value: iter((value[name],) if isinstance(value, dict) and name in value else ())


def _item(index: int) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list) and -len(value) <= index < len(value):
            yield value[index]

    return step


def _every(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _filter(inner: str, operator: str | None, literal: str | None) -> Step:
    wanted = _literal(literal or "")

    def step(value: Any) -> Iterator[Any]:
        for item in value if isinstance(value, list) else ():
            actual = list(found(inner, item))
            holds = bool(actual) if operator is None else (actual == [wanted]) == (operator == "==")
            if holds:
                yield item

    return step


def _literal(text: str) -> Any:
    if text[:1] in "'\"" and text[:1]:
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else text
