"""The whole plan of one platform in one environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wavetank.plan.model.assumptions import CostAssumptions, LocalCommand, Objectives, Suppression, Traffic
from wavetank.plan.model.aws import AddOn, Cluster, HelmRelease, Network, NodeGroup, PodRole, Repository, SecretStore
from wavetank.plan.model.backup import Backup, Standby
from wavetank.plan.model.delivery import AnalysisTemplate
from wavetank.plan.model.gitops import GitOps
from wavetank.plan.model.ground import Dns, FileSystem, Karpenter, PodIdentity, StateBackend, UserFile
from wavetank.plan.model.ingress import CertificateIssuer, Ingress
from wavetank.plan.model.kubernetes import (
    Namespace,
    NetworkPolicy,
    Role,
    RoleBinding,
    Service,
    ServiceMonitor,
    Workload,
)
from wavetank.plan.model.mesh import Mesh
from wavetank.plan.model.observability import Observability
from wavetank.plan.model.secrets import ExternalSecret, SealedSecret, SecretReader
from wavetank.plan.model.security import ImagePolicy, Pipeline, PushRole
from wavetank.plan.model.serverless import Serverless
from wavetank.plan.model.spending import Budget, CostMonitoring
from wavetank.plan.model.storage import PriorityClass, StorageClass
from wavetank.plan.reasons import Reason, Stated, nearest_reason, stated_place


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
    karpenter: Karpenter | None
    add_ons: tuple[AddOn, ...]
    helm_releases: tuple[HelmRelease, ...]
    pod_roles: tuple[PodRole, ...]
    repositories: tuple[Repository, ...]
    secrets: tuple[SecretStore, ...]
    file_systems: tuple[FileSystem, ...]
    dns: Dns | None
    serverless: Serverless | None
    pod_identity: PodIdentity
    state_backend: StateBackend | None
    terraform_files: tuple[UserFile, ...]
    manifests: tuple[UserFile, ...]
    secret_readers: tuple[SecretReader, ...]
    external_secrets: tuple[ExternalSecret, ...]
    sealed_secrets: tuple[SealedSecret, ...]
    namespaces: tuple[Namespace, ...]
    storage_classes: tuple[StorageClass, ...]
    priority_classes: tuple[PriorityClass, ...]
    workloads: tuple[Workload, ...]
    services: tuple[Service, ...]
    ingresses: tuple[Ingress, ...]
    certificate_issuers: tuple[CertificateIssuer, ...]
    mesh: Mesh | None
    analysis_templates: tuple[AnalysisTemplate, ...]
    network_policies: tuple[NetworkPolicy, ...]
    roles: tuple[Role, ...]
    role_bindings: tuple[RoleBinding, ...]
    service_monitors: tuple[ServiceMonitor, ...]
    observability: Observability | None
    image_policy: ImagePolicy | None
    backup: Backup | None
    standby: Standby | None
    budgets: tuple[Budget, ...]
    cost_monitoring: CostMonitoring | None
    pipelines: tuple[Pipeline, ...]
    push_role: PushRole | None
    gitops: GitOps | None
    traffic: Traffic
    cost: CostAssumptions
    objectives: Objectives
    suppressions: tuple[Suppression, ...]
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
