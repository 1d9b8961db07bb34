"""RBAC: roles and who they are bound to."""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Role, RoleBinding, Workload
from wavetank.plan.namespaces import only_namespace
from wavetank.spec.platform import PlatformFile
from wavetank.spec.roles import Role as WrittenRole
from wavetank.spec.roles import Subject
from wavetank.spec.shapes import shape

_RBAC_GROUP = "rbac.authorization.k8s.io"


def role(stated: WrittenRole, written: PlatformFile, ledger: Ledger) -> Role:
    """The rules, in the role's namespace."""
    path = f"roles[{stated.name}]"
    ledger.stated(path, stated)
    rules = ledger.shape(f"{path}.rules", tuple(shape(rule) for rule in stated.rules))
    return Role(stated.name, _namespace(stated, written), rules)


def role_binding(
    stated: WrittenRole, written: PlatformFile, workloads: tuple[Workload, ...], ledger: Ledger
) -> RoleBinding:
    """The binding of the same name, to the stated subjects and to the service accounts of the stated workloads."""
    path = f"roleBindings[{stated.name}]"
    namespace = _namespace(stated, written)
    ledger.derived(path, None, (f"roles[{stated.name}]",), "it binds the role of its name")
    subjects = [_subject(subject, namespace) for subject in stated.subjects or ()]
    if stated.subjects:
        ledger.stated(f"{path}.subjects", None, f"roles[{stated.name}].subjects")
    for workload in workloads:
        if workload.name in (stated.workloads or ()):
            origins = (f"roles[{stated.name}]", f"workloads[{workload.name}].serviceAccount.name")
            how = f"the service account of {workload.name}"
            subjects.append(
                ledger.derived(f"{path}.subjects[{workload.service_account.name}]", _account(workload), origins, how)
            )
    return RoleBinding(stated.name, namespace, stated.name, tuple(subjects))


def _namespace(stated: WrittenRole, written: PlatformFile) -> str:
    return stated.namespace or only_namespace(written)


def _account(workload: Workload) -> Obj:
    return {"kind": "ServiceAccount", "name": workload.service_account.name, "namespace": workload.namespace}


def _subject(subject: Subject, namespace: str) -> Obj:
    if subject.kind == "ServiceAccount":
        return {"kind": subject.kind, "name": subject.name, "namespace": subject.namespace or namespace}
    return {"kind": subject.kind, "name": subject.name, "apiGroup": _RBAC_GROUP}
