"""The default profile of the scheduler of Kubernetes 1.36: one file per plugin, here in the order in which they run."""

from __future__ import annotations

from ..framework import FilterPlugin, ScorePlugin
from .balanced_allocation import NodeResourcesBalancedAllocation
from .dynamic_resources import DynamicResources
from .image_locality import ImageLocality
from .inter_pod_affinity import InterPodAffinity
from .node_affinity import NodeAffinity
from .node_name import NodeName
from .node_ports import NodePorts
from .node_resources_fit import NodeResourcesFit
from .node_unschedulable import NodeUnschedulable
from .node_volume_limits import NodeVolumeLimits
from .pod_topology_spread import PodTopologySpread
from .taint_toleration import TaintToleration
from .volume_binding import VolumeBinding
from .volume_restrictions import VolumeRestrictions
from .volume_zone import VolumeZone

#: Their answers depend on the node and on what alike pods have in common, nothing else: they hold until the node changes.
LOCAL_FILTERS: tuple[FilterPlugin, ...] = (
    NodeUnschedulable(),
    NodeName(),
    TaintToleration(),
    NodeAffinity(),
    NodePorts(),
    NodeResourcesFit(),
)
#: Asked only for pods with volumes that not every node can mount.
VOLUME_FILTERS: tuple[FilterPlugin, ...] = (
    VolumeRestrictions(),
    NodeVolumeLimits(),
    VolumeBinding(),
    VolumeZone(),
)
NEIGHBOUR_FILTERS: tuple[FilterPlugin, ...] = (PodTopologySpread(), InterPodAffinity())

SCORES: tuple[ScorePlugin, ...] = (
    TaintToleration(),
    NodeAffinity(),
    NodeResourcesFit(),
    PodTopologySpread(),
    InterPodAffinity(),
    DynamicResources(),
    NodeResourcesBalancedAllocation(),
    ImageLocality(),
)
