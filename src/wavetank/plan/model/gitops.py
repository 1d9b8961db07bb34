"""The resolved GitOps side: one Git repository that Argo CD follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class GitOps:
    """What Argo CD must know beside the charts themselves."""

    repository: str
    #: folder of the repository in which gitops/ and helm/ lie; "" its root
    path: str
    revision: str
    project: str
    #: of Argo CD
    namespace: str
    prune: bool
    self_heal: bool
    retries: int
    #: sync wave by helm release and, under its name, of the platform: the lower comes first
    waves: Mapping[str, int]
