"""What happens to clusters in the embedded AWS, as values.

``eks`` emits them, ``app`` listens and moves the twin. Words are those of Kubernetes where both worlds have one (taint
effects, labels), so that a listener needs no AWS vocabulary. Nothing here imports moto.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias


@dataclass(frozen=True, order=True)
class ClusterRef:
    """Which cluster: names are unique per account and region only."""

    account: str
    region: str
    name: str


@dataclass(frozen=True)
class Subnet:
    """A subnet as far as machines care: where it is and which addresses it hands out."""

    id: str
    zone: str
    cidr: str


@dataclass(frozen=True)
class Taint:
    """A taint in Kubernetes words (``NoSchedule``, not EKS's ``NO_SCHEDULE``)."""

    key: str
    value: str
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]


@dataclass(frozen=True)
class ClusterFacts:
    """What DescribeCluster knows that a control plane needs."""

    arn: str
    version: str
    vpc_id: str
    vpc_cidr: str
    subnets: tuple[Subnet, ...]
    service_cidr: str
    oidc_issuer: str
    #: EKS puts its own vpc-cni, coredns and kube-proxy into a new cluster unless this was switched off.
    self_managed_addons: bool
    authentication_mode: Literal["API", "API_AND_CONFIG_MAP", "CONFIG_MAP"]
    endpoint_public_access: bool
    endpoint_private_access: bool
    log_types: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NodeGroup:
    """A managed node group: the machines it asks for and how they introduce themselves."""

    name: str
    arn: str
    version: str
    release_version: str
    instance_types: tuple[str, ...]
    capacity_type: Literal["ON_DEMAND", "SPOT", "CAPACITY_BLOCK"]
    ami_type: str
    subnets: tuple[Subnet, ...]
    min_size: int
    desired_size: int
    max_size: int
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    #: of the root volume, from the group, its launch template, or EKS's default
    disk_size_gib: int
    max_unavailable: int | None
    max_unavailable_percentage: int | None
    node_role_arn: str
    autoscaling_group: str
    tags: Mapping[str, str] = field(default_factory=dict)
    #: what the launch template tells the kubelet; None: as the instance type has it
    max_pods: int | None = None


@dataclass(frozen=True)
class Addon:
    """A managed add-on and the values its author configured (parsed; the schema is the add-on's own)."""

    name: str
    version: str
    namespace: str
    configuration: Mapping[str, Any]
    service_account_role_arn: str | None


@dataclass(frozen=True)
class ClusterCreated:
    cluster: ClusterRef
    facts: ClusterFacts


@dataclass(frozen=True)
class ClusterUpdated:
    cluster: ClusterRef
    facts: ClusterFacts
    previous: ClusterFacts


@dataclass(frozen=True)
class ClusterDeleted:
    cluster: ClusterRef


@dataclass(frozen=True)
class NodeGroupCreated:
    cluster: ClusterRef
    group: NodeGroup


@dataclass(frozen=True)
class NodeGroupUpdated:
    """Configuration, version or size changed: by the EKS API or by SetDesiredCapacity on its Auto Scaling group."""

    cluster: ClusterRef
    group: NodeGroup
    previous: NodeGroup


@dataclass(frozen=True)
class NodeGroupDeleted:
    cluster: ClusterRef
    group: NodeGroup


@dataclass(frozen=True)
class AddonCreated:
    cluster: ClusterRef
    addon: Addon


@dataclass(frozen=True)
class AddonUpdated:
    cluster: ClusterRef
    addon: Addon
    previous: Addon


@dataclass(frozen=True)
class AddonDeleted:
    cluster: ClusterRef
    addon: Addon
    #: ``--preserve``: the objects stay in the cluster, EKS only forgets them.
    preserve: bool


@dataclass(frozen=True)
class AccessChanged:
    """An access entry or its policies were created, changed or deleted: ask ``Cloud.user_of_token`` again."""

    cluster: ClusterRef
    principal_arn: str


@dataclass(frozen=True)
class PodIdentityChanged:
    """A pod identity association exists now (``role_arn``) or no longer (None)."""

    cluster: ClusterRef
    association_id: str
    namespace: str
    service_account: str
    role_arn: str | None


CloudEvent: TypeAlias = (
    ClusterCreated
    | ClusterUpdated
    | ClusterDeleted
    | NodeGroupCreated
    | NodeGroupUpdated
    | NodeGroupDeleted
    | AddonCreated
    | AddonUpdated
    | AddonDeleted
    | AccessChanged
    | PodIdentityChanged
)

#: Called on a thread of the AWS server, one event at a time in the order in which things happened, before the API call
#: that caused it is answered. A listener must therefore be thread-safe, must return soon, and must not call a mutating
#: EKS action of the same embedded AWS and wait for it. What it raises becomes the (4xx) answer of that API call.
Listener: TypeAlias = Callable[[CloudEvent], None]


@dataclass(frozen=True)
class ClusterEndpoint:
    """Where the control plane of a new cluster answers, and who vouches for it."""

    url: str
    ca_pem: str


class ClusterEndpoints(Protocol):
    """The owner of the cloud starts control planes; CreateCluster asks it for the address that DescribeCluster shows."""

    def __call__(self, created: ClusterCreated) -> ClusterEndpoint:
        """The endpoint of a cluster that is being created.

        Called once per cluster on a server thread, before listeners hear of the cluster. An exception makes
        CreateCluster fail (4xx with its message) and leaves no cluster behind.
        """
        ...
