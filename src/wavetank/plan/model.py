"""The resolved platform: every gap filled, every value with its reason. ``render``, ``cost`` and ``checks`` read nothing else.

Values are frozen. Where Kubernetes has a shape (resources, probes, affinity, HPA metrics and behavior, quota, network policy
peers) the plan holds exactly that JSON shape as ``Obj``, in camelCase, ready to be written into a manifest; nobody mutates it.
Lists of named things keep the author's order; references between things are by name. Money and traffic are ``Decimal``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from wavetank.kube.types import Obj
from wavetank.plan.reasons import Reason, Stated, nearest_reason, stated_place

# --- the AWS side -----------------------------------------------------------------------------------------------------


NatMode: TypeAlias = Literal["single", "perZone", "none"]


@dataclass(frozen=True)
class Subnet:
    """One subnet. ``name`` is unique in the plan: ``public-ap-southeast-2a``."""

    name: str
    cidr: str
    zone: str
    public: bool


@dataclass(frozen=True)
class NatGateway:
    """One NAT gateway with its own Elastic IP, in a public subnet; ``zones`` are those whose private subnets route through it."""

    name: str
    subnet: str
    zones: tuple[str, ...]


@dataclass(frozen=True)
class FlowLogs:
    """VPC flow logs to CloudWatch Logs."""

    traffic_type: Literal["ALL", "ACCEPT", "REJECT"]
    retention_days: int
    aggregation_seconds: int


@dataclass(frozen=True)
class Network:
    vpc_cidr: str
    zones: tuple[str, ...]
    subnets: tuple[Subnet, ...]
    nat: NatMode
    nat_gateways: tuple[NatGateway, ...]
    flow_logs: FlowLogs | None
    #: services with a free gateway endpoint, so that their traffic does not pay for NAT: "s3", "dynamodb"
    gateway_endpoints: tuple[str, ...]

    @property
    def public_subnets(self) -> tuple[Subnet, ...]:
        return tuple(subnet for subnet in self.subnets if subnet.public)

    @property
    def private_subnets(self) -> tuple[Subnet, ...]:
        return tuple(subnet for subnet in self.subnets if not subnet.public)


@dataclass(frozen=True)
class Endpoint:
    """How the cluster's API is reached."""

    public: bool
    private: bool
    #: who may reach the public endpoint; empty when it is not public
    public_access_cidrs: tuple[str, ...]


@dataclass(frozen=True)
class ControlPlaneLogs:
    #: of "api", "audit", "authenticator", "controllerManager", "scheduler"; they go to /aws/eks/<cluster>/cluster
    types: tuple[str, ...]
    retention_days: int


@dataclass(frozen=True)
class AccessPolicy:
    """An EKS access policy for a principal: ``namespaces`` empty means the whole cluster."""

    policy_arn: str
    namespaces: tuple[str, ...]


@dataclass(frozen=True)
class AccessEntry:
    """An IAM principal that may use the cluster (EKS access entry)."""

    name: str
    principal_arn: str
    kubernetes_groups: tuple[str, ...]
    policies: tuple[AccessPolicy, ...]


@dataclass(frozen=True)
class Cluster:
    name: str
    #: Kubernetes minor: "1.36"
    version: str
    #: upgrade policy of EKS: leave standard support only on purpose, extended costs six times the fee
    support_type: Literal["STANDARD", "EXTENDED"]
    service_cidr: str
    endpoint: Endpoint
    logs: ControlPlaneLogs
    #: Secrets in etcd are encrypted with a KMS key of the account
    secrets_encryption: bool
    authentication_mode: Literal["API", "API_AND_CONFIG_MAP", "CONFIG_MAP"]
    bootstrap_creator_admin: bool
    access_entries: tuple[AccessEntry, ...]
    deletion_protection: bool


@dataclass(frozen=True)
class Disk:
    """The root volume of a node."""

    gib: int
    type: str
    encrypted: bool


@dataclass(frozen=True)
class NodeGroup:
    """An EKS managed node group."""

    name: str
    instance_types: tuple[str, ...]
    capacity_type: Literal["ON_DEMAND", "SPOT"]
    #: "AL2023_x86_64_STANDARD", "AL2023_ARM_64_STANDARD", "AL2023_x86_64_NVIDIA", "BOTTLEROCKET_x86_64", ...
    ami_type: str
    disk: Disk
    min_size: int
    desired_size: int
    max_size: int
    labels: Mapping[str, str]
    #: Kubernetes shape: {"key", "value", "effect": "NoSchedule" | "PreferNoSchedule" | "NoExecute"}
    taints: tuple[Obj, ...]
    #: names of Network.subnets
    subnets: tuple[str, ...]
    #: "1" nodes or "33%" of the group may be down during an update of the group
    max_unavailable: str
    #: IMDSv2 hop limit: 1 keeps pods from the node's credentials
    metadata_hop_limit: int
    #: what one node really admits: the smallest of its instance types, by ENIs or prefix delegation (an EKS fact)
    max_pods: int
    #: what the author counts on per node, when he said it (compared with max_pods by a check)
    pods_per_node: int | None


@dataclass(frozen=True)
class PodRole:
    """An IAM role that one service account assumes through the cluster's OIDC provider (IRSA; trust pins sub and aud)."""

    name: str
    namespace: str
    service_account: str
    #: IAM policy statements: {"Sid"?, "Effect", "Action": [...], "Resource": [...], "Condition"?}
    statements: tuple[Obj, ...]
    managed_policy_arns: tuple[str, ...]


@dataclass(frozen=True)
class AddOn:
    """An EKS managed add-on (``aws_eks_addon``)."""

    name: str
    #: None: the default version of EKS for the cluster's Kubernetes version
    version: str | None
    #: the add-on's configuration values, written as JSON; empty when there are none
    configuration: Obj
    namespace: str
    service_account: str | None
    #: name of the PodRole of its service account
    role: str | None
    #: must exist before the first node joins (vpc-cni, kube-proxy); the others need nodes to become active
    before_nodes: bool


@dataclass(frozen=True)
class HelmRelease:
    """A chart that is installed beside the managed add-ons, pinned."""

    name: str
    chart: str
    repository: str
    version: str
    namespace: str
    #: values as written to the chart; the role's ARN and the VPC id are not in here (they are known to Terraform only)
    values: Obj
    #: the service account of the release and the PodRole it assumes
    service_account: str | None
    role: str | None


@dataclass(frozen=True)
class Repository:
    """An ECR repository."""

    name: str
    #: registry URL without tag: 111122223333.dkr.ecr.ap-southeast-2.amazonaws.com/ml-inference-api
    url: str
    immutable_tags: bool
    scan_on_push: bool
    keep_images: int
    expire_untagged_days: int


@dataclass(frozen=True)
class SecretStore:
    """A secret of AWS Secrets Manager; its value is never in the plan. ``readers`` are names of PodRoles."""

    name: str
    description: str
    recovery_days: int
    readers: tuple[str, ...]


# --- the Kubernetes side ----------------------------------------------------------------------------------------------


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


@dataclass(frozen=True)
class Workload:
    """A Deployment and what belongs to its pods."""

    name: str
    namespace: str
    #: what runs in it, for checks: a model server holds its model in memory, a service does not
    workload_kind: Literal["service", "model-server"]
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


# --- assumptions, objectives, the laptop ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Traffic:
    """Requests as the author expects them, over a month."""

    requests_per_second: Decimal
    peak_requests_per_second: Decimal
    request_kib: Decimal
    response_kib: Decimal


@dataclass(frozen=True)
class CostAssumptions:
    """Monthly quantities that no file states; each can be given by the author, who also may correct prices."""

    internet_out_gb: Decimal
    nat_gb: Decimal
    cross_zone_gb: Decimal
    control_plane_log_gb: Decimal
    container_log_gb: Decimal
    flow_log_gb: Decimal
    image_storage_gb: Decimal
    #: price key of the catalog (or an instance type) -> USD per unit, as the author's contract has it
    prices: Mapping[str, Decimal]


@dataclass(frozen=True)
class Objectives:
    """What must hold; None where the author set no objective."""

    availability_percent: Decimal | None
    p99_milliseconds: Decimal | None
    seconds_to_scale: int | None
    recovery_time_minutes: int | None
    recovery_point_minutes: int | None
    monthly_cost_usd: Decimal | None


@dataclass(frozen=True)
class LocalCommand:
    """Which program stands for an image on a laptop. For ``app`` only: it must never appear in a rendered file."""

    #: the full image reference, as in Container.image
    image: str
    #: words of the command; {HOST} and {PORT} are replaced by the pod's address
    command: tuple[str, ...]
    #: working directory, relative to the spec's folder
    folder: str
    env: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """One platform in one environment."""

    name: str
    environment: str
    region: str
    account_id: str
    tags: Mapping[str, str]
    network: Network
    cluster: Cluster
    node_groups: tuple[NodeGroup, ...]
    add_ons: tuple[AddOn, ...]
    helm_releases: tuple[HelmRelease, ...]
    pod_roles: tuple[PodRole, ...]
    repositories: tuple[Repository, ...]
    secrets: tuple[SecretStore, ...]
    namespaces: tuple[Namespace, ...]
    workloads: tuple[Workload, ...]
    services: tuple[Service, ...]
    network_policies: tuple[NetworkPolicy, ...]
    roles: tuple[Role, ...]
    role_bindings: tuple[RoleBinding, ...]
    service_monitors: tuple[ServiceMonitor, ...]
    traffic: Traffic
    cost: CostAssumptions
    objectives: Objectives
    local: tuple[LocalCommand, ...]
    #: the platform file as the author named it
    spec_file: str
    #: by path: ``nodeGroups[general].maxSize`` (see ``wavetank.plan.reasons``)
    reasons: Mapping[str, Reason]

    def reason(self, path: str) -> tuple[str, Reason] | None:
        """Why the value at ``path`` is what it is: its own reason or that of the closest value around it."""
        return nearest_reason(self.reasons, path)

    def place(self, path: str) -> Stated | None:
        """The line of the spec behind the value at ``path``, through derivations; None when defaults alone made it."""
        return stated_place(self.reasons, path)
