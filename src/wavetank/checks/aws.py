"""What Terraform, eksctl or a plan say about AWS, in one shape for all of them.

Made by the adapters; rules read. Everything may be unknown: ``None`` means that the input does not say or that it could not
be computed, and a rule must then be silent. An empty tuple or map means that there is none.

Only what differs between the sources has a class here. All else in Terraform is a ``Resource`` with its own argument names,
for a spec too (there it is read from the Terraform that the spec becomes).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from wavetank.kube.types import Obj

from .model import Place, Step, Where


@dataclass(frozen=True)
class Thing:
    """Something with a name and a place; its steps are the field names of the class: ``group.at("max_size")``."""

    name: str
    where: Where = field(repr=False, compare=False)

    def at(self, *steps: Step) -> Place:
        return self.where.at(*steps)


@dataclass(frozen=True)
class Subnet(Thing):
    cidr: str | None
    zone: str | None
    #: it routes to an internet gateway
    public: bool | None
    tags: Mapping[str, str] | None


@dataclass(frozen=True)
class NatGateway(Thing):
    #: name of its subnet
    subnet: str | None


@dataclass(frozen=True)
class Network(Thing):
    """One VPC. ``cidrs``: the first is the primary one."""

    cidrs: tuple[str, ...] | None
    zones: tuple[str, ...] | None
    subnets: tuple[Subnet, ...] | None
    nat_gateways: tuple[NatGateway, ...] | None
    #: services with a VPC endpoint: "s3", "ecr.api"
    endpoints: tuple[str, ...] | None
    flow_logs: bool | None


@dataclass(frozen=True)
class Cluster(Thing):
    """An EKS cluster. ``name`` is "" when it could not be computed."""

    version: str | None
    service_cidr: str | None
    public_endpoint: bool | None
    private_endpoint: bool | None
    #: who may reach the public endpoint
    public_access_cidrs: tuple[str, ...] | None
    #: of "api", "audit", "authenticator", "controllerManager", "scheduler"
    log_types: tuple[str, ...] | None
    secrets_encryption: bool | None
    #: "STANDARD" or "EXTENDED"
    support_type: str | None
    #: an IAM OIDC provider for the cluster exists, so that service accounts can assume roles (IRSA)
    oidc_provider: bool | None
    #: EKS installs vpc-cni, coredns and kube-proxy by itself, unless it was told not to
    default_add_ons: bool
    #: EKS Auto Mode: AWS runs nodes, network and load balancers itself; nearly nothing of the rest can be known
    auto_mode: bool | None
    #: settings of the control plane that were written, though EKS has no place for them
    refused_settings: tuple[str, ...]
    #: names of subnets
    subnets: tuple[str, ...] | None
    tags: Mapping[str, str] | None


@dataclass(frozen=True)
class AddOn(Thing):
    """An EKS managed add-on; ``configuration`` None: it is there, but could not be read."""

    version: str | None
    configuration: Obj | None
    #: it has an IAM role of its own (IRSA or pod identity)
    has_role: bool | None


@dataclass(frozen=True)
class NodeGroup(Thing):
    """A group of machines: EKS managed, self-managed, or eksctl's. Karpenter's NodePools are manifests."""

    managed: bool
    instance_types: tuple[str, ...] | None
    min_size: int | None
    desired_size: int | None
    max_size: int | None
    labels: Mapping[str, str] | None
    #: Kubernetes shape: {"key", "value", "effect": "NoSchedule" | "PreferNoSchedule" | "NoExecute"}
    taints: tuple[Obj, ...] | None
    zones: tuple[str, ...] | None
    #: names of subnets
    subnets: tuple[str, ...] | None
    #: "ON_DEMAND" or "SPOT"
    capacity_type: str | None
    #: "AL2023_x86_64_STANDARD", "AL2_x86_64_GPU", "BOTTLEROCKET_x86_64"…
    ami_type: str | None
    disk_gib: int | None
    disk_type: str | None
    disk_encrypted: bool | None
    metadata_hop_limit: int | None
    #: KubeletConfiguration fields that are set on the nodes; empty: none are; None: not known
    kubelet: Obj | None
    #: tags of its Auto Scaling group (Cluster Autoscaler reads them)
    autoscaling_tags: Mapping[str, str] | None
    #: what the author counts on per node (a spec's podsPerNode)
    pods_per_node: int | None


@dataclass(frozen=True)
class HelmRelease(Thing):
    """A chart that is installed: by Terraform, an Argo CD Application, a Flux HelmRelease or a spec."""

    #: the chart's own name, without its repository
    chart: str
    repository: str | None
    version: str | None
    namespace: str | None
    #: what it is given; None when that could not be read
    values: Obj | None
    #: IAM role of its service account; None: not known
    has_role: bool | None


@dataclass(frozen=True)
class IamRole(Thing):
    """An IAM role. Statements are in IAM's JSON shape; lists where IAM allows either a string or a list."""

    #: Statement of the trust policy
    trust: tuple[Obj, ...] | None
    #: Statements of its inline and customer managed policies
    statements: tuple[Obj, ...] | None
    managed_policy_arns: tuple[str, ...] | None
    #: (namespace, service account) that may assume it, by IRSA or pod identity
    service_accounts: tuple[tuple[str, str], ...] | None


@dataclass(frozen=True)
class Repository(Thing):
    """An ECR repository."""

    immutable_tags: bool | None
    scan_on_push: bool | None
    has_lifecycle: bool | None


class Unknown:
    """In a ``Resource``: a value that only Terraform itself can compute; mostly ``UNKNOWN``. It is false.

    ``text`` is what is known of a text, with ``HOLE`` for the rest: ``…:sub``.
    """

    def __init__(self, text: str = "") -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Unknown({self.text!r})" if self.text else "UNKNOWN"

    def __bool__(self) -> bool:
        return False


UNKNOWN = Unknown()
HOLE = "…"


@dataclass(frozen=True)
class Encoded:
    """In a ``Resource``: JSON or YAML text of a value that is only partly known."""

    value: Any


def decoded(value: Any) -> Any:
    """The value behind JSON text in a ``Resource``'s body (a policy, an add-on's configuration); UNKNOWN when it is not known."""
    if isinstance(value, Encoded):
        return value.value
    try:
        return json.loads(value) if isinstance(value, str) else UNKNOWN
    except ValueError:
        return UNKNOWN


@dataclass(frozen=True)
class Reference:
    """In a ``Resource``: an attribute of another resource, as in ``aws_vpc.main.id``."""

    #: "aws_vpc.main", "module.vpc", "data.aws_caller_identity.current"
    address: str
    attribute: str


@dataclass(frozen=True)
class Resource(Thing):
    """One Terraform resource (each of a ``count`` or ``for_each`` that could be computed), ``name`` is its address.

    ``body`` has Terraform's names: blocks are lists of maps. A value is JSON, ``UNKNOWN`` or a ``Reference``.
    """

    type: str
    body: Mapping[str, Any]
    #: it exists; otherwise ``count`` or ``for_each`` decide by something that is not known
    certain: bool = True

    def text(self, key: str) -> str | None:
        """A string argument, None when it is not set or not known."""
        value = self.body.get(key)
        return value if isinstance(value, str) else None

    def blocks(self, key: str) -> list[Mapping[str, Any]]:
        value = self.body.get(key)
        return [block for block in value if isinstance(block, Mapping)] if isinstance(value, list) else []


@dataclass(frozen=True)
class Backend(Thing):
    """Where Terraform's state lives; ``name`` is the backend's type: "s3", "remote", "local"."""

    locked: bool | None
    encrypted: bool | None


@dataclass(frozen=True)
class Aws:
    """All of it. Lists hold what was found; whether something can be missing is told by ``Case.given``."""

    region: str | None = None
    networks: tuple[Network, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    node_groups: tuple[NodeGroup, ...] = ()
    add_ons: tuple[AddOn, ...] = ()
    helm_releases: tuple[HelmRelease, ...] = ()
    roles: tuple[IamRole, ...] = ()
    repositories: tuple[Repository, ...] = ()
    #: reads every resource of Terraform; asked for once, and only by rules that need more than the classes here
    read_resources: Callable[[], tuple[Resource, ...]] = field(default=tuple, repr=False, compare=False)
    backend: Backend | None = None
    #: file of the Terraform root module, where a finding about something absent is put
    terraform_file: str | None = None

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every resource of Terraform, those that have a class of their own here, too."""
        return self.read_resources()

    @property
    def cluster(self) -> Cluster | None:
        """The cluster when there is exactly one, as between layers only then everything belongs together."""
        return self.clusters[0] if len(self.clusters) == 1 else None

    @property
    def network(self) -> Network | None:
        return self.networks[0] if len(self.networks) == 1 else None

    def add_on(self, name: str) -> AddOn | None:
        return next((add_on for add_on in self.add_ons if add_on.name == name), None)

    @cached_property
    def _by_type(self) -> Mapping[str, tuple[Resource, ...]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources:
            found.setdefault(resource.type, []).append(resource)
        return {kind: tuple(of_type) for kind, of_type in found.items()}

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """Terraform resources of these types: ``aws.of_type("aws_security_group")``."""
        return tuple(resource for type_ in types for resource in self._by_type.get(type_, ()))
