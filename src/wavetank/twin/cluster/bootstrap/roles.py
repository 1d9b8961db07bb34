"""The default RBAC policy, as far as people see it: discovery for everyone, and the roles that they are given.

Data only; ``plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go``. ``admin``, ``edit`` and ``view`` are aggregated from
the labelled ``system:aggregate-to-*`` roles; they are stored as their sum and labelled so that the aggregation
controller finds them right.
"""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.kube.types import Obj

from .component_roles import BOUND, CLUSTER_ROLES, READER, READER_RULES

API = "rbac.authorization.k8s.io/v1"
_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_ANNOTATIONS = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
_AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"

READ = ("get", "list", "watch")
WRITE = ("create", "delete", "deletecollection", "patch", "update")


def _rule(group: str, resources: str, verbs: tuple[str, ...]) -> Obj:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": list(verbs)}


_VIEW: tuple[Obj, ...] = (
    _rule(
        "",
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers "
        "replicationcontrollers/scale serviceaccounts services services/status",
        READ,
    ),
    _rule(
        "",
        "bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas "
        "resourcequotas/status",
        READ,
    ),
    _rule("", "namespaces", READ),
    _rule("discovery.k8s.io", "endpointslices", READ),
    _rule(
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets "
        "replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
        READ,
    ),
    _rule("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status", READ),
    _rule("batch", "cronjobs cronjobs/status jobs jobs/status", READ),
    _rule("policy", "poddisruptionbudgets poddisruptionbudgets/status", READ),
    _rule("networking.k8s.io", "ingresses ingresses/status networkpolicies", READ),
    _rule("metrics.k8s.io", "pods nodes", READ),
)
_EDIT: tuple[Obj, ...] = (
    _rule("", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy", READ),
    _rule("", "serviceaccounts", ("impersonate",)),
    _rule("", "pods pods/attach pods/exec pods/portforward pods/proxy", WRITE),
    _rule("", "pods/eviction", ("create",)),
    _rule(
        "",
        "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets "
        "serviceaccounts services services/proxy",
        WRITE,
    ),
    _rule("", "serviceaccounts/token", ("create",)),
    _rule(
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets "
        "statefulsets/scale",
        WRITE,
    ),
    _rule("autoscaling", "horizontalpodautoscalers", WRITE),
    _rule("batch", "cronjobs jobs", WRITE),
    _rule("policy", "poddisruptionbudgets", WRITE),
    _rule("networking.k8s.io", "ingresses networkpolicies", WRITE),
    _rule("coordination.k8s.io", "leases", (*WRITE, *READ)),
)
_ADMIN: tuple[Obj, ...] = (
    _rule("authorization.k8s.io", "localsubjectaccessreviews", ("create",)),
    _rule("rbac.authorization.k8s.io", "rolebindings roles", (*WRITE, *READ)),
)

_HEALTH = ("/healthz", "/livez", "/readyz", "/version", "/version/")
_DISCOVERY = (
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
)
_ANYONE = ("system:authenticated", "system:unauthenticated")


def _paths(paths: tuple[str, ...]) -> Obj:
    return {"nonResourceURLs": list(paths), "verbs": ["get"]}


def _cluster_role(name: str, rules: list[Obj], labels: dict[str, str] | None = None, aggregates: str = "") -> Obj:
    metadata = {"name": name, "labels": {**_LABELS, **(labels or {})}, "annotations": _ANNOTATIONS}
    role: Obj = {"apiVersion": API, "kind": "ClusterRole", "metadata": metadata, "rules": rules}
    if aggregates:
        selector = {"matchLabels": {f"{_AGGREGATE}{aggregates}": "true"}}
        role["aggregationRule"] = {"clusterRoleSelectors": [selector]}
    return role


def _binding(name: str, role: str, subjects: list[Obj]) -> Obj:
    return {
        "apiVersion": API,
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name, "labels": _LABELS, "annotations": _ANNOTATIONS},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": subjects,
    }


def _group(name: str) -> Obj:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": name}


def role_objects() -> Iterator[Obj]:
    everything = [
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["*"]},
    ]
    yield _cluster_role("cluster-admin", everything)
    view, edit, admin = list(_VIEW), list(_EDIT), list(_ADMIN)
    yield _cluster_role("system:aggregate-to-view", view, {f"{_AGGREGATE}view": "true"})
    yield _cluster_role("system:aggregate-to-edit", edit, {f"{_AGGREGATE}edit": "true"})
    yield _cluster_role("system:aggregate-to-admin", admin, {f"{_AGGREGATE}admin": "true"})
    yield _cluster_role("view", view, {f"{_AGGREGATE}edit": "true"}, "view")
    yield _cluster_role("edit", [*edit, *view], {f"{_AGGREGATE}admin": "true"}, "edit")
    yield _cluster_role("admin", [*admin, *edit, *view], aggregates="admin")
    yield from _everyones_roles()
    yield from _component_roles()


def _everyones_roles() -> Iterator[Obj]:
    basic = [
        _rule("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", ("create",)),
        _rule("authentication.k8s.io", "selfsubjectreviews", ("create",)),
    ]
    yield _cluster_role("system:basic-user", basic)
    yield _cluster_role("system:discovery", [_paths(_DISCOVERY)])
    yield _cluster_role("system:public-info-viewer", [_paths(_HEALTH)])
    yield _binding("cluster-admin", "cluster-admin", [_group("system:masters")])
    yield _binding("system:basic-user", "system:basic-user", [_group("system:authenticated")])
    yield _binding("system:discovery", "system:discovery", [_group("system:authenticated")])
    yield _binding("system:public-info-viewer", "system:public-info-viewer", [_group(g) for g in _ANYONE])


def _component_roles() -> Iterator[Obj]:
    for name, rules in CLUSTER_ROLES.items():
        yield _cluster_role(name, list(rules))
    for role, (kind, subject) in BOUND.items():
        yield _binding(role, role, [{"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": subject}])
    metadata = {"name": READER, "namespace": "kube-system", "labels": _LABELS, "annotations": _ANNOTATIONS}
    yield {"apiVersion": API, "kind": "Role", "metadata": metadata, "rules": list(READER_RULES)}
