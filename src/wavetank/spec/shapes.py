"""What the shapes of Kubernetes have in common: the exact keys are accepted, and beside them a shorter form for the common case.

A model's value in Kubernetes' own JSON is ``shape(model)``; the short forms have become the long one by then.
"""

from __future__ import annotations

from typing import Literal

from wavetank.kube.types import Obj
from wavetank.spec.words import Labels, Many, Text, Written


def shape(written: Written) -> Obj:
    """The value in Kubernetes' JSON shape, with exactly the keys that were written."""
    dumped: Obj = written.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


class LabelSelectorRequirement(Written):
    """One expression of a selector."""

    key: str
    """Label key."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the key's value is compared."""
    values: Many[Text] | None = None
    """Values for In and NotIn."""


class LabelSelector(Written):
    """Chooses objects by their labels; all conditions must hold."""

    match_labels: Labels | None = None
    """Labels that must be there."""
    match_expressions: Many[LabelSelectorRequirement] | None = None
    """Expressions that must hold."""
