"""The flags of kube-controller-manager that change decisions, with the defaults of Kubernetes 1.36."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

#: Stands in for a certificate where nobody passes the cluster's own.
NO_CERTIFICATE = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"


@dataclass(frozen=True)
class HpaSettings:
    """``--horizontal-pod-autoscaler-*``; all times in seconds."""

    sync_period_seconds: float = 15.0
    downscale_stabilization_seconds: float = 300.0
    cpu_initialization_period_seconds: float = 300.0
    initial_readiness_delay_seconds: float = 30.0
    tolerance: float = 0.1


@dataclass(frozen=True)
class NodeLifecycleSettings:
    """Flags of the node lifecycle controller; rates are nodes per second and zone."""

    monitor_period_seconds: float = 5.0
    monitor_grace_seconds: float = 50.0
    startup_grace_seconds: float = 60.0
    eviction_rate: float = 0.1
    secondary_eviction_rate: float = 0.01
    unhealthy_zone_threshold: float = 0.55
    large_cluster_size: int = 50


@dataclass(frozen=True)
class ControllerSettings:
    """Everything that a replay or a user may set. ``ca_pem`` goes into every namespace's kube-root-ca.crt."""

    hpa: HpaSettings = field(default_factory=HpaSettings)
    nodes: NodeLifecycleSettings = field(default_factory=NodeLifecycleSettings)
    ca_pem: str = NO_CERTIFICATE
    pod_gc_period_seconds: float = 20.0
    pod_gc_quarantine_seconds: float = 40.0
    terminated_pod_gc_threshold: int = 12_500
    quota_resync_seconds: float = 300.0
    cron_job_delay_seconds: float = 0.1
    #: Makes a certificate of a request (both PEM), for so many seconds and these usages; None: nobody does.
    sign: Callable[[bytes, int, Sequence[str]], bytes] | None = None


#: Up to 1.31 a node was given this long, not 50 s.
_OLDER_GRACE_SECONDS, _OLDER_GRACE_MINOR = 40.0, 31


def as_of(settings: ControllerSettings, minor: int) -> ControllerSettings:
    """Settings in which nobody changed the grace of nodes have the default of this minor."""
    if minor > _OLDER_GRACE_MINOR or settings.nodes != NodeLifecycleSettings():
        return settings
    return replace(settings, nodes=replace(settings.nodes, monitor_grace_seconds=_OLDER_GRACE_SECONDS))
