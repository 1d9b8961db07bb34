"""The resolved Kubernetes side: namespaces, workloads with what belongs to them, services, policies, access, monitors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from wavetank.kube.types import Obj
from wavetank.plan.model.pods import Connections, CronSettings, JobSettings, PodSettings, StatefulSettings
from wavetank.plan.model.scaling import Autoscaling, DisruptionBudget, VerticalAutoscaling
from wavetank.plan.model.storage import Storage


@dataclass(frozen=True)
class Quota:
    name: str
    #: ResourceQuota spec.hard
    hard: Mapping[str, str]
    #: ResourceQuota spec.scopes
    scopes: tuple[str, ...]
    #: ResourceQuota spec.scopeSelector
    scope_selector: Obj | None


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
    #: further ones, for the pods of some scopes
    quotas: tuple[Quota, ...]
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
    #: who pays; label "team" of its objects and pods
    team: str | None
    #: pods at the same time: of a Job its parallelism, of a DaemonSet 1 on each node that takes it; when ``autoscaling`` is set
    #: the manifest leaves replicas out, so that an apply does not fight the HPA
    replicas: int
    labels: Mapping[str, str]
    #: immutable selector; a subset of labels
    selector_labels: Mapping[str, str]
    pod_annotations: Mapping[str, str]
    containers: tuple[Container, ...]
    init_containers: tuple[Container, ...]
    #: of all pods alike; those that a StatefulSet makes per pod are in ``storage`` only
    volumes: tuple[Obj, ...]
    storage: tuple[Storage, ...]
    service_account: ServiceAccount
    #: pod-level securityContext
    security_context: Obj
    affinity: Obj | None
    topology_spread_constraints: tuple[Obj, ...]
    tolerations: tuple[Obj, ...]
    node_selector: Mapping[str, str]
    pod: PodSettings
    #: "Always"; of a Job or CronJob "Never" or "OnFailure"
    restart_policy: Literal["Always", "OnFailure", "Never"]
    termination_grace_period_seconds: int
    #: Deployment spec.strategy: {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}};
    #: of a StatefulSet or DaemonSet spec.updateStrategy, of a Rollout spec.strategy, of a Job {}
    strategy: Obj
    min_ready_seconds: int
    revision_history_limit: int
    progress_deadline_seconds: int
    config: ConfigMap | None
    disruption_budget: DisruptionBudget | None
    autoscaling: Autoscaling | None
    vertical_autoscaling: VerticalAutoscaling | None
    #: set exactly for a StatefulSet
    stateful: StatefulSettings | None
    #: set exactly for a Job and a CronJob
    job: JobSettings | None
    #: set exactly for a CronJob
    cron: CronSettings | None
    #: None: the author declares none, and nothing is derived from it
    connections: Connections | None
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
    type: Literal["ClusterIP", "LoadBalancer", "ExternalName"]
    #: the workload whose pods it selects, and that workload's selector labels; None and empty for ExternalName
    workload: str | None
    selector: Mapping[str, str]
    #: Kubernetes shape: {"name", "port", "targetPort", "protocol"}
    ports: tuple[Obj, ...]
    annotations: Mapping[str, str]
    headless: bool
    publish_not_ready_addresses: bool
    #: seconds that a client stays at one pod (ClientIP); None: it does not
    client_affinity_seconds: int | None
    #: a DNS name outside; the Service is an alias for it then
    external_name: str | None
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
