"""The EKS cluster and who may use it."""

from __future__ import annotations

from wavetank import catalog
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import AccessEntry, AccessPolicy, Cluster, ControlPlaneLogs, Endpoint
from wavetank.plan.reasons import Default
from wavetank.spec.aws import AccessEntry as WrittenAccessEntry
from wavetank.spec.aws import AccessPolicy as WrittenAccessPolicy
from wavetank.spec.aws import Cluster as WrittenCluster
from wavetank.spec.aws import ControlPlaneLogs as WrittenLogs
from wavetank.spec.aws import Endpoint as WrittenEndpoint
from wavetank.spec.platform import PlatformFile

_GUIDE = "docs.aws.amazon.com/eks/latest/userguide"
_SECURITY = "docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html"

NEWEST = Default(
    "cluster.version",
    "the newest minor that EKS offers has the longest support ahead",
    f"{_GUIDE}/kubernetes-versions.html",
)
STANDARD = Default(
    "cluster.supportType", "extended support costs six times the cluster fee", f"{_GUIDE}/kubernetes-versions.html"
)
SERVICE_RANGE = Default(
    "cluster.serviceCidr", "what EKS itself takes beside a VPC in 10.0.0.0/8", f"{_GUIDE}/network-reqs.html"
)
PRIVATE = Default("cluster.endpoint.private", "nodes reach the API without leaving the VPC", _SECURITY)
ADMIN_LOGS = Default("cluster.logs", "who asked for what, and who was refused", f"{_GUIDE}/control-plane-logs.html")
ENCRYPTED = Default(
    "cluster.secretsEncryption", "a copy of etcd alone must not reveal Secrets", f"{_GUIDE}/enable-kms.html"
)
ACCESS_ENTRIES = Default(
    "cluster.authenticationMode", "access entries can be reviewed in AWS and cannot lock you out", _SECURITY
)
CREATOR = Default(
    "cluster.bootstrapCreatorAdmin",
    "whoever creates the cluster has to install into it",
    f"{_GUIDE}/access-entries.html",
)
NOBODY = Default("cluster.accessEntries", "nobody but its creator, until somebody is named", _SECURITY)
DELETABLE = Default("cluster.deletionProtection", "what Terraform made, Terraform can take away")


def cluster(written: PlatformFile, environment: str, ledger: Ledger) -> Cluster:
    """The cluster; without a word from the author: the newest version, private, encrypted, with audit logs."""
    stated = written.cluster or WrittenCluster()
    return Cluster(
        name=_name(written, stated, environment, ledger),
        version=ledger.chosen("cluster.version", stated.version, catalog.eks_versions()[0].minor, NEWEST),
        support_type=ledger.chosen("cluster.supportType", stated.support_type, "STANDARD", STANDARD),
        service_cidr=ledger.chosen("cluster.serviceCidr", stated.service_cidr, "172.20.0.0/16", SERVICE_RANGE),
        endpoint=_endpoint(stated.endpoint or WrittenEndpoint(), ledger),
        logs=_logs(stated.logs or WrittenLogs(), ledger),
        secrets_encryption=ledger.chosen("cluster.secretsEncryption", stated.secrets_encryption, True, ENCRYPTED),
        authentication_mode=ledger.chosen(
            "cluster.authenticationMode", stated.authentication_mode, "API", ACCESS_ENTRIES
        ),
        bootstrap_creator_admin=ledger.chosen(
            "cluster.bootstrapCreatorAdmin", stated.bootstrap_creator_admin, True, CREATOR
        ),
        access_entries=_access_entries(stated.access_entries, written.account_id, ledger),
        deletion_protection=ledger.chosen("cluster.deletionProtection", stated.deletion_protection, False, DELETABLE),
    )


def _name(written: PlatformFile, stated: WrittenCluster, environment: str, ledger: Ledger) -> str:
    if stated.name is not None:
        return ledger.stated("cluster.name", stated.name)
    return ledger.derived(
        "cluster.name", f"{written.name}-{environment}", ("name", "environment"), "platform and environment"
    )


def _endpoint(stated: WrittenEndpoint, ledger: Ledger) -> Endpoint:
    path = "cluster.endpoint"
    cidrs = stated.public_access_cidrs or ()
    nobody = Default(f"{path}.publicAccessCidrs", "the whole internet is not a default", _SECURITY)
    ledger.chosen(f"{path}.publicAccessCidrs", stated.public_access_cidrs, (), nobody)
    if stated.public is not None:
        public = ledger.stated(f"{path}.public", stated.public)
    else:
        origins = (f"{path}.publicAccessCidrs",)
        public = ledger.derived(f"{path}.public", bool(cidrs), origins, "public only when it is said for whom")
    private = ledger.chosen(f"{path}.private", stated.private, True, PRIVATE)
    return Endpoint(public, private, cidrs if public else ())


def _logs(stated: WrittenLogs, ledger: Ledger) -> ControlPlaneLogs:
    types = ledger.chosen("cluster.logs.types", stated.types, ("api", "audit", "authenticator"), ADMIN_LOGS)
    retention_days = ledger.chosen("cluster.logs.retentionDays", stated.retention_days, 90, ADMIN_LOGS)
    return ControlPlaneLogs(types, retention_days)


def _access_entries(
    written: tuple[WrittenAccessEntry, ...] | None, account_id: str, ledger: Ledger
) -> tuple[AccessEntry, ...]:
    ledger.chosen("cluster.accessEntries", written, None, NOBODY)
    return tuple(_access_entry(entry, account_id, ledger) for entry in written or ())


def _access_entry(written: WrittenAccessEntry, account_id: str, ledger: Ledger) -> AccessEntry:
    path = f"cluster.accessEntries[{written.name}]"
    ledger.stated(path, written)
    arn = written.principal_arn or f"arn:aws:iam::{account_id}:role/{written.role}"
    if written.role is not None:
        ledger.stated(f"{path}.role", written.role)
        ledger.derived(f"{path}.principalArn", arn, (f"{path}.role", "accountId"), "the role in the platform's account")
    policies = tuple(_access_policy(policy) for policy in written.policies or ())
    return AccessEntry(written.name, arn, written.kubernetes_groups or (), policies)


def _access_policy(written: WrittenAccessPolicy) -> AccessPolicy:
    whole = written.policy.startswith("arn:")
    arn = written.policy if whole else f"arn:aws:eks::aws:cluster-access-policy/{written.policy}"
    return AccessPolicy(arn, written.namespaces or ())
