"""The resolved delivery: what Argo Rollouts measures before it goes on. How a Rollout goes on is its workload's strategy."""

from __future__ import annotations

from dataclasses import dataclass

from wavetank.kube.types import Obj


@dataclass(frozen=True)
class AnalysisTemplate:
    """An argoproj.io/v1alpha1 AnalysisTemplate."""

    name: str
    namespace: str
    #: AnalysisTemplate spec: args and metrics
    spec: Obj
