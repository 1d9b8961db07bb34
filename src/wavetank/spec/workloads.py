"""What an author writes about Kubernetes: namespaces, workloads, services, policies, monitors."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from wavetank.spec.aws import Permissions
from wavetank.spec.problems import refuse
from wavetank.spec.shapes import (
    Affinity,
    Behavior,
    EgressRule,
    Environment,
    IngressRule,
    Metric,
    PodSecurityContext,
    PolicyRule,
    Probe,
    Resources,
    SecurityContext,
    Subject,
    Toleration,
    TopologySpreadConstraint,
)
from wavetank.spec.words import (
    Cidr,
    Count,
    DottedName,
    Duration,
    FreeObject,
    IntOrPercent,
    Labels,
    LabelValue,
    Many,
    Name,
    Number,
    Percent,
    Port,
    PortOrName,
    Positive,
    Quantity,
    ServiceName,
    Setting,
    Written,
    mapping_with,
)


class LimitRangeItem(Written):
    """Limits of one kind of thing, as in Kubernetes."""

    type: Literal["Container", "Pod", "PersistentVolumeClaim"] = "Container"
    """What is limited."""
    default: dict[str, Quantity] | None = None
    """Limits of containers that state none."""
    default_request: dict[str, Quantity] | None = None
    """Requests of containers that state none."""
    min: dict[str, Quantity] | None = None
    """Least that may be asked for."""
    max: dict[str, Quantity] | None = None
    """Most that may be asked for."""
    max_limit_request_ratio: dict[str, Quantity] | None = None
    """How many times its request a limit may be."""


class LimitRange(Written):
    """A LimitRange. Short form: the keys of its Container item."""

    short_forms = (mapping_with("default", "defaultRequest", "min", "max", "maxLimitRequestRatio"),)

    limits: Many[LimitRangeItem]
    """Limits in Kubernetes' shape."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if isinstance(value, dict) and value and "limits" not in value:
            return {"limits": [{"type": "Container"} | value]}
        return value


class Namespace(Written):
    """A namespace with its rules."""

    name: Name
    """Name of the namespace."""
    labels: Labels | None = None
    """Further labels; those of Pod Security are added."""
    pod_security: Literal["privileged", "baseline", "restricted"] | None = None
    """Pod Security level that is enforced. Default restricted."""
    quota: dict[str, Quantity] | None = None
    """ResourceQuota `hard`. No default: a quota that is not computed from the autoscalers' maxima stops a scale-up."""
    limit_range: LimitRange | None = None
    """LimitRange. Default none."""
    default_deny: Many[Literal["Ingress", "Egress"]] | None = None
    """Traffic that is refused unless a network policy allows it. Default Ingress and Egress."""


class Autoscaling(Written):
    """A HorizontalPodAutoscaler."""

    min_replicas: Positive | None = None
    """Fewest pods. Default: replicas."""
    max_replicas: Positive
    """Most pods."""
    cpu: Percent | None = None
    """Short form of a Resource metric: average CPU in percent of the request."""
    memory: Percent | None = None
    """Short form of a Resource metric: average memory in percent of the request. Not for model servers."""
    metrics: Many[Metric] | None = None
    """Metrics in Kubernetes' shape, instead of or beside the short forms."""
    behavior: Behavior | None = None
    """Speed. Default: up at once, down after 300 seconds, which are Kubernetes' own windows."""

    @model_validator(mode="after")
    def _some_metric(self) -> Autoscaling:
        if self.cpu is None and self.memory is None and not self.metrics:
            refuse("autoscaling needs a metric", "For example `cpu: 70`.")
        return self


class DisruptionBudget(Written):
    """A PodDisruptionBudget. Short form: `{minAvailable: 1}` or `{maxUnavailable: 1}`, exactly one."""

    min_available: IntOrPercent | None = None
    """Pods that must stay up during a drain."""
    max_unavailable: IntOrPercent | None = None
    """Pods that may be down during a drain."""
    unhealthy_pod_eviction_policy: Literal["IfHealthyBudget", "AlwaysAllow"] | None = None
    """Default AlwaysAllow: pods that are not ready anyway do not block a drain."""

    @model_validator(mode="after")
    def _one_number(self) -> DisruptionBudget:
        if (self.min_available is None) == (self.max_unavailable is None):
            refuse("a disruption budget needs exactly one of minAvailable and maxUnavailable")
        return self


class RollingUpdate(Written):
    """How many pods may differ from the wanted number during an update."""

    max_surge: IntOrPercent | None = None
    """Pods above the wanted number. Default 1."""
    max_unavailable: IntOrPercent | None = None
    """Pods below it. Default 0: no capacity is lost."""


class Strategy(Written):
    """How the Deployment replaces its pods, as in Kubernetes. Short form: the keys of rollingUpdate."""

    short_forms = (mapping_with("maxSurge", "maxUnavailable"),)

    type: Literal["RollingUpdate", "Recreate"] | None = None
    """Default RollingUpdate."""
    rolling_update: RollingUpdate | None = None
    """Default: one pod more, none less."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if isinstance(value, dict) and value and set(value) <= {"maxSurge", "maxUnavailable"}:
            return {"rollingUpdate": value}
        return value


class ContainerPort(Written):
    """A port of a container."""

    name: Annotated[str | None, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$")] = None
    """Name, at most 15 characters."""
    container_port: Port
    """Number."""
    protocol: Literal["TCP", "UDP", "SCTP"] | None = None
    """TCP when absent."""


class VolumeMount(Written):
    """Where a volume appears in a container."""

    name: Name
    """Name of the volume."""
    mount_path: str
    """Path in the container."""
    sub_path: str | None = None
    """Path in the volume."""
    read_only: bool | None = None
    """false when absent."""


class Volume(Written):
    """A volume of the pod: its name and one source in Kubernetes' shape."""

    name: Name
    """Name of the volume."""
    empty_dir: FreeObject | None = None
    """Empty folder that lives as long as the pod."""
    config_map: FreeObject | None = None
    """Files from a ConfigMap."""
    secret: FreeObject | None = None
    """Files from a Secret."""
    projected: FreeObject | None = None
    """Several sources in one folder."""
    persistent_volume_claim: FreeObject | None = None
    """A claim of the namespace."""
    downward_api: Annotated[FreeObject | None, Field(alias="downwardAPI")] = None
    """Files with the pod's own fields."""

    @model_validator(mode="after")
    def _one_source(self) -> Volume:
        fields = type(self).model_fields
        if sum(getattr(self, field) is not None for field in fields) != 2:
            refuse("a volume needs its name and exactly one source", "For example `emptyDir: {}`.")
        return self


class ContainerBase(Written):
    """What a workload's main container and its further containers have in common; Kubernetes' names and shapes."""

    image: Annotated[str, Field(min_length=1)]
    """Image. A repository of this platform is written without registry: `ml-inference-api:1.0.0`."""
    image_pull_policy: Literal["IfNotPresent", "Always", "Never"] | None = None
    """Default IfNotPresent, which is right for tags that do not change."""
    command: Many[str] | None = None
    """Entry point. Default: the image's own."""
    args: Many[Setting] | None = None
    """Arguments. Default: the image's own."""
    env: Environment | None = None
    """Environment variables: a map from name to value or source, or Kubernetes' list."""
    env_from: Many[FreeObject] | None = None
    """Whole ConfigMaps and Secrets as variables. The workload's `config` is added by itself."""
    resources: Resources | None = None
    """Requests and limits; short: `{cpu: 250m/1000m, memory: 512Mi/1Gi}`. No default: nothing can be planned without."""
    startup_probe: Probe | None = None
    """While it fails, the other two wait. Model servers need it, or liveness kills them while they load."""
    readiness_probe: Probe | None = None
    """While it fails, the pod gets no traffic."""
    liveness_probe: Probe | None = None
    """When it fails, the container is restarted."""
    security_context: SecurityContext | None = None
    """Default: what Pod Security `restricted` asks for, with a read-only root filesystem."""
    lifecycle: FreeObject | None = None
    """Hooks in Kubernetes' shape. Default: preStop sleeps while load balancers forget the pod."""
    volume_mounts: Many[VolumeMount] | None = None
    """Where volumes appear. Those of `writablePaths` are added by themselves."""


class Container(ContainerBase):
    """A further container of the pod."""

    name: Name
    """Name of the container."""
    ports: Many[ContainerPort] | None = None
    """Its ports."""


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
    """A Deployment with one main container, and everything that belongs to its pods."""

    name: Name
    """Name of the Deployment and of its main container."""
    namespace: Name | None = None
    """Namespace. Default: the only one of the platform."""
    kind: Literal["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Rollout"] | None = None
    """Kind of Kubernetes object that makes its pods. Default Deployment; Rollout is the one of Argo Rollouts."""
    runs: Literal["service", "model-server", "worker", "database", "cache", "batch"] | None = None
    """What runs in it; a model server keeps its model in memory and is checked accordingly. Default service."""
    replicas: Positive | None = None
    """Pods to begin with; with autoscaling the HPA decides from then on. Default 2."""
    labels: Labels | None = None
    """Further labels of the pods."""
    pod_annotations: dict[str, Setting] | None = None
    """Annotations of the pods."""
    port: Port | None = None
    """Port the main container listens on; it is named `http`. No default: a workload without it serves nobody."""
    config: dict[str, Setting] | None = None
    """Settings: a ConfigMap `<workload>-config`, all of whose keys become environment variables."""
    containers: Many[Container] | None = None
    """Further containers beside the main one."""
    init_containers: Many[Container] | None = None
    """Containers that run to their end before the others start."""
    volumes: Many[Volume] | None = None
    """Volumes in Kubernetes' shape."""
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
    """HorizontalPodAutoscaler. Default none."""
    model: Model | None = None
    """Facts about the model of a model server."""


class Service(Written):
    """A Service in front of a workload."""

    name: ServiceName
    """Name of the Service."""
    workload: Name
    """The workload whose pods it reaches; it lives in the same namespace."""
    port: Port
    """Port of the Service."""
    target_port: PortOrName | None = None
    """Port of the pods. Default: the workload's own, by its name `http`."""
    port_name: Annotated[str | None, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$")] = None
    """Name of the port. Default http."""
    type: Literal["ClusterIP", "LoadBalancer"] | None = None
    """Default ClusterIP. LoadBalancer: a network load balancer, made by the AWS Load Balancer Controller."""
    scheme: Literal["internet-facing", "internal"] | None = None
    """Load balancer only. Default internal: the internet is a decision."""
    target_type: Literal["ip", "instance"] | None = None
    """Load balancer only. Default ip: straight to the pods, without a hop over another node."""
    cross_zone: bool | None = None
    """Load balancer only: spread over the targets of all zones. Default true."""
    preserve_client_ip: bool | None = None
    """Load balancer only: pods see the client's address. Default false, as AWS has it for ip targets."""
    source_ranges: Many[Cidr] | None = None
    """Load balancer only: who may connect. Default everyone the scheme lets in."""
    health_check: str | None = None
    """Load balancer only: path that the load balancer asks. Default: the readiness probe's path."""
    deregistration_delay_seconds: Count | None = None
    """Load balancer only: seconds a leaving pod keeps its open connections. Default 30."""
    annotations: dict[str, Setting] | None = None
    """Further annotations, laid over those that follow from the above."""


class NetworkPolicy(Written):
    """A network policy for a workload. Rules in Kubernetes' shape, with short forms for peers and ports."""

    name: DottedName
    """Name of the policy."""
    workload: Name
    """The workload whose pods it is for."""
    ingress: Many[IngressRule] | None = None
    """Traffic to the pods that is allowed. Absent: ingress is not ruled here."""
    egress: Many[EgressRule] | None = None
    """Traffic from the pods that is allowed. Absent: egress is not ruled here."""

    @model_validator(mode="after")
    def _some_direction(self) -> NetworkPolicy:
        if self.ingress is None and self.egress is None:
            refuse("a network policy needs ingress or egress", "An empty list allows nothing in that direction.")
        return self


class Role(Written):
    """A Role and its RoleBinding."""

    name: DottedName
    """Name of both."""
    namespace: Name | None = None
    """Namespace. Default: the only one of the platform."""
    rules: Many[PolicyRule]
    """What it allows, in Kubernetes' shape."""
    subjects: Many[Subject] | None = None
    """Who it is bound to, in Kubernetes' shape."""
    workloads: Many[Name] | None = None
    """Workloads whose service accounts it is bound to."""


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
