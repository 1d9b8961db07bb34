"""RBAC: who may do what, why, and what nobody can give away."""

from __future__ import annotations

import pytest

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Call, Cluster, User
from wavetank.twin.cluster.authorization import Asked
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.engine import Engine

JANE = User("jane", ("system:authenticated",))
API = "rbac.authorization.k8s.io/v1"


def role(name: str, verbs: list[str], resources: list[str], kind: str = "Role") -> Obj:
    namespace = {"namespace": "default"} if kind == "Role" else {}
    rules = [{"apiGroups": [""], "resources": resources, "verbs": verbs}]
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name, **namespace}, "rules": rules}


def binding(name: str, role_name: str, user: str, kind: str = "Role") -> Obj:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role_name}
    subject = {"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": API, "kind": "RoleBinding", "metadata": metadata, "roleRef": reference, "subjects": [subject]}


@pytest.fixture
def cluster() -> Cluster:
    made = new_cluster(Engine())
    made.create(role("reader", ["get", "list"], ["pods", "pods/log"]))
    made.create(binding("jane-reads", "reader", "jane"))
    return made


def allowed(cluster: Cluster, user: User, asked: Asked) -> bool:
    return cluster.authorizer.decide(user, asked).allowed


def test_a_role_holds_in_its_namespace_only(cluster: Cluster) -> None:
    assert allowed(cluster, JANE, Asked("get", "", "pods", "", "default", "p"))
    assert allowed(cluster, JANE, Asked("get", "", "pods", "log", "default", "p"))
    assert not allowed(cluster, JANE, Asked("get", "", "pods", "exec", "default", "p"))
    assert not allowed(cluster, JANE, Asked("get", "", "pods", "", "kube-system", "p"))
    assert not allowed(cluster, JANE, Asked("list", "", "pods"))


def test_a_binding_that_goes_takes_its_rights_along(cluster: Cluster) -> None:
    cluster.delete("rolebindings.rbac.authorization.k8s.io", "default", "jane-reads")
    assert not allowed(cluster, JANE, Asked("get", "", "pods", "", "default", "p"))


def test_everybody_may_discover_and_masters_may_everything(cluster: Cluster) -> None:
    assert allowed(cluster, JANE, Asked("get", path="/apis/apps"))
    assert not allowed(cluster, JANE, Asked("get", path="/metrics"))
    assert allowed(cluster, User("root", ("system:masters",)), Asked("delete", "", "nodes", "", "", "n"))


def test_an_allowed_request_says_which_binding_allows_it(cluster: Cluster) -> None:
    decision = cluster.authorizer.decide(JANE, Asked("get", "", "pods", "", "default", "p"))
    assert decision.reason == ('RBAC: allowed by RoleBinding "jane-reads/default" of Role "reader" to User "jane"')


def test_nobody_grants_what_he_does_not_hold(cluster: Cluster) -> None:
    call = Call(JANE, "test", external=True)
    cluster.create(role("same", ["get"], ["pods"]), call=call)
    with pytest.raises(ApiError, match="attempting to grant RBAC permissions not currently held") as refused:
        cluster.create(role("more", ["get", "delete"], ["secrets"]), call=call)
    assert '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete"]}' in refused.value.message
    with pytest.raises(ApiError, match="not currently held"):
        cluster.create(binding("mine", "cluster-admin", "jane", "ClusterRole"), call=call)


def test_an_adapter_that_is_bound_to_the_delegating_role_may_ask_who_somebody_is(cluster: Cluster) -> None:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"}
    subject = {"kind": "User", "name": "adapter", "apiGroup": "rbac.authorization.k8s.io"}
    metadata = {"name": "adapter"}
    cluster.create(
        {
            "apiVersion": API,
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": reference,
            "subjects": [subject],
        }
    )
    adapter = User("adapter", ("system:authenticated",))
    assert allowed(cluster, adapter, Asked("create", "authentication.k8s.io", "tokenreviews"))
    assert not allowed(cluster, JANE, Asked("create", "authentication.k8s.io", "tokenreviews"))
