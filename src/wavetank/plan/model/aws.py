"""The resolved AWS side: network, cluster, node groups, roles, add-ons, charts, repositories, secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from wavetank.kube.types import Obj

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
    #: services with network interfaces in the private subnets: "ecr.api", "sts"
    interface_endpoints: tuple[str, ...]

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
    #: what the author calls it: groups of one zone each share it, as their label ``node-group``
    family: str
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
    #: settings of the kubelet, in the shape of KubeletConfiguration; empty: as EKS sets it
    kubelet: Obj
    #: tags by which Cluster Autoscaler finds the group and, while it is empty, knows its nodes; empty without an autoscaler
    autoscaler_tags: Mapping[str, str]


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
    #: ARN of the Lambda function that rotates it, and the days between; None when nothing does
    rotation_function: str | None
    rotation_days: int | None
