"""Who may do what: people in the cluster (access entries), pods in AWS (roles of service accounts)."""

from __future__ import annotations

from typing import Any

from wavetank.plan.model import AccessEntry, AccessPolicy, Plan, PodRole
from wavetank.render.kubernetes.parts import present
from wavetank.render.trace import Traced, tree


def config(plan: Plan) -> dict[str, Any]:
    """accessConfig."""
    cluster = plan.cluster
    return present(
        {
            "authenticationMode": Traced(cluster.authentication_mode, "cluster.authenticationMode"),
            "bootstrapClusterCreatorAdminPermissions": Traced(
                cluster.bootstrap_creator_admin, "cluster.bootstrapCreatorAdmin"
            ),
            "accessEntries": [_entry(entry) for entry in cluster.access_entries],
        }
    )


def _entry(entry: AccessEntry) -> Traced:
    path = f"cluster.accessEntries[{entry.name}]"
    content = {
        "principalARN": Traced(entry.principal_arn, f"{path}.principalArn"),
        "kubernetesGroups": Traced(list(entry.kubernetes_groups), f"{path}.kubernetesGroups"),
        "accessPolicies": Traced([_policy(policy) for policy in entry.policies], f"{path}.policies"),
    }
    return Traced(present(content), path)


def _policy(policy: AccessPolicy) -> dict[str, Any]:
    scope = {"type": "namespace", "namespaces": list(policy.namespaces)} if policy.namespaces else {"type": "cluster"}
    return {"policyARN": policy.policy_arn, "accessScope": scope}


def pod_roles(plan: Plan) -> dict[str, Any]:
    """iam: roles of service accounts under the names that the manifests and charts know. Add-ons name theirs themselves."""
    of_add_ons = {add_on.role for add_on in plan.add_ons}
    roles = [role for role in plan.pod_roles if role.name not in of_add_ons]
    if plan.pod_identity == "podIdentity":
        return present({"podIdentityAssociations": [_association(role) for role in roles]})
    accounts = [_service_account(role) for role in roles]
    return present({"withOIDC": Traced(True, "podRoles"), "serviceAccounts": accounts})


def _association(role: PodRole) -> Traced:
    """The same by EKS Pod Identity."""
    path = f"podRoles[{role.name}]"
    content = {
        "namespace": Traced(role.namespace, f"{path}.namespace"),
        "serviceAccountName": Traced(role.service_account, f"{path}.serviceAccount"),
        "roleName": Traced(role.name, f"{path}.name"),
        "permissionPolicyARNs": Traced(list(role.managed_policy_arns), f"{path}.managedPolicyArns"),
        "permissionPolicy": policy(role),
    }
    return Traced(present(content), path)


def _service_account(role: PodRole) -> Traced:
    """The role alone: the service account itself comes with the manifests or the chart."""
    path = f"podRoles[{role.name}]"
    metadata = {
        "name": Traced(role.service_account, f"{path}.serviceAccount"),
        "namespace": Traced(role.namespace, f"{path}.namespace"),
    }
    content = {
        "metadata": metadata,
        "roleName": Traced(role.name, f"{path}.name"),
        "roleOnly": True,
        "attachPolicyARNs": Traced(list(role.managed_policy_arns), f"{path}.managedPolicyArns"),
        "attachPolicy": policy(role),
    }
    return Traced(present(content), path)


def policy(role: PodRole) -> dict[str, Any] | None:
    """The role's own statements as a policy document; None without any."""
    if not role.statements:
        return None
    return {"Version": "2012-10-17", "Statement": tree(role.statements, f"podRoles[{role.name}].statements")}
