"""What an API server refuses: semantic rules of the built-in kinds, with upstream's exact sentences.

The API server calls ``validate_create`` and ``validate_update`` on decoded, defaulted objects; an empty list means that
the object may be stored. What is never stored by itself (Scale, TokenRequest) goes by its own kind. Nothing here
changes an object or knows another one: names that must exist, quotas and grants are admission's. Writes of status and
of other subresources that share their kind with the object are not validated here.

Upstream: ``pkg/apis/<group>/validation/validation.go`` of Kubernetes 1.36.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from ..errors import Cause
from ..types import Obj, Resource
from . import (
    admission_policies,
    autoscaling,
    batch,
    certificates,
    cluster,
    config,
    definitions,
    networking,
    policy,
    rbac,
    services,
    storage,
    workloads,
)
from .metadata import known_finalizers, metadata, metadata_update
from .names import path_segment
from .pods import pod, pod_update, template

Creation: TypeAlias = Callable[[Obj], Iterator[Cause]]
Update: TypeAlias = Callable[[Obj, Obj], Iterator[Cause]]


def _any(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})


def _any_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new.get("metadata") or {}, old.get("metadata") or {})


def _api_service(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    name = f"{spec.get('version', '')}.{spec.get('group', '')}"

    def problems(stated: str) -> list[str]:
        wrong = f'must be `spec.version+"."+spec.group`: "{name}"'
        return path_segment(stated) or ([] if stated == name else [wrong])

    yield from metadata(obj.get("metadata") or {}, problems)


def _pod_template(obj: Obj) -> Iterator[Cause]:
    yield from _any(obj)
    yield from template(obj.get("template") or {}, "template")


_NETWORKING, _RBAC = "networking.k8s.io", "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_fixed_selector = workloads.updates_with_fixed_selector

_RULES: Mapping[tuple[str, str], tuple[Creation, Update]] = {
    ("", "ConfigMap"): (config.config_map, config.config_map_update),
    ("", "LimitRange"): (policy.limit_range, policy.limit_range_update),
    ("", "Namespace"): (cluster.namespace, cluster.namespace_update),
    ("", "Node"): (cluster.node, cluster.node_update),
    ("", "PersistentVolume"): (storage.volume, storage.volume_update),
    ("", "PersistentVolumeClaim"): (storage.claim, storage.claim_update),
    ("", "Pod"): (pod, pod_update),
    ("", "PodTemplate"): (_pod_template, _any_update),
    ("", "ReplicationController"): (workloads.replication_controller, workloads.replication_controller_update),
    ("", "ResourceQuota"): (policy.quota, policy.quota_update),
    ("", "Secret"): (config.secret, config.secret_update),
    ("", "Service"): (services.service, services.service_update),
    (_ADMISSION, "ValidatingAdmissionPolicy"): (admission_policies.policy, admission_policies.policy_update),
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): (admission_policies.binding, admission_policies.binding_update),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (definitions.definition, definitions.definition_update),
    ("apiregistration.k8s.io", "APIService"): (_api_service, _any_update),
    ("apps", "ControllerRevision"): (_any, workloads.controller_revision_update),
    ("apps", "DaemonSet"): (workloads.daemon_set, _fixed_selector(workloads.daemon_set)),
    ("apps", "Deployment"): (workloads.deployment, _fixed_selector(workloads.deployment)),
    ("apps", "ReplicaSet"): (workloads.replica_set, _fixed_selector(workloads.replica_set)),
    ("apps", "StatefulSet"): (workloads.stateful_set, workloads.stateful_set_update),
    ("autoscaling", "HorizontalPodAutoscaler"): (autoscaling.autoscaler, autoscaling.autoscaler_update),
    ("autoscaling", "Scale"): (workloads.scale, lambda new, old: workloads.scale(new)),
    ("authentication.k8s.io", "TokenRequest"): (cluster.token_request, lambda new, old: cluster.token_request(new)),
    ("batch", "CronJob"): (batch.cron_job, batch.cron_job_update),
    ("batch", "Job"): (batch.job, batch.job_update),
    ("certificates.k8s.io", "CertificateSigningRequest"): (
        certificates.signing_request,
        certificates.signing_request_update,
    ),
    (_NETWORKING, "Ingress"): (networking.ingress, networking.ingress_update),
    (_NETWORKING, "IngressClass"): (networking.ingress_class, networking.ingress_class_update),
    (_NETWORKING, "NetworkPolicy"): (networking.network_policy, networking.network_policy_update),
    ("policy", "PodDisruptionBudget"): (policy.budget, policy.budget_update),
    (_RBAC, "ClusterRole"): (rbac.cluster_role, rbac.cluster_role_update),
    (_RBAC, "ClusterRoleBinding"): (rbac.cluster_role_binding, rbac.cluster_role_binding_update),
    (_RBAC, "Role"): (rbac.role, rbac.role_update),
    (_RBAC, "RoleBinding"): (rbac.role_binding, rbac.role_binding_update),
    ("scheduling.k8s.io", "PriorityClass"): (policy.priority_class, policy.priority_class_update),
    ("storage.k8s.io", "StorageClass"): (storage.storage_class, storage.storage_class_update),
}


#: Kinds whose update is judged by all the rules for new objects, those of metadata among them.
_JUDGED_WHOLE = {
    ("", k) for k in ("ConfigMap", "Secret", "Pod", "Service", "PersistentVolumeClaim", "PersistentVolume")
}


def validate_create(obj: Obj, resource: Resource) -> list[Cause]:
    """Why ``obj`` may not be created; kinds without rules of their own (custom ones, too) have their metadata judged."""
    rules = _RULES.get((resource.group, resource.kind))
    if rules is None:
        return list(_any(obj))
    return [*rules[0](obj), *known_finalizers(obj.get("metadata") or {})]


def validate_update(new: Obj, old: Obj, resource: Resource) -> list[Cause]:
    """Why ``old`` may not become ``new``."""
    _, update = _RULES.get((resource.group, resource.kind), (_any, _any_update))
    judged = (resource.group, resource.kind) in _JUDGED_WHOLE
    return [*update(new, old), *(known_finalizers(new.get("metadata") or {}) if judged else ())]
