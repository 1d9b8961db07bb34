"""SEC003: a role that more than one service account may assume, or a pod that borrows a service account of the system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wavetank.checks.aws import IamRole
from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Workload
from wavetank.kube.types import Obj

#: service accounts of EKS's own components, and the workloads that may use them
SYSTEM_ACCOUNTS = {
    "aws-node": ("aws-node",),
    "kube-proxy": ("kube-proxy",),
    "coredns": ("coredns",),
    "ebs-csi-controller-sa": ("ebs-csi-controller",),
    "efs-csi-controller-sa": ("efs-csi-controller",),
    "cluster-autoscaler": ("cluster-autoscaler",),
    "aws-load-balancer-controller": ("aws-load-balancer-controller",),
}


def check(case: Case) -> Iterator[Mistake]:
    for role in case.aws.roles:
        for statement in role.trust or ():
            if "sts:AssumeRoleWithWebIdentity" in actions(statement):
                yield from _trust(role, statement)
    for workload in case.workloads:
        users = SYSTEM_ACCOUNTS.get(workload.service_account)
        if users is not None and not any(user in workload.name for user in users):
            yield _borrowed(workload)


def actions(statement: Obj) -> list[str]:
    stated = statement.get("Action") or []
    return [stated] if isinstance(stated, str) else [str(each) for each in stated]


def conditions(statement: Obj) -> Mapping[str, list[str]]:
    """Condition key without the provider's name ("sub", "aud") -> values, of all operators."""
    found: dict[str, list[str]] = {}
    for operands in mapping(statement.get("Condition")).values():
        for key, value in mapping(operands).items():
            values = value if isinstance(value, list) else [value]
            found.setdefault(key.rpartition(":")[2], []).extend(str(each) for each in values)
    return found


def _trust(role: IamRole, statement: Obj) -> Iterator[Mistake]:
    pinned = conditions(statement)
    if "eks" not in str(mapping(statement.get("Principal")).get("Federated", "eks")):
        return  # GitHub and others have subjects of their own
    missing = [key for key in ("sub", "aud") if key not in pinned]
    if missing:
        yield _mistake(role, f"pins no :{' and no :'.join(missing)}", ", ".join(missing))
    wide = [value for value in pinned.get("sub", ()) if "*" in value]
    if wide:
        yield _mistake(role, f"lets {wide[0]} in", "sub")


def _mistake(role: IamRole, what: str, keys: str) -> Mistake:
    return Mistake(
        at=role.at("trust"),
        message=(
            f"the trust policy of role {role.name} {what}: tokens for other audiences or other service accounts may "
            "assume it"
        ),
        remedy=(
            "pin both with StringEquals: <issuer>:sub to system:serviceaccount:<namespace>:<name>, <issuer>:aud "
            "to sts.amazonaws.com"
        ),
        numbers={"keys": keys},
    )


def _borrowed(workload: Workload) -> Mistake:
    return Mistake(
        at=workload.at_pod("serviceAccountName"),
        message=(
            f"{workload.title} runs as {workload.service_account}, a service account of EKS's own component: it gets that one's "
            "rights in AWS and the cluster, or does not start where there is no such account"
        ),
        remedy="give it a service account of its own",
        numbers={"serviceAccount": workload.service_account},
    )


RULE = Rule(
    id="SEC003",
    severity=Severity.ERROR,
    title="A role that others may assume",
    source="docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html",
    check=check,
)
