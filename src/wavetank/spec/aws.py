"""What an author writes about AWS: network, cluster, node groups, add-ons, charts, repositories, secrets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from wavetank import catalog
from wavetank.spec.access import Access
from wavetank.spec.ground import InterfaceEndpoint
from wavetank.spec.machines import Disk, Kubelet
from wavetank.spec.placement_shapes import Taint
from wavetank.spec.problems import refuse, suggestion
from wavetank.spec.secrets import Rotation
from wavetank.spec.words import (
    SWITCH,
    WORD,
    AddOnName,
    Arn,
    Cidr,
    ClusterName,
    Count,
    FreeObject,
    InstanceTypeName,
    IntOrPercent,
    Labels,
    Many,
    Minor,
    Name,
    Positive,
    RepositoryName,
    Text,
    VpcCidr,
    Written,
    one_or_more,
)


def _retention(value: int) -> int:
    offered = catalog.log_retention_days()
    if value in offered:
        return value
    longer = next((days for days in offered if days > value), offered[-1])
    return refuse(f"CloudWatch Logs keeps no log for exactly {value} days", f"Write {longer}, the next it offers.")


RetentionDays = Annotated[int, AfterValidator(_retention)]


class FlowLogs(Written):
    """VPC flow logs to CloudWatch Logs. Short form: `true` or `false`."""

    short_forms = (SWITCH,)

    enabled: bool = True
    """false turns them off; they are on unless said otherwise, since nothing else shows who was refused."""
    traffic_type: Literal["ALL", "ACCEPT", "REJECT"] | None = None
    """Which connections are logged. Default ALL."""
    retention_days: RetentionDays | None = None
    """Days that CloudWatch keeps them. Default 30."""
    aggregation_seconds: Literal[60, 600] | None = None
    """Seconds per record. Default 600: ten times fewer records to pay for than with 60."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"enabled": value} if isinstance(value, bool) else value


class Network(Written):
    """The VPC."""

    vpc_cidr: VpcCidr | None = None
    """Address range of the VPC. Default 10.0.0.0/16; every pod takes an address of it."""
    zones: Many[str] | None = None
    """Availability zones. Default: the first two of the region, the fewest that EKS accepts."""
    public_subnets: Many[Cidr] | None = None
    """Ranges of the public subnets, one per zone in order: load balancers and NAT gateways. Default: a /24 per zone."""
    private_subnets: Many[Cidr] | None = None
    """Ranges of the private subnets, one per zone in order: nodes and pods. Default: a /20 per zone where the VPC has room."""
    nat: Literal["single", "perZone", "none"] | None = None
    """NAT gateways. Default perZone: with `single` the loss of one zone cuts all others off from the internet."""
    flow_logs: FlowLogs | None = None
    """VPC flow logs. Default on."""
    gateway_endpoints: Many[Literal["s3", "dynamodb"]] | None = None
    """Services reached past the NAT gateway for free. Default [s3]: image layers come from S3."""
    interface_endpoints: Many[InterfaceEndpoint] | None = None
    """Services reached by addresses in the private subnets, for example ecr.api; paid by the hour. Default none."""


class Endpoint(Written):
    """How the cluster's API is reached."""

    public: bool | None = None
    """Reachable from the internet. Default: only when publicAccessCidrs names who may."""
    private: bool | None = None
    """Reachable from inside the VPC. Default true: nodes then never leave the VPC to reach it."""
    public_access_cidrs: Many[Cidr] | None = None
    """Who may reach the public endpoint. No default: the whole internet is not one."""


class ControlPlaneLogs(Written):
    """Logs of the control plane. Short form: the list of types."""

    short_forms = ({"type": "array", "items": WORD},)

    types: Many[Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]] | None = None
    """Which components log. Default api, audit and authenticator: who did what."""
    retention_days: RetentionDays | None = None
    """Days that CloudWatch keeps them. Default 90."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"types": value} if isinstance(value, list) else value


def _access_policy(value: str) -> str:
    known = catalog.eks_access_policies()
    if value in known or value.startswith("arn:"):
        return value
    return refuse(f'unknown access policy "{value}"', suggestion(value, known))


class AccessPolicy(Written):
    """An EKS access policy. Short form: its name, for the whole cluster."""

    short_forms = (WORD,)

    policy: Annotated[str, AfterValidator(_access_policy)]
    """Name of the policy, for example AmazonEKSViewPolicy, or its ARN."""
    namespaces: Many[Name] | None = None
    """Only in these namespaces; the whole cluster when absent."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"policy": value} if isinstance(value, str) else value


class AccessEntry(Written):
    """An IAM principal that may use the cluster."""

    name: Name
    """What you call it here."""
    role: str | None = None
    """Name of an IAM role of the platform's account; instead of principalArn."""
    principal_arn: Arn | None = None
    """The IAM role or user, of any account. Roles of Identity Center carry their path, as `aws iam list-roles` shows."""
    kubernetes_groups: Many[str] | None = None
    """Groups for RBAC bindings of your own. Default none."""
    policies: Many[AccessPolicy] | None = None
    """EKS access policies. Default none: then only RBAC bindings of the groups count."""

    @model_validator(mode="after")
    def _one_principal(self) -> AccessEntry:
        if (self.role is None) == (self.principal_arn is None):
            refuse("an access entry needs exactly one of role and principalArn")
        return self


class Cluster(Written):
    """The EKS cluster."""

    name: ClusterName | None = None
    """Name of the cluster. Default: `<platform>-<environment>`."""
    version: Minor | None = None
    """Kubernetes minor, for example "1.36". Default: the newest that the catalog knows."""
    support_type: Literal["STANDARD", "EXTENDED"] | None = None
    """What happens when standard support ends. Default STANDARD: an upgrade, not six times the fee."""
    service_cidr: Cidr | None = None
    """Range of Service addresses; outside the VPC. Default 172.20.0.0/16, which EKS itself takes beside a 10.0.0.0/8 VPC."""
    endpoint: Endpoint | None = None
    """How the API is reached. Default: private only."""
    logs: ControlPlaneLogs | None = None
    """Logs of the control plane. Default api, audit and authenticator for 90 days."""
    secrets_encryption: bool | None = None
    """Encrypt Secrets in etcd with a KMS key of yours. Default true."""
    authentication_mode: Literal["API", "API_AND_CONFIG_MAP", "CONFIG_MAP"] | None = None
    """How IAM principals are known to the cluster. Default API: access entries, no aws-auth ConfigMap."""
    bootstrap_creator_admin: bool | None = None
    """Whoever creates the cluster administers it. Default true, or nobody could install anything into it."""
    access_entries: Many[AccessEntry] | None = None
    """Who else may use it. Default nobody."""
    deletion_protection: bool | None = None
    """Refuse to delete the cluster until this is turned off. Default false."""


AmiType = Literal[
    "AL2023_x86_64_STANDARD",
    "AL2023_ARM_64_STANDARD",
    "AL2023_x86_64_NVIDIA",
    "AL2023_ARM_64_NVIDIA",
    "AL2023_x86_64_NEURON",
    "BOTTLEROCKET_x86_64",
    "BOTTLEROCKET_ARM_64",
    "BOTTLEROCKET_x86_64_NVIDIA",
    "BOTTLEROCKET_ARM_64_NVIDIA",
]


class NodeGroup(Written):
    """An EKS managed node group."""

    name: Name
    """Name of the group, unique in the platform."""
    instance_types: Annotated[Many[InstanceTypeName], one_or_more(InstanceTypeName)]
    """EC2 instance types, in order of preference; one may be written without a list. Several of like size help Spot."""
    capacity_type: Literal["ON_DEMAND", "SPOT"] | None = None
    """How the machines are bought. Default ON_DEMAND; AWS takes Spot back with two minutes' notice."""
    ami_type: AmiType | None = None
    """Image of the nodes. Default: Amazon Linux 2023 for the architecture, with drivers where the type has accelerators."""
    disk: Disk | None = None
    """Root volume. Default 20 GiB gp3, encrypted."""
    min_size: Count
    """Fewest nodes."""
    desired_size: Count | None = None
    """Nodes to begin with. Default: minSize. Without an autoscaler the group stays there."""
    max_size: Positive
    """Most nodes."""
    labels: Labels | None = None
    """Node labels. Default none."""
    taints: Many[Taint] | None = None
    """Node taints in Kubernetes' shape. Default none."""
    zones: Many[str] | None = None
    """Only in these zones. Default: in all private subnets."""
    per_zone: bool | None = None
    """One group per zone, named `<name>-<zone>`, each of these sizes. Default false; volumes of one zone want true."""
    kubelet: Kubelet | None = None
    """Settings of the kubelet. Default: what EKS sets."""
    max_unavailable: IntOrPercent | None = None
    """Nodes that an update of the group replaces at the same time. Default 1."""
    metadata_hop_limit: Positive | None = None
    """IMDSv2 hop limit. Default 1: pods cannot take the node's credentials."""
    pods_per_node: Positive | None = None
    """How many pods you count on per node. No default; when given, it is checked against what the instance type admits."""

    @model_validator(mode="after")
    def _image_knows_the_settings(self) -> NodeGroup:
        if self.kubelet is not None and (self.ami_type or "").startswith("BOTTLEROCKET"):
            known = catalog.bottlerocket_kubelet_settings()
            unknown = [key for key in self.kubelet.written_keys() if key not in known]
            if unknown:
                refuse(f"Bottlerocket's settings have no {', '.join(unknown)}", "Choose an AL2023 image.")
        return self


class Statement(Written):
    """An IAM policy statement."""

    sid: Annotated[str | None, Field(alias="Sid")] = None
    """Name of the statement."""
    effect: Annotated[Literal["Allow", "Deny"], Field(alias="Effect")] = "Allow"
    """Allow when absent."""
    action: Annotated[Many[str], one_or_more(str), Field(alias="Action")]
    """Actions, for example secretsmanager:GetSecretValue."""
    resource: Annotated[Many[str], one_or_more(str), Field(alias="Resource")]
    """ARNs. `${secret:NAME}` stands for the ARN of a secret of this platform."""
    condition: Annotated[FreeObject | None, Field(alias="Condition")] = None
    """IAM conditions."""


class Permissions(Written):
    """What a service account may do in AWS (an IAM role through the cluster's OIDC provider)."""

    role_name: str | None = None
    """Name of the IAM role. Default: `<cluster>-<service account>`."""
    statements: Many[Statement] | None = None
    """IAM policy statements. Default none."""
    managed_policies: Many[str] | None = None
    """AWS managed policies by name or ARN. Default none."""
    secrets: Many[str] | None = None
    """Secrets of this platform (by their name) that it may read. Default none."""
    tables: dict[Name, Access] | None = None
    """DynamoDB tables of this platform and what it may do: `read`, `write` or `readWrite`. Default none."""
    buckets: dict[Name, Access] | None = None
    """S3 buckets of this platform and what it may do with their objects. Default none."""
    queues: dict[Name, Access] | None = None
    """SQS queues of this platform: `read` receives and deletes messages, `write` sends them. Default none."""
    put_events: bool | None = None
    """Put events on the default bus of EventBridge. Default false."""


class AddOn(Written):
    """An EKS managed add-on. Short form: its name."""

    short_forms = (WORD,)

    name: AddOnName
    """Name in the EKS add-on catalogue."""
    version: str | None = None
    """Pinned version, for example v1.19.0-eksbuild.1. Default: what EKS takes as default for the cluster's version."""
    configuration: FreeObject | None = None
    """Configuration values of the add-on, as `aws eks describe-addon-configuration` documents them."""
    network_policy: bool | None = None
    """vpc-cni only: enforce network policies. Default true as soon as the platform has any; otherwise they do nothing."""
    prefix_delegation: bool | None = None
    """vpc-cni only: give nodes /28 prefixes instead of single addresses, for more pods per node. Default false."""
    permissions: Permissions | None = None
    """Role of its service account. Default: the managed policies that the add-on is documented to need."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _cni_only(self) -> AddOn:
        if self.name != "vpc-cni" and (self.network_policy is not None or self.prefix_delegation is not None):
            refuse("networkPolicy and prefixDelegation are settings of vpc-cni", "Move them to the add-on vpc-cni.")
        return self


class HelmRelease(Written):
    """A chart, pinned. Short form: the name of a chart that the catalog knows."""

    short_forms = (WORD,)

    name: Name
    """Name of the release."""
    chart: str | None = None
    """Name of the chart. Default: the release's name."""
    repository: str | None = None
    """URL of the chart repository. Default: what the catalog knows; required for other charts."""
    version: Text | None = None
    """Pinned chart version. Default: the catalog's pin; required for other charts."""
    namespace: Name | None = None
    """Where it goes. Default: the catalog's, else kube-system."""
    values: FreeObject | None = None
    """Values of the chart, laid over those that follow from the platform (cluster name, region, service account)."""
    service_account: str | None = None
    """Service account of the release, when it needs a role. Default: the catalog's."""
    permissions: Permissions | None = None
    """Role of its service account. Default: the controller's own published policy."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class Repository(Written):
    """An ECR repository. Short form: its name."""

    short_forms = (WORD,)

    name: RepositoryName
    """Name of the repository."""
    immutable_tags: bool | None = None
    """A tag never changes its image. Default true."""
    scan_on_push: bool | None = None
    """Look for known vulnerabilities. Default true."""
    keep_images: Positive | None = None
    """Tagged images that are kept. Default 30."""
    expire_untagged_days: Positive | None = None
    """Days until untagged images go. Default 14."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class SecretStore(Written):
    """A secret of AWS Secrets Manager, without its value. Short form: its name."""

    short_forms = (WORD,)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9/_+=.@-]{1,512}$")]
    """Name of the secret."""
    description: str | None = None
    """What it holds."""
    recovery_days: Literal[0, 7, 8, 9, 10, 14, 21, 30] | None = None
    """Days in which a deleted secret can be brought back. Default 30; 0 deletes at once."""
    keys: Many[str] | None = None
    """Properties of its JSON, so that a wrong one in `externalSecrets` is found here and not in the cluster. Default unknown."""
    rotation: Rotation | None = None
    """Rotation by a Lambda function. Default none."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value
