"""The control loops of kube-controller-manager, one file each: they read the store, compute, and write.

Only the cluster's API methods are used, as real controllers do; arithmetic sits in pure modules beside the loops.
``start_controllers`` is called by ``twin.world`` and by tests. Nothing here knows machines, AWS or HTTP.
"""

from __future__ import annotations

from collections.abc import Callable

from wavetank.twin.cluster.cluster import Cluster
from wavetank.twin.cluster.ports import MetricsSource, NoMetrics

from .aggregation import ClusterRoleAggregationController
from .attach_detach import AttachDetachController
from .base import Context, Controller
from .certificates import CertificateSigningController
from .claim_binding import ClaimBindingController
from .cronjob import CronJobController
from .custom_metrics import CustomMetrics, NoAdapter
from .daemonset import DaemonSetController
from .deployment import DeploymentController
from .disruption import DisruptionController, StaleDisruptionController
from .endpointslice import EndpointsController, EndpointSliceController
from .ephemeral_volumes import EphemeralVolumeController
from .garbage import GarbageCollector
from .hpa import HorizontalPodAutoscalerController
from .informer import Informer
from .job import JobController
from .namespace import NamespaceController
from .nodelifecycle import NodeLifecycleController
from .podgc import PodGarbageCollector
from .registrations import ApiServiceRegistration, ServiceAddressRegistration
from .replicaset import ReplicaSetController
from .replicationcontroller import ReplicationControllerController
from .resourcequota import ResourceQuotaController
from .serviceaccounts import RootCertificatePublisher, ServiceAccountsController
from .settings import ControllerSettings, HpaSettings, NodeLifecycleSettings, as_of
from .statefulset import StatefulSetController
from .tainteviction import TaintEvictionController
from .volume_phases import VolumePhaseController
from .volume_protection import ClaimProtectionController, VolumeProtectionController

#: Every controller, in the order in which they are started.
CONTROLLERS: tuple[type[Controller], ...] = (
    NamespaceController,
    ServiceAccountsController,
    RootCertificatePublisher,
    GarbageCollector,
    DeploymentController,
    ReplicaSetController,
    ReplicationControllerController,
    StatefulSetController,
    JobController,
    CronJobController,
    DaemonSetController,
    EndpointSliceController,
    EndpointsController,
    HorizontalPodAutoscalerController,
    DisruptionController,
    StaleDisruptionController,
    ResourceQuotaController,
    NodeLifecycleController,
    TaintEvictionController,
    PodGarbageCollector,
    ClusterRoleAggregationController,
    VolumePhaseController,
    ClaimBindingController,
    EphemeralVolumeController,
    AttachDetachController,
    ClaimProtectionController,
    VolumeProtectionController,
    CertificateSigningController,
    ApiServiceRegistration,
    ServiceAddressRegistration,
)


def start_controllers(
    cluster: Cluster,
    settings: ControllerSettings | None = None,
    *,
    metrics: MetricsSource | None = None,
    informer: Informer | None = None,
    heartbeats: Callable[[str], float | None] | None = None,
    custom_metrics: CustomMetrics | None = None,
) -> tuple[Controller, ...]:
    """Start all controllers on a cluster; returns them in the order of ``CONTROLLERS``.

    ``heartbeats`` gives the engine time of a node's last heartbeat by the node's name, or None for a node that it does
    not know; without it the node lifecycle controller reads Lease objects. ``custom_metrics`` is the adapter of the custom
    and external metrics APIs, if one is installed.
    """
    shared = informer or Informer(cluster)
    context = Context(
        cluster,
        shared,
        as_of(settings or ControllerSettings(), int(cluster.version.rpartition(".")[2])),
        metrics or NoMetrics(),
        heartbeats,
        custom_metrics or NoAdapter(),
    )
    started = tuple(kind(context) for kind in CONTROLLERS)
    for controller in started:
        controller.start()
    return started


__all__ = [
    "CONTROLLERS",
    "Context",
    "Controller",
    "ControllerSettings",
    "HpaSettings",
    "Informer",
    "NodeLifecycleSettings",
    "start_controllers",
]
