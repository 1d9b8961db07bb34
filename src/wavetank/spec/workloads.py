"""What an author writes about workloads: the object that makes the pods, where they go, what belongs to them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from wavetank.spec.aws import Permissions
from wavetank.spec.builds import Build
from wavetank.spec.connections import Connection, Source
from wavetank.spec.container_shapes import PodSecurityContext
from wavetank.spec.containers import Container, ContainerBase, ContainerPort, Volume
from wavetank.spec.delivery import Delivery
from wavetank.spec.placement_shapes import Affinity, Toleration, TopologySpreadConstraint
from wavetank.spec.problems import refuse
from wavetank.spec.scaling import Autoscaling, DisruptionBudget, VerticalAutoscaling
from wavetank.spec.secrets import ExternalSecret, SealedSecret
from wavetank.spec.storage import ClaimRetention, Storage
from wavetank.spec.updates import Strategy, UpdateStrategy
from wavetank.spec.words import (
    Count,
    CronSchedule,
    DottedName,
    Duration,
    Labels,
    LabelValue,
    Many,
    Name,
    Number,
    Port,
    Positive,
    Quantity,
    ServiceName,
    Setting,
    Written,
    any_number,
    mapping_with,
)


class PriorityClass(Written):
    """A PriorityClass: which pods go first when there is no room for all."""

    name: DottedName
    """Name of the class; names beginning with system- are Kubernetes' own."""
    value: int
    """The higher, the more important; below 1000000000."""
    global_default: bool | None = None
    """The class of pods that name none. Default false; one class at most."""
    preemption_policy: Literal["PreemptLowerPriority", "Never"] | None = None
    """Whether pods push out less important ones. Default PreemptLowerPriority."""
    description: str | None = None
    """What it is for."""

    @model_validator(mode="after")
    def _below_the_systems_own(self) -> PriorityClass:
        if not -2_147_483_648 <= self.value <= 1_000_000_000:
            refuse(f"{self.value} is no priority of a user's class", "At most 1000000000; above it is Kubernetes' own.")
        return self


class Model(Written):
    """What you know about the model; checks compute with it. All without default: what is not known is not checked."""

    baseline_memory: Quantity | None = None
    """Memory that is resident once the model is loaded, whatever the load, for example 400Mi."""
    load_seconds: Number | None = None
    """Seconds from the process's start until it is ready."""
    size: Quantity | None = None
    """What is fetched at start, for example 2Gi."""
    download_per_second: Quantity | None = None
    """How fast it is fetched, for example 100Mi."""
    cpu_millis_per_request: Number | None = None
    """Processor time of one prediction, in milliseconds."""


class Workload(ContainerBase):
    """An object that makes pods with one main container, and everything that belongs to its pods."""

    name: Name
    """Name of the Deployment (or other kind) and of its main container."""
    namespace: Name | None = None
    """Namespace. Default: the only one of the platform."""
    kind: Literal["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Rollout"] | None = None
    """Kind of Kubernetes object that makes its pods. Default Deployment; Rollout is the one of Argo Rollouts."""
    runs: Literal["service", "model-server", "worker", "database", "cache", "batch"] | None = None
    """What runs in it; a model server keeps its model in memory and is checked accordingly. Default service."""
    team: LabelValue | None = None
    """Who pays: the label `team` of its objects and pods, by which bills are split. Default none."""
    replicas: Positive | None = None
    """Pods to begin with; with autoscaling the HPA decides from then on. Default 2, and 1 of a database."""
    labels: Labels | None = None
    """Further labels of the pods."""
    pod_annotations: dict[str, Setting] | None = None
    """Annotations of the pods."""
    port: Port | None = None
    """Port the main container listens on; it is named `http`. No default: a workload without it serves nobody."""
    ports: Annotated[Many[ContainerPort] | None, any_number(ContainerPort)] = None
    """Further ports of the main container, for example `{name: metrics, containerPort: 9090}` or `9090`."""
    config: dict[str, Setting] | None = None
    """Settings: a ConfigMap `<workload>-config`, all of whose keys become environment variables."""
    containers: Many[Container] | None = None
    """Further containers beside the main one."""
    init_containers: Many[Container] | None = None
    """Containers that run to their end before the others start."""
    volumes: Many[Volume] | None = None
    """Volumes in Kubernetes' shape."""
    storage: Many[Storage] | None = None
    """Volumes that outlive the pods: one per pod of a StatefulSet, one for all pods otherwise. Default none."""
    writable_paths: Many[str] | None = None
    """Paths of the main container that are writable (emptyDir). Default /tmp, since the root filesystem is read-only."""
    service_account: DottedName | None = None
    """Name of its service account. Default: the workload's name."""
    permissions: Permissions | None = None
    """What it may do in AWS. Default nothing, and then no role."""
    automount_service_account_token: bool | None = None
    """Whether pods get a token for the Kubernetes API. Default false; IRSA has a token of its own."""
    pod_security_context: PodSecurityContext | None = None
    """Security settings of the pod. Default: non-root user 1000, RuntimeDefault seccomp."""
    anti_affinity: Literal["preferred", "required", "none"] | None = None
    """Keep its pods on different nodes. Default preferred: `required` leaves pods pending when nodes are few."""
    affinity: Affinity | None = None
    """Affinity in Kubernetes' shape, instead of antiAffinity."""
    topology_spread_constraints: Many[TopologySpreadConstraint] | None = None
    """Spread in Kubernetes' shape. Default: over zones, ScheduleAnyway."""
    tolerations: Many[Toleration] | None = None
    """Taints it tolerates. Default none."""
    node_selector: dict[str, LabelValue] | None = None
    """Labels its nodes must have. Default none."""
    node_group: Name | None = None
    """Node group or Karpenter node pool it runs on: its labels are selected and its taints tolerated. Default any."""
    gpus: Positive | None = None
    """GPUs of the main container (nvidia.com/gpu); the taint of GPU nodes is tolerated. Default none."""
    priority_class: DottedName | None = None
    """Name of a priority class. Default none."""
    host_network: bool | None = None
    """Pods share the network of their node; network policies do not apply then. Default false."""
    host_pid: Annotated[bool | None, Field(alias="hostPID")] = None
    """Pods see the processes of their node. Default false."""
    dns_policy: Literal["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"] | None = None
    """How names are resolved. Default ClusterFirst; ClusterFirstWithHostNet on the node's network."""
    runtime_class: DottedName | None = None
    """Name of a RuntimeClass. Default the node's own."""
    image_pull_secrets: Many[DottedName] | None = None
    """Secrets for registries that ask for a password; ECR needs none. Default none."""
    termination_grace_period_seconds: Positive | None = None
    """Seconds to finish after SIGTERM, the preStop sleep included. Default 60."""
    pre_stop_sleep_seconds: Count | None = None
    """Seconds between leaving the endpoints and SIGTERM. Default 15: load balancers need some to notice."""
    strategy: Strategy | None = None
    """How pods are replaced. Default: one more, none less."""
    min_ready_seconds: Count | None = None
    """Seconds a new pod must stay ready to count. Default 0."""
    revision_history_limit: Count | None = None
    """Old ReplicaSets that are kept for a rollback. Default 5."""
    progress_deadline_seconds: Positive | None = None
    """Seconds without progress after which a rollout has failed. Default 600, as in Kubernetes."""
    disruption_budget: DisruptionBudget | None = None
    """What a drain may take away. Default maxUnavailable 1 from two replicas on, so that a drain always finishes."""
    autoscaling: Autoscaling | None = None
    """HorizontalPodAutoscaler, or with triggers a ScaledObject of KEDA. Default none."""
    vertical_autoscaling: VerticalAutoscaling | None = None
    """VerticalPodAutoscaler. Default none."""
    connects: Annotated[Many[Connection] | None, any_number(Connection)] = None
    """What it talks to. Once `connects` or `allowFrom` is written, everything else is refused in both directions; DNS, load
    balancers, ingresses, Prometheus and the mesh are allowed by themselves. What is named allows it, too. Default: unruled."""
    allow_from: Annotated[Many[Source] | None, any_number(Source)] = None
    """Who talks to it, beside those whose `connects` names it."""
    service_name: ServiceName | None = None
    """StatefulSet: the headless Service that names its pods. Default: one of the platform, or `<workload>-headless`."""
    pod_management_policy: Literal["OrderedReady", "Parallel"] | None = None
    """StatefulSet: whether pods start one after the other. Default OrderedReady."""
    update_strategy: UpdateStrategy | None = None
    """StatefulSet, DaemonSet: how pods are replaced. Default: one after the other."""
    persistent_volume_claim_retention_policy: ClaimRetention | None = None
    """StatefulSet: what becomes of its claims. Default: they stay."""
    completions: Positive | None = None
    """Job, CronJob: pods that must succeed. Default 1; with parallelism alone the first success ends it (a work queue)."""
    parallelism: Count | None = None
    """Job, CronJob: pods at the same time. Default 1."""
    backoff_limit: Count | None = None
    """Job, CronJob: failures after which it has failed. Default 6, as in Kubernetes."""
    active_deadline_seconds: Positive | None = None
    """Job, CronJob: seconds after which it has failed. Default none."""
    ttl_seconds_after_finished: Count | None = None
    """Job, CronJob: seconds after which a finished Job is removed. Default: a Job stays; those of a CronJob go by history."""
    completion_mode: Literal["NonIndexed", "Indexed"] | None = None
    """Job, CronJob: Indexed gives each pod a number. Default NonIndexed."""
    restart_policy: Literal["Never", "OnFailure"] | None = None
    """Job, CronJob: Never makes a new pod after a failure, so that the logs of the old one stay. Default Never."""
    schedule: CronSchedule | None = None
    """CronJob: when, in cron's five fields, for example `0 2 * * *`."""
    time_zone: str | None = None
    """CronJob: time zone of the schedule. Default Etc/UTC."""
    concurrency_policy: Literal["Allow", "Forbid", "Replace"] | None = None
    """CronJob: what happens when the last Job still runs. Default Forbid: the new one is left out."""
    suspend: bool | None = None
    """Job, CronJob: start no pods. Default false."""
    starting_deadline_seconds: Positive | None = None
    """CronJob: seconds by which a Job may start late. Default none."""
    successful_jobs_history_limit: Count | None = None
    """CronJob: succeeded Jobs that are kept. Default 3."""
    failed_jobs_history_limit: Count | None = None
    """CronJob: failed Jobs that are kept. Default 1."""
    external_secrets: Many[ExternalSecret] | None = None
    """Secrets of AWS Secrets Manager that the main container sees, through External Secrets. Default none."""
    sealed_secrets: Many[SealedSecret] | None = None
    """Secrets that stand in this file, encrypted for the cluster. Default none."""
    build: Build | None = None
    """How its image is built: a pipeline that builds, scans, signs, pushes and rolls out. Default: somebody else builds it."""
    delivery: Delivery | None = None
    """How a new version arrives: blue-green or canary, by Argo Rollouts. Default: a rolling update."""
    model: Model | None = None
    """Facts about the model of a model server."""

    @model_validator(mode="before")
    @classmethod
    def _delivery_makes_a_rollout(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("delivery") is not None and value.get("kind") is None:
            return value | {"kind": "Rollout"}
        return value


class MonitorEndpoint(Written):
    """What Prometheus scrapes."""

    port: str = "http"
    """Name of the Service's port."""
    path: str | None = None
    """Path of the metrics. Default /metrics."""
    interval: Duration | None = None
    """How often. Default 30s."""
    scrape_timeout: Duration | None = None
    """After which time a scrape has failed. Default 10s."""


class ServiceMonitor(Written):
    """A ServiceMonitor of the Prometheus Operator. Short form: the keys of its one endpoint beside name and service."""

    short_forms = (mapping_with("port", "path", "interval", "scrapeTimeout"),)

    name: DottedName
    """Name of the ServiceMonitor."""
    service: ServiceName
    """The Service it scrapes."""
    labels: Labels | None = None
    """Labels by which a Prometheus chooses it. Default none."""
    endpoints: Many[MonitorEndpoint] | None = None
    """What is scraped. Default: /metrics of the Service's port every 30 seconds."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "endpoints" in value:
            return value
        endpoint = {key: value[key] for key in ("port", "path", "interval", "scrapeTimeout") if key in value}
        rest = {key: each for key, each in value.items() if key not in endpoint}
        return rest | {"endpoints": [endpoint]} if endpoint else value
