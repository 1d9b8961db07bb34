"""Starts what stands in for components' behaviour; ``world`` makes one per cluster."""

from __future__ import annotations

from wavetank.twin.cluster import Cluster
from wavetank.twin.nodes.loadbalancer import LoadBalancers

from .csi import CsiDrivers
from .external_secrets import ExternalSecrets
from .gatekeeper import Gatekeeper
from .service_load_balancers import ServiceLoadBalancers


class StandIns:
    """Everything that components do in this cluster, each only while its own pods are Ready."""

    def __init__(self, cluster: Cluster, balancers: LoadBalancers) -> None:
        self._behaviours = (
            ServiceLoadBalancers(cluster, balancers),
            Gatekeeper(cluster),
            ExternalSecrets(cluster),
            CsiDrivers(cluster),
        )

    def close(self) -> None:
        for behaviour in self._behaviours:
            behaviour.close()
