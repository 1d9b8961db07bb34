"""Rules of label and node selectors (apimachinery ``apis/meta/v1/validation``, core ``validation.go``)."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Cause
from ..types import Obj
from .causes import forbidden, invalid, required
from .metadata import label_key, label_map
from .names import label_value_problems

_NEEDS_VALUES = "must be specified when `operator` is 'In' or 'NotIn'"
_HAS_NO_VALUES = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"


def label_selector(selector: Obj | None, path: str) -> Iterator[Cause]:
    if not selector:
        return
    yield from label_map(selector.get("matchLabels") or {}, f"{path}.matchLabels")
    for index, requirement in enumerate(selector.get("matchExpressions") or ()):
        yield from _label_requirement(requirement, f"{path}.matchExpressions[{index}]")


def is_empty(selector: Obj) -> bool:
    return not selector.get("matchLabels") and not selector.get("matchExpressions")


def _label_requirement(requirement: Obj, path: str) -> Iterator[Cause]:
    yield from _operator(requirement, path, ())
    yield from label_key(requirement.get("key", ""), f"{path}.key")
    for index, value in enumerate(requirement.get("values") or ()):
        for problem in label_value_problems(value):
            yield invalid(f"{path}.values[{index}]", value, problem)


def _operator(requirement: Obj, path: str, more: tuple[str, ...]) -> Iterator[Cause]:
    operator, values = requirement.get("operator", ""), requirement.get("values") or []
    if operator in ("In", "NotIn"):
        if not values:
            yield required(f"{path}.values", _NEEDS_VALUES)
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            yield forbidden(f"{path}.values", _HAS_NO_VALUES)
    elif operator in more:
        if len(values) != 1:
            yield required(f"{path}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
    else:
        yield invalid(f"{path}.operator", operator, "not a valid selector operator")


def node_selector(selector: Obj, path: str) -> Iterator[Cause]:
    terms = selector.get("nodeSelectorTerms") or []
    if not terms:
        yield required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")
    for index, term in enumerate(terms):
        yield from node_selector_term(term, f"{path}.nodeSelectorTerms[{index}]")


def node_selector_term(term: Obj, path: str) -> Iterator[Cause]:
    for index, requirement in enumerate(term.get("matchExpressions") or ()):
        below = f"{path}.matchExpressions[{index}]"
        yield from _operator(requirement, below, ("Gt", "Lt"))
        yield from label_key(requirement.get("key", ""), f"{below}.key")
    for index, requirement in enumerate(term.get("matchFields") or ()):
        below = f"{path}.matchFields[{index}]"
        if requirement.get("key") != "metadata.name":
            yield invalid(f"{below}.key", requirement.get("key", ""), "not a valid field selector key")
        if requirement.get("operator") not in ("In", "NotIn"):
            yield invalid(f"{below}.operator", requirement.get("operator", ""), "not a valid selector operator")
        elif len(requirement.get("values") or ()) != 1:
            yield required(
                f"{below}.values", "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
            )
