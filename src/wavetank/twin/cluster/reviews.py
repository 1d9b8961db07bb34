"""Questions about identity and access: SubjectAccessReview and its kin, SelfSubjectReview, TokenReview.

Answered by the edge from what the cluster knows; nothing is stored. Upstream ``pkg/registry/authorization`` and
``pkg/registry/authentication``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavetank.kube.errors import bad_request
from wavetank.kube.types import Obj, Resource

from .authorization import Asked
from .calls import User
from .tokens import InvalidTokenError

if TYPE_CHECKING:
    from .cluster import Cluster


def answered(cluster: Cluster, resource: Resource, namespace: str, body: Obj, user: User) -> Obj:
    """A review with its status filled in."""
    base: Obj = {**body, "kind": resource.kind, "apiVersion": resource.api_version}
    base["metadata"] = {**(body.get("metadata") or {}), "creationTimestamp": None}
    spec = body.get("spec") or {}
    match resource.kind:
        case "SelfSubjectReview":
            return {**base, "status": {"userInfo": user_info(user)}}
        case "SelfSubjectAccessReview":
            return {**base, "spec": spec, "status": _access(cluster, user, spec)}
        case "SubjectAccessReview" | "LocalSubjectAccessReview":
            return {**base, "spec": spec, "status": _access(cluster, _user_of(spec), _local(spec, resource, namespace))}
        case "SelfSubjectRulesReview":
            return {**base, "spec": spec, "status": _rules(cluster, user, spec)}
        case "TokenReview":
            return {**base, "spec": spec, "status": _token(cluster, spec)}
        case kind:
            raise bad_request(f"{kind} cannot be reviewed")


def user_info(user: User) -> Obj:
    info: Obj = {"username": user.name}
    if user.uid:
        info["uid"] = user.uid
    if user.groups:
        info["groups"] = list(user.groups)
    if user.extra:
        info["extra"] = {key: list(values) for key, values in user.extra}
    return info


def _user_of(spec: Obj) -> User:
    extra = tuple((k, tuple(v)) for k, v in (spec.get("extra") or {}).items())
    return User(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""), extra)


def _local(spec: Obj, resource: Resource, namespace: str) -> Obj:
    if resource.kind != "LocalSubjectAccessReview":
        return spec
    return {**spec, "resourceAttributes": {**(spec.get("resourceAttributes") or {}), "namespace": namespace}}


def asked_of(spec: Obj) -> Asked:
    """What a review asks about."""
    path = spec.get("nonResourceAttributes")
    if path:
        return Asked(path.get("verb", ""), path=path.get("path", ""))
    wanted = spec.get("resourceAttributes") or {}
    keys = ("verb", "group", "resource", "subresource", "namespace", "name")
    return Asked(*(str(wanted.get(key) or "") for key in keys))


def _access(cluster: Cluster, user: User, spec: Obj) -> Obj:
    decision = cluster.authorizer.decide(user, asked_of(spec))
    status: Obj = {"allowed": decision.allowed}
    return {**status, "reason": decision.reason} if decision.reason else status


def _rules(cluster: Cluster, user: User, spec: Obj) -> Obj:
    rules = cluster.authorizer.rules(user, spec.get("namespace", ""))
    resources = [
        {k: r[k] for k in ("verbs", "apiGroups", "resources", "resourceNames") if r.get(k)}
        for r in rules
        if r.get("resources")
    ]
    paths = [{k: r[k] for k in ("verbs", "nonResourceURLs")} for r in rules if r.get("nonResourceURLs")]
    return {"resourceRules": resources, "nonResourceRules": paths, "incomplete": False}


def _token(cluster: Cluster, spec: Obj) -> Obj:
    try:
        user = cluster.user_of_token(spec.get("token", ""))
    except InvalidTokenError as error:
        return {"user": {}, "error": str(error)}
    return {"authenticated": True, "user": user_info(user), "audiences": [cluster.tokens.audience]}
