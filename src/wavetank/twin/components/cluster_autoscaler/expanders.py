"""Which of the groups that would help is to grow. Pure but for the randomness that is handed in.

Upstream: ``expander/``. Each expander leaves the options that it likes best to the next; chance decides between what is left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import yaml

from wavetank.kube.resources import amounts
from wavetank.kube.types import Obj
from wavetank.twin.scheduler.pod_info import PodInfo

from .estimator import requested

PRIORITY_CONFIG = "cluster-autoscaler-priority-expander"
PRIORITIES_KEY = "priorities"


@dataclass(frozen=True)
class Option:
    """A group, how many nodes of it, and the pods that they would take."""

    group_id: str
    node_count: int
    pods: tuple[PodInfo, ...]
    node: Obj


@dataclass(frozen=True)
class Complaint:
    """An event about the priorities: reason and message."""

    reason: str
    message: str


@dataclass(frozen=True)
class Priorities:
    """The ConfigMap of the priority expander: text, or None when there is no such map or no such key in it."""

    exists: bool = False
    text: str | None = None


Tell = Callable[[Complaint], None]


def best(
    options: Sequence[Option], expanders: Sequence[str], priorities: Priorities, tell: Tell, randomness: Random
) -> Option | None:
    """The option to take; None when an expander wants none of them."""
    left = list(options)
    for name in expanders:
        left = _filtered(name, left, priorities, tell)
        if len(left) <= 1:
            break
    if not left:
        return None
    return left[0] if len(left) == 1 else left[randomness.randrange(len(left))]


def _filtered(name: str, options: list[Option], priorities: Priorities, tell: Tell) -> list[Option]:
    match name:
        case "least-waste":
            return _least(options, waste)
        case "most-pods":
            return _least(options, lambda option: -len(option.pods))
        case "least-nodes":
            return _least(options, lambda option: option.node_count)
        case "priority":
            return by_priority(options, priorities, tell)
        case _:
            return options


def _least(options: Sequence[Option], worth: Callable[[Option], float]) -> list[Option]:
    worths = [worth(option) for option in options]
    return [option for option, value in zip(options, worths, strict=True) if value == min(worths)]


def waste(option: Option) -> float:
    """The unused share of cpu and that of memory, added; by capacity, whatever is allocatable."""
    capacity = amounts(option.node["status"]["capacity"])
    asked = [requested(pod) for pod in option.pods]
    total = 0.0
    for name in ("cpu", "memory"):
        available = capacity[name] * option.node_count
        total += (available - sum(one[name] for one in asked)) / available
    return total


def by_priority(options: list[Option], priorities: Priorities, tell: Tell) -> list[Option]:
    """Groups whose name matches a pattern of the highest priority; all of them when none matches; none without a map."""
    table = _table(priorities, tell)
    if table is None:
        return []
    highest, found = -1, list[Option]()
    for option in options:
        matching = [p for p, patterns in table.items() if any(one.search(option.group_id) for one in patterns)]
        if not matching:
            if all(p >= highest for p in table):
                text = f"Priority expander: node group {option.group_id} not found in priority expander configuration. "
                tell(Complaint("PriorityConfigMapNotMatchedGroup", f"{text}The group won't be used."))
            continue
        if max(matching) > highest:
            highest, found = max(matching), []
        if max(matching) == highest:
            found.append(option)
    if not found:
        text = "Priority expander: no priorities info found for any of the expansion options. "
        tell(Complaint("PriorityConfigMapNoGroupMatched", f"{text}Falling back to random choice."))
        return options
    return found


def _table(priorities: Priorities, tell: Tell) -> Mapping[int, list[re.Pattern[str]]] | None:
    if not priorities.exists:
        return None
    invalid = "PriorityConfigMapInvalid"
    if priorities.text is None:
        text = f"Wrong configmap for priority expander, doesn't contain {PRIORITIES_KEY} key. Ignoring update."
        tell(Complaint(invalid, text))
        return None
    try:
        read = yaml.safe_load(priorities.text)
        assert isinstance(read, dict), f"priority configuration in {PRIORITY_CONFIG} configmap is empty"
        return {int(priority): [re.compile(one) for one in patterns] for priority, patterns in read.items()}
    except (yaml.YAMLError, re.error, AssertionError, ValueError, TypeError) as error:
        tell(Complaint(invalid, f"Wrong configuration for priority expander: {error}. Ignoring update."))
        return None
