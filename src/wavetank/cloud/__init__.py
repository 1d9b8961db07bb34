"""The embedded AWS API: moto with an EKS of our own, and the bridge by which clusters become twins.

Belongs here: what AWS answers. Forbidden: Kubernetes objects, the twin (``app`` wires both), and ``platform.yaml``.
"""

from wavetank.cloud.eks.access import ClusterUser, Grant
from wavetank.cloud.embedded import DOCUMENTATION_ACCOUNT, Cloud, CloudOptions
from wavetank.cloud.events import CloudEvent, ClusterEndpoint, ClusterEndpoints, ClusterRef, Listener
from wavetank.cloud.tokens import TokenRefused
from wavetank.cloud.web_identity import WebIdentities

__all__ = [
    "DOCUMENTATION_ACCOUNT",
    "Cloud",
    "CloudEvent",
    "CloudOptions",
    "ClusterEndpoint",
    "ClusterEndpoints",
    "ClusterRef",
    "ClusterUser",
    "Grant",
    "Listener",
    "TokenRefused",
    "WebIdentities",
]
