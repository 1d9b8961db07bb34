"""A preference for nodes that already have large images of the pod. Upstream: ``plugins/imagelocality``."""

from __future__ import annotations

from collections.abc import Sequence

from wavetank.base.units import MIB

from ..framework import MAX_SCORE
from ..node_info import NodeInfo, normalized_image
from ..pod_info import PodInfo
from ..view import ClusterView

LEAST, MOST_PER_CONTAINER = 23 * MIB, 1000 * MIB


class ImageLocality:
    name = "ImageLocality"
    weight = 1

    def scores(self, pod: PodInfo, nodes: Sequence[NodeInfo], view: ClusterView) -> list[int] | None:
        spec = pod.spec
        containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
        images = [normalized_image(c.get("image", "")) for c in containers]
        images += [normalized_image(v["image"].get("reference", "")) for v in pod.volumes if v.get("image")]
        total = len(view.nodes)
        most = MOST_PER_CONTAINER * len(containers)
        return [_score(_present(node, images, view, total), most) for node in nodes]


def _present(node: NodeInfo, images: Sequence[str], view: ClusterView, total: int) -> int:
    """Bytes on the node, each image weighted by the share of nodes that have it."""
    if not node.images:
        return 0
    return sum(int(node.images[i] * (view.image_nodes[i] / total)) for i in images if i in node.images)


def _score(size: int, most: int) -> int:
    return MAX_SCORE * (min(max(size, LEAST), most) - LEAST) // (most - LEAST)
