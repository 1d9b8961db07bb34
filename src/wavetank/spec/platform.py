"""The whole file as its author wrote it, and the same together with where everything is written."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from wavetank.spec.attachments import Attachment
from wavetank.spec.aws import AddOn, Cluster, HelmRelease, Network, NodeGroup, Repository, SecretStore
from wavetank.spec.backup import Backup, Standby
from wavetank.spec.commitments import Commitment
from wavetank.spec.connections import NetworkPolicy
from wavetank.spec.delivery import AnalysisTemplate
from wavetank.spec.gitops import GitOps
from wavetank.spec.ground import Dns, FileSystem, StateBackend
from wavetank.spec.ingress import CertificateIssuer, Ingress
from wavetank.spec.machines import Karpenter
from wavetank.spec.mesh import Mesh
from wavetank.spec.namespaces import Namespace
from wavetank.spec.observability import Observability
from wavetank.spec.problems import place_of, refuse
from wavetank.spec.roles import Role
from wavetank.spec.secrets import SecretStores
from wavetank.spec.security import ImagePolicy, RuntimeSecurity
from wavetank.spec.serverless import Serverless
from wavetank.spec.services import Service
from wavetank.spec.sources import SourceFile
from wavetank.spec.spending import Budget, CostMonitoring
from wavetank.spec.storage import StorageClass
from wavetank.spec.suppressions import Suppression
from wavetank.spec.tree import Node, Place, step_into
from wavetank.spec.words import WORD, AccountId, LabelValue, Many, Name, Number, Positive, Region, Setting, Written
from wavetank.spec.workloads import PriorityClass, ServiceMonitor, Workload


class Traffic(Written):
    """Requests as you expect them; the bill and the capacity checks compute with them."""

    requests_per_second: Number | None = None
    """Average over the month. Default 0."""
    peak_requests_per_second: Number | None = None
    """In the busiest minutes. Default: the average."""
    request_kib: Number | None = None
    """Size of a request with its headers, in KiB. Default 1."""
    response_kib: Number | None = None
    """Size of a response with its headers, in KiB. Default 1."""


class CostAssumptions(Written):
    """Monthly quantities that nothing else states. What is not given is estimated from the traffic, or taken as small."""

    internet_out_gb: Number | None = None
    """Data sent to the internet. Default: requests times response size."""
    nat_gb: Number | None = None
    """Data through the NAT gateways, in and out. Default 50: images from outside S3, calls of AWS APIs."""
    cross_zone_gb: Number | None = None
    """Data between zones. Default: half of what the load balancer passes on."""
    control_plane_log_gb: Number | None = None
    """Control-plane logs. Default 2 per kind of log."""
    container_log_gb: Number | None = None
    """Logs of containers that go to CloudWatch. Default 5 where an add-on ships them, else 0."""
    flow_log_gb: Number | None = None
    """VPC flow logs. Default 5 where they are on."""
    image_storage_gb: Number | None = None
    """Images in ECR. Default 5 per repository."""
    endpoint_gb: Number | None = None
    """Data through all interface endpoints. Default 10 where there are any."""
    file_system_read_gb: Number | None = None
    """Data read from EFS file systems with elastic throughput, which is billed by the GB. Default 0."""
    file_system_write_gb: Number | None = None
    """Data written to EFS file systems with elastic throughput. Default 0."""
    infrequent_percent: Number | None = None
    """Share of the data of EFS file systems that lies in the colder class their life cycle names. Default 0."""
    change_percent_per_day: Number | None = None
    """Share of a volume that changes in a day, where its storage says nothing else; snapshots are priced with it. Default 3."""
    dns_million_queries: Number | None = None
    """Queries that Route 53 answers, in millions. Default 1 where there is a zone."""
    backup_gb: Number | None = None
    """What Velero keeps in its bucket beside snapshots of volumes. Default 1."""
    image_scans: Number | None = None
    """Images that Inspector scans for the first time, with enhanced scanning. Default 10 per repository."""
    spot_saving_percent: Number | None = None
    """What Spot machines cost less than on demand. Default: the catalog's assumption."""
    spot_savings: dict[str, Number] | None = None
    """The same in percent by node group or Karpenter node pool, where they differ."""
    node_hours: dict[str, Number] | None = None
    """Machine-hours a month by node group or node pool, for machines that come and go (training, batches). Default: 730
    for each node that the pods need all month; jobs need none."""
    commitments: Many[Commitment] | None = None
    """Savings plans and reserved instances that the bill counts with. Default none."""
    prices: dict[str, Number] | None = None
    """Your own prices in USD, by the catalog's key or by instance type; they replace the list prices."""


class Objectives(Written):
    """What must hold. Nothing is promised that is not written."""

    availability_percent: Number | None = None
    """Share of requests that are answered, in percent."""
    p99_milliseconds: Number | None = None
    """99th percentile of the response time."""
    seconds_to_scale: Positive | None = None
    """From a rise in load to ready pods."""
    recovery_time_minutes: Positive | None = None
    """From the loss of a zone to full service (RTO)."""
    recovery_point_minutes: Positive | None = None
    """Data that may be lost, in minutes (RPO)."""
    monthly_cost_usd: Number | None = None
    """Most that the platform may cost in a month."""
    pod_start_seconds: Positive | None = None
    """From the creation of a pod on a node that is there to its readiness."""
    deployment_minutes: Positive | None = None
    """From the first new pod of a release to the last ready one."""
    rollback_minutes: Positive | None = None
    """From the decision to go back to the release before, to its last ready pod."""


def _command(value: str) -> str:
    try:
        words = shlex.split(value)
    except ValueError as error:
        return refuse(f"the command cannot be split into words: {str(error).lower()}", "Look at its quotes.")
    return value if words else refuse("the command is empty")


class LocalCommand(Written):
    """The program that stands for an image on a laptop. Short form: the command. Nothing of it is ever rendered."""

    short_forms = (WORD,)

    command: Annotated[str, AfterValidator(_command)]
    """The command with its arguments, quoted as in a shell; {HOST} and {PORT} are replaced. No shell runs it."""
    folder: str | None = None
    """Working directory, relative to this file. Default: this file's folder."""
    env: dict[str, Setting] | None = None
    """Variables that only the laptop needs."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"command": value} if isinstance(value, str) else value


class PlatformFile(Written):
    """An EKS platform for AI workloads."""

    name: Name
    """Name of the platform; names of AWS resources begin with it."""
    region: Region
    """AWS region."""
    account_id: AccountId
    """AWS account the platform lives in."""
    tags: dict[str, LabelValue] | None = None
    """Tags of all AWS resources, beside platform and environment."""
    network: Network | None = None
    """The VPC. Default: two zones with a public and a private subnet each."""
    cluster: Cluster | None = None
    """The EKS cluster."""
    node_groups: Many[NodeGroup]
    """Managed node groups."""
    karpenter: Karpenter | None = None
    """Node pools that Karpenter fills as pods wait; beside at least one node group for the controller. Default none."""
    add_ons: Many[AddOn] | None = None
    """EKS managed add-ons. Default: vpc-cni, coredns, kube-proxy; and metrics-server where an HPA needs it."""
    helm_releases: Many[HelmRelease] | None = None
    """Charts beside the managed add-ons. Default none."""
    repositories: Many[Repository] | None = None
    """ECR repositories. Default none."""
    secrets: Many[SecretStore] | None = None
    """Secrets of AWS Secrets Manager. Default none."""
    secret_stores: SecretStores | None = None
    """How External Secrets reaches Secrets Manager. Default: a role per namespace."""
    file_systems: Many[FileSystem] | None = None
    """EFS file systems. Default none."""
    serverless: Serverless | None = None
    """Functions, HTTP APIs and events beside the cluster, and tables, caches, buckets and queues for both. Default none."""
    dns: Dns | None = None
    """Public names and certificates. Default none."""
    pod_identity: Literal["irsa", "podIdentity"] | None = None
    """How pods get their IAM roles. Default irsa: the cluster's OIDC provider; podIdentity needs EKS's agent on the nodes."""
    state_backend: StateBackend | None = None
    """Where Terraform keeps its state. Default: beside the files."""
    terraform_files: Many[str] | None = None
    """Terraform files of your own, relative to this file; they go to terraform/ as they are. Default none."""
    manifests: Many[str] | None = None
    """Kubernetes manifests of your own, relative to this file; they are applied after all others. Default none."""
    namespaces: Many[Namespace] | None = None
    """Namespaces."""
    storage_classes: Many[StorageClass] | None = None
    """Storage classes for volumes. Default none; EKS makes gp2, which is no default class."""
    priority_classes: Many[PriorityClass] | None = None
    """Priority classes of pods. Default none."""
    workloads: Many[Workload] | None = None
    """Workloads."""
    services: Many[Service] | None = None
    """Services in front of workloads."""
    ingresses: Many[Ingress] | None = None
    """Ingresses: the way in from outside. Default none."""
    certificate_issuers: Many[CertificateIssuer] | None = None
    """ClusterIssuers of cert-manager, for ingresses of class nginx and gateways of the mesh. Default none."""
    analysis_templates: Many[AnalysisTemplate] | None = None
    """What Argo Rollouts measures while a new version arrives. Default none."""
    mesh: Mesh | None = None
    """The service mesh. Default none."""
    network_policies: Many[NetworkPolicy] | None = None
    """Network policies."""
    roles: Many[Role] | None = None
    """Roles of RBAC with their bindings."""
    service_monitors: Many[ServiceMonitor] | None = None
    """What Prometheus scrapes; needs the CRDs of the Prometheus Operator."""
    observability: Observability | None = None
    """Alerts, dashboards, metrics, traces, logs. Default none."""
    image_policy: ImagePolicy | None = None
    """Which images may run. Default: any."""
    runtime_security: RuntimeSecurity | None = None
    """Watching what runs. Default none."""
    backup: Backup | None = None
    """Backups of the cluster and of data in AWS. Default none."""
    standby: Standby | None = None
    """A second region that holds copies. Default none."""
    budgets: Many[Budget] | None = None
    """AWS budgets. Default none."""
    cost_monitoring: CostMonitoring | None = None
    """A program in the cluster that shares the bill. Default none."""
    gitops: GitOps | None = None
    """Argo CD keeps the clusters as a Git repository says. Default: no."""
    traffic: Traffic | None = None
    """Requests as you expect them."""
    cost: CostAssumptions | None = None
    """Assumptions of the bill."""
    objectives: Objectives | None = None
    """What must hold."""
    suppressions: Many[Suppression] | None = None
    """Findings of `wavetank check` that are known and accepted, each with its reason. Default none."""
    local: dict[str, LocalCommand] | None = None
    """By image without its tag: the program that stands for it on a laptop."""
    environments: dict[Name, dict[str, Any]] | None = None
    """What differs per environment: maps merge, lists of named things merge by name, anything else replaces, null removes."""


@dataclass(frozen=True)
class Platform:
    """One environment of a platform as written, and where each value is written."""

    written: PlatformFile
    environment: str
    #: the file as the author named it
    file: str
    #: the merged tree: base and environment
    root: Node
    #: environments that the file knows
    environments: tuple[str, ...]
    #: by key (terraformFiles, manifests): the author's own files
    attachments: Mapping[str, tuple[Attachment, ...]]
    #: by function of ``serverless``: the files of its folder
    sources: Mapping[str, tuple[SourceFile, ...]]

    def place(self, *steps: str | int) -> Place:
        """Where the value at these steps (keys, element names, indices) is written, or the closest value around it."""
        return place_of(self.root, steps)

    def node(self, *steps: str | int) -> Node | None:
        """What is written at these steps, with the places inside it; None when it is not written out there."""
        node: Node | None = self.root
        for step in steps:
            node = step_into(node, step) if node is not None else None
        return node
