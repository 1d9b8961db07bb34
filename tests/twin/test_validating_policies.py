"""Policies in CEL that users bind: they deny, warn, read parameters and namespaces, and judge what controllers write, too."""

from __future__ import annotations

from typing import Any

import pytest

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Call, Cluster, User
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.engine import Engine

GROUP = "admissionregistration.k8s.io/v1"
DEPLOYMENTS = {
    "apiGroups": ["apps"],
    "apiVersions": ["v1"],
    "operations": ["CREATE", "UPDATE"],
    "resources": ["deployments"],
}


@pytest.fixture
def cluster() -> Cluster:
    return new_cluster(Engine())


def policy(expression: str, rule: Obj = DEPLOYMENTS, validation: Obj | None = None, **more: Any) -> Obj:
    validations = [{"expression": expression, **(validation or {})}]
    spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": validations, **more}
    return {"apiVersion": GROUP, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": "few"}, "spec": spec}


def binding(*actions: str, **more: Any) -> Obj:
    spec = {"policyName": "few", "validationActions": list(actions or ("Deny",)), **more}
    return {"apiVersion": GROUP, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "all"}, "spec": spec}


def deployment(replicas: int, name: str = "api", namespace: str = "default") -> Obj:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "a"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def refused(cluster: Cluster, obj: Obj) -> ApiError:
    with pytest.raises(ApiError) as error:
        cluster.create(obj)
    return error.value


def test_a_bound_policy_denies_in_the_words_of_the_api_server(cluster: Cluster) -> None:
    cluster.create(policy("object.spec.replicas <= 5"))
    cluster.create(deployment(9, "unbound"))
    cluster.create(binding())
    error = refused(cluster, deployment(9))
    assert (error.code, error.reason) == (422, "Invalid")
    assert error.message == (
        "deployments.apps \"api\" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'all' denied request: "
        "failed expression: object.spec.replicas <= 5"
    )
    live = cluster.create(deployment(5))
    with pytest.raises(ApiError, match="denied request"):
        cluster.update({**live, "spec": {**live["spec"], "replicas": 6}})


def test_messages_and_reasons_are_those_of_the_policy(cluster: Cluster) -> None:
    words = {"message": "too many", "messageExpression": "'at most ' + string(variables.most)", "reason": "Forbidden"}
    variables = [{"name": "most", "expression": "2 + 1"}]
    cluster.create(policy("object.spec.replicas <= variables.most", validation=words, variables=variables))
    cluster.create(binding())
    error = refused(cluster, deployment(4))
    assert (error.code, error.reason) == (403, "Forbidden")
    assert error.message.endswith("denied request: at most 3")


def test_a_binding_that_only_warns_lets_pass(cluster: Cluster) -> None:
    cluster.create(policy("object.spec.replicas <= 5"))
    cluster.create(binding("Warn", "Audit"))
    call = Call(User("ann", ("system:masters",)), external=True)
    cluster.create(deployment(9), call=call)
    (warning,) = call.warnings
    assert warning == (
        "Validation failed for ValidatingAdmissionPolicy 'few' with binding 'all': failed expression: object.spec.replicas <= 5"
    )


def test_parameters_say_how_much_is_allowed(cluster: Cluster) -> None:
    kind = {"apiVersion": "v1", "kind": "ConfigMap"}
    cluster.create(policy("object.spec.replicas <= int(params.data.most)", paramKind=kind))
    reference = {"name": "limits", "namespace": "default", "parameterNotFoundAction": "Deny"}
    cluster.create(binding(paramRef=reference))
    assert "no params found" in refused(cluster, deployment(1)).message
    cluster.create({**kind, "metadata": {"name": "limits", "namespace": "default"}, "data": {"most": "3"}})
    cluster.create(deployment(3))
    refused(cluster, deployment(4, "more"))


def test_selectors_of_namespaces_and_conditions_narrow_what_is_judged(cluster: Cluster) -> None:
    conditions = [{"name": "people", "expression": "request.userInfo.username != 'robot'"}]
    cluster.create(policy("false", matchConditions=conditions))
    selector = {"namespaceSelector": {"matchLabels": {"stage": "production"}}}
    cluster.create(binding(matchResources=selector))
    metadata = {"name": "live", "labels": {"stage": "production"}}
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    cluster.create(deployment(1))
    refused(cluster, deployment(1, namespace="live"))
    cluster.create(deployment(1, namespace="live"), user=User("robot", ("system:masters",)))


def test_deletions_are_judged_by_what_was_there(cluster: Cluster) -> None:
    rule = {**DEPLOYMENTS, "operations": ["DELETE"]}
    cluster.create(policy("object == null && !('keep' in oldObject.metadata.labels)", rule))
    cluster.create(binding())
    kept = deployment(1)
    cluster.create({**kept, "metadata": {**kept["metadata"], "labels": {"keep": "yes"}}})
    with pytest.raises(ApiError, match="denied request"):
        cluster.delete("deployments.apps", "default", "api")


def test_an_error_of_an_expression_denies_unless_the_policy_ignores_it(cluster: Cluster) -> None:
    made = cluster.create(policy("object.spec.nothing > 1"))
    cluster.create(binding())
    assert "resulted in error: no such key: nothing" in refused(cluster, deployment(1)).message
    cluster.update({**made, "spec": {**made["spec"], "failurePolicy": "Ignore"}})
    cluster.create(deployment(1))


def test_what_cannot_be_evaluated_here_lets_pass_and_says_so(cluster: Cluster) -> None:
    cluster.create(policy("authorizer.group('').resource('pods').check('create').allowed()"))
    cluster.create(binding())
    call = Call(User("ann", ("system:masters",)))
    cluster.create(deployment(1), call=call)
    assert "cannot evaluate ValidatingAdmissionPolicy 'few'" in call.warnings[0]


def test_expressions_are_compiled_when_a_policy_is_written(cluster: Cluster) -> None:
    with pytest.raises(ApiError) as error:
        cluster.create(policy("request.nope == 1"), call=Call(external=True))
    assert error.value.message == (
        'ValidatingAdmissionPolicy.admissionregistration.k8s.io "few" is invalid: spec.validations[0].expression: '
        "Invalid value: \"request.nope == 1\": compilation failed: ERROR: <input>:1:8: undefined field 'nope'\n"
        " | request.nope == 1\n | .......^"
    )
    with pytest.raises(ApiError, match="must evaluate to bool"):
        cluster.create(policy("'yes'"), call=Call(external=True))
    cluster.create(policy("authorizer.group('').check('x').allowed()"), call=Call(external=True))
