"""Devices claimed through ResourceClaims. Without claims the plugin lets every node pass and scores 0.

Upstream: ``plugins/dynamicresources``. Claims themselves are not modelled.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView

#: What its PostFilter says of every pod that found no node.
NOTHING_TO_DEALLOCATE = "no new claims to deallocate"


class DynamicResources:
    name = "DynamicResources"
    weight = 2

    def scores(self, pod: PodInfo, nodes: Sequence[NodeInfo], view: ClusterView) -> list[int] | None:
        return [0] * len(nodes)
