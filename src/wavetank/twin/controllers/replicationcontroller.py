"""The ReplicationController controller: the ReplicaSet loop over the older kind.

Upstream: ``pkg/controller/replication``, which converts the one to the other in the same way.
"""

from __future__ import annotations

from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj

from .replicaset import ReplicaSetController


class ReplicationControllerController(ReplicaSetController):
    name = "replication-controller"
    resource_key = "replicationcontrollers"
    kind = "ReplicationController"

    def selector_of(self, replica_set: Obj) -> LabelSelector:
        """Its selector is a plain map of labels; admission fills it from the template, so it is never empty."""
        return LabelSelector.from_map(replica_set["spec"].get("selector"))
