"""Admission: the rules of the cluster that are not the schema's. One file per plugin; the tuple below is the order.

``Cluster`` runs the plugins it is given; ``STANDARD`` is what an EKS control plane runs, as far as it acts on anything
that the twin keeps.
"""

from .attempt import Attempt, Plugin
from .claim_resize import CLAIM_RESIZE
from .default_storage_class import DEFAULT_STORAGE_CLASS
from .default_toleration_seconds import DEFAULT_TOLERATION_SECONDS
from .limit_ranger import LIMIT_RANGER
from .namespace_lifecycle import NAMESPACE_LIFECYCLE
from .node_taint import TAINT_NODES_BY_CONDITION
from .pod_security import POD_SECURITY
from .priority import PRIORITY
from .rbac_escalation import RBAC_ESCALATION
from .resource_quota import RESOURCE_QUOTA
from .runtime_class import RUNTIME_CLASS
from .service_account import SERVICE_ACCOUNT
from .signing_requests import SIGNING_REQUESTS
from .storage_protection import STORAGE_PROTECTION
from .validating_policies import VALIDATING_POLICIES

#: Mutations run in this order, then validation, then reviews in this order; quota last, since it counts what came through.
STANDARD: tuple[Plugin, ...] = (
    NAMESPACE_LIFECYCLE,
    LIMIT_RANGER,
    SERVICE_ACCOUNT,
    TAINT_NODES_BY_CONDITION,
    POD_SECURITY,
    PRIORITY,
    DEFAULT_TOLERATION_SECONDS,
    DEFAULT_STORAGE_CLASS,
    CLAIM_RESIZE,
    STORAGE_PROTECTION,
    RUNTIME_CLASS,
    RBAC_ESCALATION,
    SIGNING_REQUESTS,
    VALIDATING_POLICIES,
    RESOURCE_QUOTA,
)

__all__ = ["STANDARD", "Attempt", "Plugin"]
