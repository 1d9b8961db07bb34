"""The resolved Kubernetes side: namespaces, workloads with what belongs to them, services, policies, access, monitors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from wavetank.kube.types import Obj


@dataclass(frozen=True)
class Quota:
    name: str
    #: ResourceQuota spec.hard
    hard: Mapping[str, str]


@dataclass(frozen=True)
class LimitRange:
    name: str
    #: LimitRange spec.limits
    limits: tuple[Obj, ...]


@dataclass(frozen=True)
class Namespace:
    name: str
    #: all labels, those of Pod Security included
    labels: Mapping[str, str]
    pod_security: Literal["privileged", "baseline", "restricted"]
    quota: Quota | None
    limit_range: LimitRange | None
    #: policy types that are denied unless a network policy allows: of "Ingress", "Egress"; empty: no default policy
    default_deny: tuple[str, ...]


@dataclass(frozen=True)
class Container:
    """A container in Kubernetes' own shapes; every ``Obj`` can be written into the manifest as it is."""

    name: str
    #: full reference with tag or digest
    image: str
    image_pull_policy: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    ports: tuple[Obj, ...]
    env: tuple[Obj, ...]
    env_from: tuple[Obj, ...]
    resources: Obj
    startup_probe: Obj | None
    readiness_probe: Obj | None
    liveness_probe: Obj | None
    security_context: Obj
    lifecycle: Obj | None
    volume_mounts: tuple[Obj, ...]


@dataclass(frozen=True)
class ServiceAccount:
    name: str
    automount_token: bool
    #: name of the PodRole it assumes
    role: str | None


@dataclass(frozen=True)
class ConfigMap:
    name: str
    data: Mapping[str, str]


@dataclass(frozen=True)
class DisruptionBudget:
    """A PodDisruptionBudget; exactly one of the two numbers is set, as an int or a percentage."""

    name: str
    min_available: int | str | None
    max_unavailable: int | str | None
    unhealthy_pod_eviction_policy: Literal["IfHealthyBudget", "AlwaysAllow"]


@dataclass(frozen=True)
class Autoscaling:
    """A HorizontalPodAutoscaler (autoscaling/v2)."""

    name: str
    min_replicas: int
    max_replicas: int
    metrics: tuple[Obj, ...]
    behavior: Obj


@dataclass(frozen=True)
class ModelFacts:
    """What the author declares about a model server; checks compute with it, nothing of it is rendered."""

    #: memory that is resident once the model is loaded, whatever the load
    baseline_memory_mib: int | None
    #: seconds from process start to ready
    load_seconds: Decimal | None
    #: bytes that must be fetched before the model can be loaded
    size_mib: int | None
    download_mib_per_second: Decimal | None
    #: processor time of one prediction
    cpu_millis_per_request: Decimal | None


#: kinds of objects that make pods; Rollout is argoproj.io's, all others are Kubernetes' own
WorkloadKind: TypeAlias = Literal["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Rollout"]
Runs: TypeAlias = Literal["service", "model-server", "worker", "database", "cache", "batch"]


@dataclass(frozen=True)
class Workload:
    """The object that makes pods, and what belongs to them."""

    name: str
    namespace: str
    kind: WorkloadKind
    #: what runs in it, for checks: a model server holds its model in memory, a service does not
    runs: Runs
    #: of the Deployment; when ``autoscaling`` is set the manifest leaves replicas out, so that an apply does not fight the HPA
    replicas: int
    labels: Mapping[str, str]
    #: immutable selector; a subset of labels
    selector_labels: Mapping[str, str]
    pod_annotations: Mapping[str, str]
    containers: tuple[Container, ...]
    init_containers: tuple[Container, ...]
    volumes: tuple[Obj, ...]
    service_account: ServiceAccount
    #: pod-level securityContext
    security_context: Obj
    affinity: Obj | None
    topology_spread_constraints: tuple[Obj, ...]
    tolerations: tuple[Obj, ...]
    node_selector: Mapping[str, str]
    termination_grace_period_seconds: int
    #: Deployment spec.strategy: {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    strategy: Obj
    min_ready_seconds: int
    revision_history_limit: int
    progress_deadline_seconds: int
    config: ConfigMap | None
    disruption_budget: DisruptionBudget | None
    autoscaling: Autoscaling | None
    model: ModelFacts | None

    @property
    def min_replicas(self) -> int:
        """Pods that run when there is nothing to do."""
        return self.autoscaling.min_replicas if self.autoscaling else self.replicas

    @property
    def max_replicas(self) -> int:
        """Pods that run under the most load, surge pods of a rollout not counted."""
        return self.autoscaling.max_replicas if self.autoscaling else self.replicas


@dataclass(frozen=True)
class LoadBalancer:
    """What makes a Service a network load balancer of the AWS Load Balancer Controller."""

    scheme: Literal["internet-facing", "internal"]
    target_type: Literal["ip", "instance"]
    cross_zone: bool
    #: the client's address reaches the pod; otherwise pods see addresses of the load balancer's subnets
    preserve_client_ip: bool
    #: names of Network.subnets the load balancer stands in
    subnets: tuple[str, ...]
    health_check_path: str
    deregistration_delay_seconds: int


@dataclass(frozen=True)
class Service:
    name: str
    namespace: str
    type: Literal["ClusterIP", "LoadBalancer"]
    #: the workload whose pods it selects, and that workload's selector labels
    workload: str
    selector: Mapping[str, str]
    #: Kubernetes shape: {"name", "port", "targetPort", "protocol"}
    ports: tuple[Obj, ...]
    annotations: Mapping[str, str]
    load_balancer_class: str | None
    load_balancer_source_ranges: tuple[str, ...]
    load_balancer: LoadBalancer | None


@dataclass(frozen=True)
class NetworkPolicy:
    name: str
    namespace: str
    #: the workload it is for; None when it selects otherwise
    workload: str | None
    #: NetworkPolicy spec: {"podSelector", "policyTypes", "ingress", "egress"}
    spec: Obj


@dataclass(frozen=True)
class Role:
    name: str
    namespace: str
    rules: tuple[Obj, ...]


@dataclass(frozen=True)
class RoleBinding:
    name: str
    namespace: str
    #: name of a Role of the plan
    role: str
    subjects: tuple[Obj, ...]


@dataclass(frozen=True)
class ServiceMonitor:
    """A monitoring.coreos.com/v1 ServiceMonitor."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    #: the Service it scrapes, by name
    service: str
    #: ServiceMonitor spec.endpoints
    endpoints: tuple[Obj, ...]
