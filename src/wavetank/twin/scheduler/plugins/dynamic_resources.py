"""Devices claimed through ResourceClaims. Without claims the plugin lets every node pass and scores 0.

Upstream: ``plugins/dynamicresources``. Claims themselves are not modelled.
"""

from __future__ import annotations

from ..framework import LocalScore, Rater
from ..pod_info import PodInfo
from ..view import ClusterView

#: What its PostFilter says of every pod that found no node.
NOTHING_TO_DEALLOCATE = "no new claims to deallocate"


class DynamicResources(LocalScore):
    name = "DynamicResources"
    weight = 2

    def rater(self, pod: PodInfo, view: ClusterView) -> Rater | None:
        return lambda node: 0
