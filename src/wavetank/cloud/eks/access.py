"""Access entries: which AWS principal is which Kubernetes user, in which groups, with which access policies.

``user_for`` is what a control plane asks after ``tokens.verify`` has said who calls. Behaviour: Amazon EKS User Guide,
"Grant IAM users access to Kubernetes with EKS access entries" and "Review access policy permissions".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from wavetank.cloud.callers import Identity
from wavetank.cloud.eks.call import Call, Handler
from wavetank.cloud.eks.errors import InvalidParameterException, InvalidRequestException, ResourceInUseException
from wavetank.cloud.eks.state import Cluster, Wire
from wavetank.cloud.events import AccessChanged

CLUSTER_ADMIN = "AmazonEKSClusterAdminPolicy"
#: Access policy -> the ClusterRole of Kubernetes that its permissions correspond to.
CLUSTER_ROLES = {
    CLUSTER_ADMIN: "cluster-admin",
    "AmazonEKSAdminPolicy": "admin",
    "AmazonEKSEditPolicy": "edit",
    "AmazonEKSViewPolicy": "view",
    "AmazonEKSAdminViewPolicy": "view",
}
#: Entry types of nodes and what their nodes are called in Kubernetes.
NODE_TYPES = {
    "EC2_LINUX": ("system:node:{{EC2PrivateDNSName}}", ["system:nodes"]),
    "EC2_WINDOWS": ("system:node:{{EC2PrivateDNSName}}", ["system:nodes", "eks:kube-proxy-windows"]),
    "FARGATE_LINUX": ("system:node:{{SessionName}}", ["system:nodes", "system:bootstrappers", "system:node-proxier"]),
}


@dataclass(frozen=True)
class Grant:
    """An access policy as the role binding that it amounts to; no namespaces means the whole cluster."""

    policy: str
    cluster_role: str
    namespaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClusterUser:
    """Who a token's bearer is to Kubernetes. ``groups`` lacks ``system:authenticated``, which every API server adds."""

    username: str
    uid: str
    groups: tuple[str, ...]
    grants: tuple[Grant, ...]
    principal_arn: str


def user_for(cluster: Cluster, identity: Identity) -> ClusterUser | None:
    """The Kubernetes user of an AWS identity; None when the cluster has no place for it (Unauthorized).

    Entries of type STANDARD with cluster-wide AmazonEKSClusterAdminPolicy are put into ``system:masters`` too, so that a
    control plane without EKS's own authorizer gives them what EKS gives.
    """
    mode, principal = cluster.wire["accessConfig"]["authenticationMode"], identity.principal_arn
    entry = cluster.access_entries.get(principal) if mode != "CONFIG_MAP" else None
    if entry is None:
        return _hidden_creator(cluster, identity)
    grants = tuple(_grant(policy) for policy in cluster.access_policies[principal].values())
    groups = list(entry["kubernetesGroups"])
    if any(grant.policy == CLUSTER_ADMIN and not grant.namespaces for grant in grants):
        groups.append("system:masters")
    uid = f"aws-iam-authenticator:{identity.account}:{identity.user_id.split(':')[0]}"
    return ClusterUser(_username(entry["username"], identity), uid, tuple(groups), grants, principal)


def _hidden_creator(cluster: Cluster, identity: Identity) -> ClusterUser | None:
    """In CONFIG_MAP mode the creator is an administrator without any visible entry."""
    config = cluster.wire["accessConfig"]
    if config["authenticationMode"] != "CONFIG_MAP" or not config["bootstrapClusterCreatorAdminPermissions"]:
        return None
    if identity.principal_arn != cluster.creator_arn:
        return None
    grants = (Grant(CLUSTER_ADMIN, CLUSTER_ROLES[CLUSTER_ADMIN]),)
    return ClusterUser("kubernetes-admin", identity.user_id, ("system:masters",), grants, identity.principal_arn)


def _grant(association: Wire) -> Grant:
    policy = association["policyArn"].rsplit("/", 1)[-1]
    return Grant(policy, CLUSTER_ROLES[policy], tuple(association["accessScope"].get("namespaces", ())))


def _username(template: str, identity: Identity) -> str:
    """The templates that aws-iam-authenticator knows; ``@`` in a raw session name cannot stand in a user name."""
    values = {
        "{{AccountID}}": identity.account,
        "{{SessionName}}": identity.session_name.replace("@", "-"),
        "{{SessionNameRaw}}": identity.session_name,
        "{{EC2PrivateDNSName}}": identity.session_name,
    }
    for placeholder, value in values.items():
        template = template.replace(placeholder, value)
    return template


def default_username(principal_arn: str) -> str:
    """What an entry is called that names nobody: the user's ARN, or the role's sessions."""
    if ":role/" not in principal_arn:
        return principal_arn
    prefix, path = principal_arn.split(":role/")
    return f"{prefix.replace(':iam:', ':sts:')}:assumed-role/{path.rsplit('/', 1)[-1]}/{{{{SessionName}}}}"


def grant_creator(call: Call, cluster: Cluster) -> None:
    """The entry that EKS writes for whoever creates a cluster, if bootstrapping permits it and entries exist."""
    config = cluster.wire["accessConfig"]
    if config["authenticationMode"] == "CONFIG_MAP" or not config["bootstrapClusterCreatorAdminPermissions"]:
        return
    _add_entry(call, cluster, cluster.creator_arn, "STANDARD")
    _associate(call, cluster, cluster.creator_arn, policy_arn(CLUSTER_ADMIN), {"type": "cluster", "namespaces": []})


def grant_node_role(call: Call, cluster: Cluster, role_arn: str) -> None:
    """The entry that EKS writes for the role of a managed node group."""
    if cluster.wire["accessConfig"]["authenticationMode"] != "CONFIG_MAP" and role_arn not in cluster.access_entries:
        _add_entry(call, cluster, role_arn, "EC2_LINUX")


def policy_arn(name: str) -> str:
    return f"arn:aws:eks::aws:cluster-access-policy/{name}"


def _add_entry(call: Call, cluster: Cluster, principal: str, kind: str, **given: Any) -> Wire:
    username, groups = NODE_TYPES.get(kind, (default_username(principal), []))
    entry: Wire = {
        "clusterName": cluster.ref.name,
        "principalArn": principal,
        "kubernetesGroups": list(groups),
        "accessEntryArn": call.arn("access-entry", cluster.ref.name, *_arn_path(principal), call.clusters.new_uuid()),
        "createdAt": call.now,
        "modifiedAt": call.now,
        "tags": {},
        "username": username,
        "type": kind,
    } | given
    cluster.access_entries[principal] = entry
    cluster.access_policies[principal] = {}
    call.emit(AccessChanged(cluster.ref, principal))
    return entry


def _arn_path(principal: str) -> tuple[str, str, str]:
    """``role/111122223333/name`` of a principal, as access entry ARNs contain it."""
    _, _, _, _, account, path = principal.split(":", 5)
    kind, _, name = path.partition("/")
    return kind, account, name.rsplit("/", 1)[-1]


def _require_entries(cluster: Cluster) -> None:
    if cluster.wire["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        raise InvalidRequestException(
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation."
        )


def create_access_entry(call: Call) -> Wire:
    cluster, principal = call.cluster, call.parameters["principalArn"]
    _require_entries(cluster)
    if principal in cluster.access_entries:
        raise ResourceInUseException("The specified access entry resource is already in use on this cluster.")
    if not principal.startswith("arn:") or principal.count(":") < 5:
        raise InvalidParameterException("The principalArn parameter format is not valid")
    kind, given = call.get("type", "STANDARD"), _given(call)
    if kind not in ("STANDARD", *NODE_TYPES):
        raise InvalidParameterException(f"The type {kind} is not supported here")
    _check_names(kind, given)
    return {"accessEntry": _add_entry(call, cluster, principal, kind, **given, tags=dict(call.get("tags", {})))}


def _given(call: Call) -> Wire:
    keys = [key for key in ("kubernetesGroups", "username") if call.get(key)]
    return {key: call.get(key) for key in keys}


def _check_names(kind: str, given: Wire) -> None:
    if kind != "STANDARD" and given:
        raise InvalidParameterException(f"The type {kind} does not allow kubernetesGroups or username")
    reserved = ("system:", "eks:", "aws:", "amazon:", "iam:")
    for group in given.get("kubernetesGroups", []):
        if group.startswith(reserved):
            raise InvalidParameterException(
                f"The kubernetes group name {group} is invalid, it cannot start with {reserved}"
            )
    if str(given.get("username", "")).startswith(reserved):
        raise InvalidParameterException(f"The username {given['username']} is invalid, it cannot start with {reserved}")


def describe_access_entry(call: Call) -> Wire:
    return {"accessEntry": call.cluster.access_entry(call.parameters["principalArn"])}


def list_access_entries(call: Call) -> Wire:
    cluster, policy = call.cluster, call.get("associatedPolicyArn")
    found = [arn for arn in cluster.access_entries if not policy or policy in cluster.access_policies[arn]]
    return call.page("accessEntries", sorted(found))


def update_access_entry(call: Call) -> Wire:
    cluster = call.cluster
    entry = cluster.access_entry(call.parameters["principalArn"])
    changed = {key: call.get(key) for key in ("kubernetesGroups", "username") if call.get(key) is not None}
    _check_names(entry["type"], changed)
    entry |= changed | {"modifiedAt": call.now}
    call.emit(AccessChanged(cluster.ref, entry["principalArn"]))
    return {"accessEntry": entry}


def delete_access_entry(call: Call) -> Wire:
    cluster = call.cluster
    principal = cluster.access_entry(call.parameters["principalArn"])["principalArn"]
    del cluster.access_entries[principal]
    del cluster.access_policies[principal]
    call.emit(AccessChanged(cluster.ref, principal))
    return {}


def associate_access_policy(call: Call) -> Wire:
    cluster = call.cluster
    entry = cluster.access_entry(call.parameters["principalArn"])
    if entry["type"] != "STANDARD":
        raise InvalidRequestException(
            f"You cannot associate access policies with access entries of type {entry['type']}"
        )
    arn, scope = call.parameters["policyArn"], call.parameters["accessScope"]
    if arn not in _policy_arns():
        raise InvalidParameterException(f"The policyArn parameter format is not valid: {arn}")
    if scope["type"] == "namespace" and not scope.get("namespaces"):
        raise InvalidParameterException("An access scope of type namespace needs at least one namespace")
    made = _associate(call, cluster, entry["principalArn"], arn, {"namespaces": []} | scope)
    return {"clusterName": cluster.ref.name, "principalArn": entry["principalArn"], "associatedAccessPolicy": made}


def _associate(call: Call, cluster: Cluster, principal: str, arn: str, scope: Wire) -> Wire:
    made: Wire = {"policyArn": arn, "accessScope": scope, "associatedAt": call.now, "modifiedAt": call.now}
    cluster.access_policies[principal][arn] = made
    call.emit(AccessChanged(cluster.ref, principal))
    return made


def disassociate_access_policy(call: Call) -> Wire:
    cluster = call.cluster
    principal = cluster.access_entry(call.parameters["principalArn"])["principalArn"]
    if cluster.access_policies[principal].pop(call.parameters["policyArn"], None) is not None:
        call.emit(AccessChanged(cluster.ref, principal))
    return {}


def list_associated_access_policies(call: Call) -> Wire:
    cluster = call.cluster
    principal = cluster.access_entry(call.parameters["principalArn"])["principalArn"]
    head = {"clusterName": cluster.ref.name, "principalArn": principal}
    return head | call.page("associatedAccessPolicies", list(cluster.access_policies[principal].values()))


def _policy_arns() -> Iterable[str]:
    return [policy_arn(name) for name in CLUSTER_ROLES]


def list_access_policies(call: Call) -> Wire:
    return call.page("accessPolicies", [{"name": name, "arn": policy_arn(name)} for name in CLUSTER_ROLES])


OPERATIONS: dict[str, Handler] = {
    "CreateAccessEntry": create_access_entry,
    "DescribeAccessEntry": describe_access_entry,
    "ListAccessEntries": list_access_entries,
    "UpdateAccessEntry": update_access_entry,
    "DeleteAccessEntry": delete_access_entry,
    "AssociateAccessPolicy": associate_access_policy,
    "DisassociateAccessPolicy": disassociate_access_policy,
    "ListAssociatedAccessPolicies": list_associated_access_policies,
    "ListAccessPolicies": list_access_policies,
}
