"""Whether a node is no longer what its NodePool and EC2NodeClass would make now. Pure.

Upstream: ``pkg/controllers/nodeclaim/disruption/drift.go``, the AWS provider's ``pkg/cloudprovider/drift.go``.
"""

from __future__ import annotations

from collections.abc import Sequence

from wavetank.kube.types import Obj
from wavetank.twin.nodes.offers import Ground, InstanceOffer

from . import names
from .pools import Pool, class_hash
from .requirements import of_labels


def drift_reason(
    claim: Obj, pool: Pool, node_class: Obj | None, ground: Ground | None, offers: Sequence[InstanceOffer]
) -> str:
    """Why a claim has drifted; "" when it has not. A class that is gone or finds nothing says nothing."""
    annotations, labels = claim["metadata"].get("annotations") or {}, claim["metadata"].get("labels") or {}
    same_version = annotations.get(names.POOL_HASH_VERSION) == names.POOL_VERSION
    if same_version and annotations.get(names.POOL_HASH) != pool.hash:
        return "NodePoolDrifted"
    if of_labels(labels).incompatibility(pool.requirements, of_new_node=False):
        return "RequirementsDrifted"
    if offers and not any(o.name == labels.get(names.INSTANCE_TYPE) for o in offers):
        return "InstanceTypeNotFound"
    if node_class is None or ground is None:
        return ""
    if annotations.get(names.CLASS_HASH) not in (None, class_hash(node_class)):
        return "NodeClassDrift"
    image = (claim.get("status") or {}).get("imageID")
    if ground.images and image and image not in {found.id for found in ground.images}:
        return "AMIDrift"
    if ground.subnets and labels.get(names.ZONE) not in {subnet.zone for subnet in ground.subnets}:
        return "SubnetDrift"
    return ""
