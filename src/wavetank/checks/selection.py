"""Which pods a selector selects, and by which Services, budgets and policies a workload is selected: looked up, not searched.

Used by ``case`` alone, so that a question costs the same in a folder of ten objects and of ten thousand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from wavetank.kube.selectors import InvalidSelectorError, LabelSelector
from wavetank.kube.types import Obj

from .manifests import Manifest, Manifests, mapping, texts
from .workloads import Workload


class Index:
    """Of the workloads of a case by their labels."""

    def __init__(self, workloads: Sequence[Workload], manifests: Manifests) -> None:
        self._manifests = manifests
        self._by_namespace: defaultdict[str, list[Workload]] = defaultdict(list)
        self._by_label: defaultdict[tuple[str, str, str], list[Workload]] = defaultdict(list)
        for workload in workloads:
            self._by_namespace[workload.namespace].append(workload)
            for key, value in workload.labels.items():
                self._by_label[workload.namespace, key, value].append(workload)

    def in_namespace(self, namespace: str) -> Sequence[Workload]:
        return self._by_namespace.get(namespace, ())

    def selected(self, namespace: str, selector: Obj | None) -> Sequence[Workload]:
        """Workloads whose pods a LabelSelector selects."""
        wanted = label_selector(selector)
        candidates = self._candidates(namespace, texts(mapping(selector).get("matchLabels")))
        return [w for w in candidates if wanted.matches(w.labels)]

    def served(self, service: Manifest) -> Sequence[Workload]:
        """Workloads that have all labels of a Service's selector."""
        wanted = {key: str(value) for key, value in mapping(service.spec.get("selector")).items()}
        if not wanted:
            return []
        candidates = self._candidates(service.namespace, wanted)
        return [w for w in candidates if all(w.labels.get(key) == value for key, value in wanted.items())]

    def _candidates(self, namespace: str, labels: Mapping[str, str]) -> Sequence[Workload]:
        """The fewest that can be meant: those with the rarest of the labels."""
        sets = [self._by_label.get((namespace, key, value), []) for key, value in labels.items()]
        return min(sets, key=len) if sets else self.in_namespace(namespace)

    @cached_property
    def services(self) -> Mapping[Workload, Sequence[Manifest]]:
        found: defaultdict[Workload, list[Manifest]] = defaultdict(list)
        for service in self._manifests.of_kind("Service"):
            for workload in self.served(service):
                found[workload].append(service)
        return found

    @cached_property
    def budgets(self) -> Mapping[Workload, Sequence[Manifest]]:
        return self._selecting(self._manifests.of_kind("PodDisruptionBudget"), "selector")

    @cached_property
    def policies(self) -> Mapping[Workload, Sequence[Manifest]]:
        policies = self._manifests.of_kind("NetworkPolicy", group="networking.k8s.io")
        return self._selecting(policies, "podSelector")

    def _selecting(self, manifests: Sequence[Manifest], key: str) -> Mapping[Workload, Sequence[Manifest]]:
        """By workload: those whose selector under ``key`` selects it. A policy without one selects all, a budget none."""
        found: defaultdict[Workload, list[Manifest]] = defaultdict(list)
        for manifest in manifests:
            selector = manifest.spec.get(key) or ({} if key == "podSelector" else manifest.spec.get(key))
            for workload in self.selected(manifest.namespace, selector):
                found[workload].append(manifest)
        return found


def label_selector(selector: Obj | None) -> LabelSelector:
    """A LabelSelector object; one that cannot be read selects nothing (schema rules speak of it)."""
    try:
        return LabelSelector.from_object(selector)
    except (InvalidSelectorError, KeyError, TypeError, AttributeError):
        return LabelSelector(selects_nothing=True)
