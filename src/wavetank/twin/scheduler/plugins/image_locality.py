"""A preference for nodes that already have large images of the pod. Upstream: ``plugins/imagelocality``."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from wavetank.base.units import MIB
from wavetank.kube.types import Obj

from ..framework import MAX_SCORE, LocalScore, Rater
from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView

LEAST, MOST_PER_CONTAINER = 23 * MIB, 1000 * MIB


class ImageLocality(LocalScore):
    name = "ImageLocality"
    weight = 1

    def premise(self, pod: PodInfo, view: ClusterView) -> Hashable:
        return len(view.nodes), *[view.image_nodes.get(image, 0) for image in pod.images]

    def rater(self, pod: PodInfo, view: ClusterView) -> Rater | None:
        images, total = pod.images, len(view.nodes)
        most = MOST_PER_CONTAINER * len(_containers(pod))
        return lambda node: _score(_present(node, images, view, total), most)


def _containers(pod: PodInfo) -> Sequence[Obj]:
    return [*(pod.spec.get("initContainers") or ()), *(pod.spec.get("containers") or ())]


def _present(node: NodeInfo, images: Sequence[str], view: ClusterView, total: int) -> int:
    """Bytes on the node, each image weighted by the share of nodes that have it."""
    if not node.images:
        return 0
    return sum(int(node.images[i] * (view.image_nodes[i] / total)) for i in images if i in node.images)


def _score(size: int, most: int) -> int:
    return MAX_SCORE * (min(max(size, LEAST), most) - LEAST) // (most - LEAST)
