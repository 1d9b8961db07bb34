"""A chart that a section of the platform needs, and what that section has to say to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wavetank.kube.types import Obj


@dataclass(frozen=True)
class Component:
    """Installed even where the author does not list it; where he does, these values lie below his own."""

    chart: str
    #: plan paths that want it
    origins: tuple[str, ...]
    #: one sentence: why it is there
    how: str
    values: Obj = field(default_factory=dict)
    #: IAM policy statements that its service account needs because of this platform
    statements: tuple[Obj, ...] = ()
    #: where it goes when the author does not list it; "" for the catalog's namespace
    namespace: str = ""


def by_chart(components: tuple[Component, ...]) -> Mapping[str, Component]:
    """One entry per chart; what several sections say about one chart must not overlap."""
    return {component.chart: component for component in components}
