"""Starts what stands in for components' behaviour; ``world`` makes one per cluster."""

from __future__ import annotations

from typing import Protocol

from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.ports import MetricsSource, NoMetrics
from wavetank.twin.controllers.custom_metrics import MetricsAdapter
from wavetank.twin.nodes.groups import NodeGroups
from wavetank.twin.nodes.loadbalancer import LoadBalancers

from .cluster_autoscaler import ClusterAutoscaler
from .csi import CsiDrivers
from .external_secrets import ExternalSecrets
from .gatekeeper import Gatekeeper
from .keda import Keda, NoSources, ScalerSources
from .service_load_balancers import ServiceLoadBalancers
from .vpa import VerticalPodAutoscaling


class Behaviour(Protocol):
    """What a component does, until it is closed."""

    def close(self) -> None: ...


class StandIns:
    """Everything that components do in this cluster, each only while its own pods are Ready.

    ``metrics`` are what the Vertical Pod Autoscaler learns from, ``sources`` what KEDA asks outside of the cluster, ``groups``
    those whose sizes Cluster Autoscaler may change; ``custom_metrics`` is what autoscalers and the API get from whichever
    adapter is installed.
    """

    def __init__(
        self,
        cluster: Cluster,
        balancers: LoadBalancers,
        *,
        metrics: MetricsSource | None = None,
        sources: ScalerSources | None = None,
        groups: NodeGroups | None = None,
    ) -> None:
        keda = Keda(cluster, sources or NoSources())
        self.custom_metrics: MetricsAdapter = keda.metrics
        self._behaviours: list[Behaviour] = [
            keda,
            VerticalPodAutoscaling(cluster, metrics or NoMetrics()),
            ServiceLoadBalancers(cluster, balancers),
            Gatekeeper(cluster),
            ExternalSecrets(cluster),
            CsiDrivers(cluster),
            *([ClusterAutoscaler(cluster, groups)] if groups is not None else []),
        ]

    def add(self, behaviour: Behaviour) -> None:
        """One that needs what only some clusters have; it ends with the others."""
        self._behaviours.append(behaviour)

    def close(self) -> None:
        for behaviour in self._behaviours:
            behaviour.close()
