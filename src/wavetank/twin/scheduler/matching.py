"""Whether a node satisfies a pod's node selector and required node affinity. Pure.

Also called by the DaemonSet controller.
Upstream: ``k8s.io/component-helpers/scheduling/corev1``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj


class NodeSelection:
    """A pod's ``nodeSelector`` and required node affinity, ready to be asked about nodes."""

    def __init__(self, spec: Obj) -> None:
        self._labels: Mapping[str, str] = spec.get("nodeSelector") or {}
        affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
        required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
        self._terms = None if required is None else [NodeTerm(t) for t in required.get("nodeSelectorTerms") or ()]

    @property
    def is_empty(self) -> bool:
        return not self._labels and self._terms is None

    @property
    def terms(self) -> Sequence[NodeTerm] | None:
        return self._terms

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        if any(labels.get(key) != value for key, value in self._labels.items()):
            return False
        return self._terms is None or any(term.matches(name, labels) for term in self._terms)


class NodeTerm:
    """One node selector term; one without any requirement matches nothing."""

    def __init__(self, term: Obj) -> None:
        expressions = term.get("matchExpressions") or ()
        self._fields = [(f["operator"], frozenset(f.get("values") or ())) for f in term.get("matchFields") or ()]
        self._selector = LabelSelector.from_node_expressions(expressions) if expressions else None
        self._is_empty = not expressions and not self._fields

    @property
    def names(self) -> frozenset[str] | None:
        """The node names that it admits by name; None when it does not name any."""
        wanted = [values for operator, values in self._fields if operator == "In"]
        return frozenset.intersection(*wanted) if wanted else None

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        if self._is_empty or (self._selector is not None and not self._selector.matches(labels)):
            return False
        return all((name in values) == (operator == "In") for operator, values in self._fields)
