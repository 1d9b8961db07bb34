"""10-access.yaml: service accounts of workloads with their IAM roles, and RBAC."""

from __future__ import annotations

from wavetank.plan.model import Plan, Role, RoleBinding, Workload
from wavetank.render.kubernetes.configuration import belonging
from wavetank.render.kubernetes.parts import manifest, metadata
from wavetank.render.roles import role_arn
from wavetank.render.trace import Traced, tree

ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
_RBAC = "rbac.authorization.k8s.io"


def objects(plan: Plan) -> tuple[Traced, ...]:
    """Service accounts, roles, bindings; a role stands before what binds it."""
    accounts = {(item.namespace, item.service_account.name): item for item in reversed(plan.workloads)}
    return (
        *(_service_account(plan, workload) for workload in plan.workloads if workload in accounts.values()),
        *(_role(plan, role) for role in plan.roles),
        *(_binding(plan, binding) for binding in plan.role_bindings),
    )


def _service_account(plan: Plan, workload: Workload) -> Traced:
    """Of workloads that share a service account the first one writes it."""
    account = workload.service_account
    path = f"workloads[{workload.name}].serviceAccount"
    annotated = account.role if plan.pod_identity == "irsa" else None
    annotations = {ROLE_ANNOTATION: Traced(role_arn(plan, annotated), f"{path}.role")} if annotated else {}
    framed = belonging(plan, workload, path, account.name)
    if annotations:
        framed = Traced(framed.value | {"annotations": annotations}, path)
    mounts = Traced(account.automount_token, f"{path}.automountToken")
    return manifest("v1", "ServiceAccount", framed, path, automountServiceAccountToken=mounts)


def _role(plan: Plan, role: Role) -> Traced:
    path = f"roles[{role.name}]"
    rules = tree(role.rules, f"{path}.rules")
    return manifest(f"{_RBAC}/v1", "Role", metadata(plan, path, role.name, role.namespace), path, rules=rules)


def _binding(plan: Plan, binding: RoleBinding) -> Traced:
    path = f"roleBindings[{binding.name}]"
    reference = Traced({"apiGroup": _RBAC, "kind": "Role", "name": binding.role}, f"{path}.role")
    framed = metadata(plan, path, binding.name, binding.namespace)
    subjects = tree(binding.subjects, f"{path}.subjects")
    return manifest(f"{_RBAC}/v1", "RoleBinding", framed, path, roleRef=reference, subjects=subjects)
