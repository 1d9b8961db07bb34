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


def _fill_role(obj: Obj) -> None:
    # A list that a server keeps empty and Go prints all the same.
    obj["rules"] = obj.get("rules") or None


FILLERS = {
    "Role": _fill_role,
    "ClusterRole": _fill_role,
    "RoleBinding": _fill_binding,
    "ClusterRoleBinding": _fill_binding,
}
