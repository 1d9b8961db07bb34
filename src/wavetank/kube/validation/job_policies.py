"""Rules of a Job's policies: which pod failures count, what success is, who is in charge (``validateJobSpec``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import Cause
from ..types import Obj
from .amounts import not_negative
from .causes import duplicate, invalid, invalid_as_a_whole, not_supported, printed, required, too_many
from .internal import printed_struct
from .metadata import label_key
from .names import domain_prefixed_path

_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_OPERATORS = ("In", "NotIn")
_STATUSES = ("False", "True", "Unknown")
_REPLACEMENTS = ("Failed", "TerminatingOrFailed")
_MOST_RULES = 20
_MOST_EXIT_CODES = 255
_MOST_PARALLEL_INDEXES = 100_000


def indexed_only(spec: Obj, path: str) -> Iterator[Cause]:
    """What goes together with the completion mode, and what asks for it."""
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        yield required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified")
    if spec.get("managedBy") is not None:
        yield from domain_prefixed_path(spec["managedBy"], f"{path}.managedBy")
    mode = spec.get("completionMode", "NonIndexed")
    if mode == "Indexed":
        yield from _indexed(spec, path)
    elif mode == "NonIndexed":
        for key in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if spec.get(key) is not None:
                yield invalid(f"{path}.{key}", spec[key], "requires indexed completion mode")


def _indexed(spec: Obj, path: str) -> Iterator[Cause]:
    completions, most_failed = spec.get("completions"), spec.get("maxFailedIndexes")
    if completions is None:
        yield required(f"{path}.completions", "when completion mode is Indexed")
    if spec.get("parallelism", 1) > _MOST_PARALLEL_INDEXES:
        why = f"must be less than or equal to {_MOST_PARALLEL_INDEXES} when completion mode is Indexed"
        yield invalid(f"{path}.parallelism", spec["parallelism"], why)
    if completions is not None and most_failed is not None and most_failed > completions:
        yield invalid(f"{path}.maxFailedIndexes", most_failed, "must be less than or equal to completions")


def policies(spec: Obj, path: str) -> Iterator[Cause]:
    """The policies about failed pods, about success and about pods that are replaced."""
    failure, success = spec.get("podFailurePolicy"), spec.get("successPolicy")
    if failure is not None:
        yield from _failure_policy(failure, spec, f"{path}.podFailurePolicy.rules")
    if success is not None and spec.get("completionMode") != "Indexed":
        yield invalid(
            f"{path}.successPolicy", printed_struct(success, "SuccessPolicy"), "requires indexed completion mode"
        )
    elif success is not None:
        yield from _success_policy(success, spec.get("completions") or 0, f"{path}.successPolicy.rules")
    replacement = spec.get("podReplacementPolicy")
    allowed = _REPLACEMENTS if failure is None else ("Failed",)
    if replacement is not None and replacement not in allowed:
        yield not_supported(f"{path}.podReplacementPolicy", replacement, allowed)


def _failure_policy(policy: Obj, spec: Obj, path: str) -> Iterator[Cause]:
    rules = policy.get("rules") or []
    if len(rules) > _MOST_RULES:
        yield too_many(path, len(rules), _MOST_RULES)
    pod = (spec.get("template") or {}).get("spec") or {}
    containers = {c.get("name") for key in ("containers", "initContainers") for c in pod.get(key) or ()}
    for index, rule in enumerate(rules):
        below = f"{path}[{index}]"
        yield from _action(rule.get("action", ""), spec.get("backoffLimitPerIndex") is not None, f"{below}.action")
        yield from _reasons(rule, containers, below)


def _action(action: str, counts_by_index: bool, path: str) -> Iterator[Cause]:
    yield from _one_of(action, _ACTIONS, path)
    if action == "FailIndex" and not counts_by_index:
        yield invalid(path, action, "requires the backoffLimitPerIndex to be set")


def _one_of(value: str, choices: Sequence[str], path: str) -> Iterator[Cause]:
    if not value:
        yield required(path, f"valid values: [{' '.join(printed(choice) for choice in choices)}]")
    elif value not in choices:
        yield not_supported(path, value, choices)


def _reasons(rule: Obj, containers: set[Any], path: str) -> Iterator[Cause]:
    codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions")
    if codes is not None:
        yield from _exit_codes(codes, containers, f"{path}.onExitCodes")
    for index, pattern in enumerate(conditions or ()):
        yield from label_key(pattern.get("type", ""), f"{path}.onPodConditions[{index}].type")
        yield from _one_of(pattern.get("status", ""), _STATUSES, f"{path}.onPodConditions[{index}].status")
    if codes is not None and conditions:
        yield invalid_as_a_whole(path, "specifying both OnExitCodes and OnPodConditions is not supported")
    if codes is None and not conditions:
        yield invalid_as_a_whole(path, "specifying one of OnExitCodes and OnPodConditions is required")


def _exit_codes(stated: Obj, containers: set[Any], path: str) -> Iterator[Cause]:
    operator, values = stated.get("operator", ""), stated.get("values") or []
    yield from _one_of(operator, _OPERATORS, f"{path}.operator")
    name = stated.get("containerName")
    if name is not None and name not in containers:
        why = "must be one of the container or initContainer names in the pod template"
        yield invalid(f"{path}.containerName", name, why)
    if not values:
        yield invalid(f"{path}.values", stated.get("values"), "at least one value is required")
    elif len(values) > _MOST_EXIT_CODES:
        yield too_many(f"{path}.values", len(values), _MOST_EXIT_CODES)
    for index, value in enumerate(values):
        if operator == "In" and value == 0:
            yield invalid(f"{path}.values[{index}]", value, "must not be 0 for the In operator")
        if value in values[:index]:
            yield duplicate(f"{path}.values[{index}]", value)
    if values != sorted(values):
        yield invalid(f"{path}.values", values, "must be ordered")


def _success_policy(policy: Obj, completions: int, path: str) -> Iterator[Cause]:
    rules = policy.get("rules") or []
    if not rules:
        yield required(path, "at least one rules must be specified when the successPolicy is specified")
    if len(rules) > _MOST_RULES:
        yield too_many(path, len(rules), _MOST_RULES)
    for index, rule in enumerate(rules):
        yield from _success_rule(rule, completions, f"{path}[{index}]")


def _success_rule(rule: Obj, completions: int, path: str) -> Iterator[Cause]:
    count, indexes = rule.get("succeededCount"), rule.get("succeededIndexes")
    if count is None and indexes is None:
        yield required(path, "at least one of succeededCount or succeededIndexes must be specified")
    total = 0
    if indexes is not None:
        total, problem = _index_count(indexes, completions)
        if problem:
            yield invalid(f"{path}.succeededIndexes", indexes, f"error parsing succeededIndexes: {problem}")
    if count is None:
        return
    yield from not_negative(count, f"{path}.succeededCount")
    bounds = [(completions, "number of specified completions")]
    if indexes is not None:
        bounds.append((total, "number of indexes in the specified succeededIndexes field"))
    for bound, what in bounds:
        if count > bound:
            yield invalid(f"{path}.succeededCount", count, f"must be less than or equal to {bound} (the {what})")


def _index_count(text: str, completions: int) -> tuple[int, str]:
    """How many indexes ``text`` names ("0-3,5"), and why it names none (``validateIndexesFormat``)."""
    total, last = 0, -1
    for interval in text.split(",") if text else ():
        limits = interval.split("-")
        if len(limits) > 2:
            why = "violates the requirement that an index interval can have at most two parts separated by '-'"
            return 0, f"the fragment {printed(interval)} {why}"
        first = True
        for limit in limits:
            if not limit.isdecimal():
                return 0, f"cannot convert string to integer for index: {printed(limit)}"
            if int(limit) >= completions:
                return 0, f"too large index: {printed(limit)}"
            if int(limit) <= last:
                return 0, f"non-increasing order, previous: {last}, current: {int(limit)}"
            total += 1 if first else int(limit) - last
            last, first = int(limit), False
    return total, ""
