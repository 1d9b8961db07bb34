"""Defaults of the group ``rbac.authorization.k8s.io``: the groups that references leave out."""

from __future__ import annotations

from ..types import Obj

GROUP = "rbac.authorization.k8s.io"


def _fill_binding(obj: Obj) -> None:
    role = obj.setdefault("roleRef", {})
    role["apiGroup"] = role.get("apiGroup") or GROUP
    for subject in obj.get("subjects") or ():
        if subject.get("kind") in ("User", "Group") and not subject.get("apiGroup"):
            subject["apiGroup"] = GROUP


FILLERS = {
    "RoleBinding": _fill_binding,
    "ClusterRoleBinding": _fill_binding,
}
