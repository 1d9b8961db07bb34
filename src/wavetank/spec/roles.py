"""Roles of RBAC as an author writes them, and who has them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from wavetank.spec.words import DottedName, Many, Name, Written


class PolicyRule(Written):
    """A rule of RBAC, as in Kubernetes."""

    api_groups: Many[str] | None = None
    """API groups; `""` is the core group."""
    resources: Many[str] | None = None
    """Resources in plural, with subresources after a slash: pods, pods/log."""
    resource_names: Many[str] | None = None
    """Only these objects; all when absent."""
    verbs: Many[str]
    """What may be done: get, list, watch, create, update, patch, delete."""
    non_resource_urls: Annotated[Many[str] | None, Field(alias="nonResourceURLs")] = None
    """Paths that are no resources (ClusterRoles only)."""


class Subject(Written):
    """Who a role is bound to."""

    kind: Literal["User", "Group", "ServiceAccount"]
    """What the name names."""
    name: str
    """Name of the user, group or service account."""
    namespace: Name | None = None
    """Of a service account; the binding's namespace when absent."""


class Role(Written):
    """A Role and its RoleBinding."""

    name: DottedName
    """Name of both."""
    namespace: Name | None = None
    """Namespace. Default: the only one of the platform."""
    rules: Many[PolicyRule]
    """What it allows, in Kubernetes' shape."""
    subjects: Many[Subject] | None = None
    """Who it is bound to, in Kubernetes' shape."""
    workloads: Many[Name] | None = None
    """Workloads whose service accounts it is bound to."""
