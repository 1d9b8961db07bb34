"""All environments of one platform, for what is rendered from them together: the platform's chart and the GitOps files.

Handed to ``render`` beside the plan of one environment; what several environments share is made once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from wavetank.plan.model import Plan
from wavetank.render import chart, gitops, kubernetes
from wavetank.render.bundle import RenderedFile
from wavetank.render.trace import Traced


@dataclass(frozen=True)
class Family:
    """The plans by environment, in the order of the platform file; made when they are first needed."""

    plan_all: Callable[[], Mapping[str, Plan]]

    @classmethod
    def of(cls, *plans: Plan) -> Family:
        """Of plans that are already there."""
        found = {plan.environment: plan for plan in plans}
        return cls(lambda: found)

    @cached_property
    def plans(self) -> Mapping[str, Plan]:
        return self.plan_all()

    @cached_property
    def manifests(self) -> Mapping[str, Mapping[str, Sequence[Traced]]]:
        """By environment: the files of ``kubernetes/`` with their objects."""
        return {name: kubernetes.objects_of(plan) for name, plan in self.plans.items()}

    @cached_property
    def shared_files(self) -> Mapping[str, RenderedFile]:
        """The files that are the same in the bundles of all environments."""
        objects = {name: [item for items in files.values() for item in items] for name, files in self.manifests.items()}
        return {**chart.files(self.plans, objects), **gitops.files(self.plans, objects)}
