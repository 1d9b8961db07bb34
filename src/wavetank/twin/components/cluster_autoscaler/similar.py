"""Groups whose nodes are alike, and how a scale-up is shared among them. Pure.

Upstream: ``processors/nodegroupset/compare_nodegroups.go``, ``aws_nodegroups.go``, ``balancing_processor.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wavetank.kube.resources import Amounts, amounts

from .flags import Settings
from .templates import Template

IGNORED_LABELS = frozenset(
    (
        "kubernetes.io/hostname",
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
        "beta.kubernetes.io/fluentd-ds-ready",
        "kops.k8s.io/instancegroup",
        "topology.ebs.csi.aws.com/zone",
        "topology.gke.io/zone",
        "topology.disk.csi.azure.com/zone",
        "alpha.eksctl.io/instance-id",
        "alpha.eksctl.io/nodegroup-name",
        "eks.amazonaws.com/nodegroup",
        "k8s.amazonaws.com/eniConfig",
        "lifecycle",
    )
)


@dataclass(frozen=True)
class ScaleUp:
    """What is about to happen to one group. Printed as in the events of pods."""

    group_id: str
    current: int
    new: int
    most: int

    def __str__(self) -> str:
        return f"{{{self.group_id} {self.current}->{self.new} (max: {self.most})}}"


def are_similar(a: Template, b: Template, settings: Settings) -> bool:
    """Whether nodes of two groups are so much alike that it does not matter which one grows."""
    if settings.balancing_label:
        return all(_label(a, key) == _label(b, key) for key in settings.balancing_label)
    ignored = IGNORED_LABELS | frozenset(settings.balancing_ignore_label)
    capacities = (_resources(a, "capacity"), _resources(b, "capacity"))
    if capacities[0].keys() != capacities[1].keys():
        return False
    for name, units in capacities[0].items():
        tolerance = settings.memory_difference_ratio if name == "memory" else 0.0
        if not _within(units, capacities[1][name], tolerance):
            return False
    allocatable = (_resources(a, "allocatable"), _resources(b, "allocatable"))
    if not _all_within(*allocatable, settings.max_allocatable_difference_ratio):
        return False
    free = (_free(a, allocatable[0]), _free(b, allocatable[1]))
    if not _all_within(*free, settings.max_free_difference_ratio):
        return False
    return _labels(a, ignored) == _labels(b, ignored)


def _label(template: Template, key: str) -> str | None:
    found: str | None = (template.node["metadata"].get("labels") or {}).get(key)
    return found


def _labels(template: Template, ignored: frozenset[str]) -> dict[str, str]:
    labels = template.node["metadata"].get("labels") or {}
    return {key: value for key, value in labels.items() if key not in ignored}


def _resources(template: Template, which: str) -> Amounts:
    return amounts(template.node["status"].get(which))


def _free(template: Template, allocatable: Amounts) -> Amounts:
    """What its own pods leave of the resources that they ask for."""
    asked: Amounts = {"cpu": 0, "memory": 0}
    for pod in template.pods:
        for name, units in pod.requests.items():
            asked[name] = asked.get(name, 0) + units
    return {name: allocatable.get(name, 0) - units for name, units in asked.items()}


def _all_within(a: Amounts, b: Amounts, ratio: float) -> bool:
    return a.keys() == b.keys() and all(_within(units, b[name], ratio) for name, units in a.items())


def _within(a: int, b: int, ratio: float) -> bool:
    return abs(a - b) <= max(a, b) * ratio


def balanced(groups: Sequence[ScaleUp], nodes: int) -> list[ScaleUp]:
    """Each of ``nodes`` more goes to the group that is the smallest then; full ones take none. Groups that grow only."""
    plan = [group for group in groups if group.current < group.most]
    plan.sort(key=lambda group: group.current)
    for _ in range(min(nodes, sum(group.most - group.current for group in plan))):
        open_ones = [index for index, group in enumerate(plan) if group.new < group.most]
        smallest = min(open_ones, key=lambda index: plan[index].new)
        plan[smallest] = replace(plan[smallest], new=plan[smallest].new + 1)
    return [group for group in plan if group.new != group.current]
