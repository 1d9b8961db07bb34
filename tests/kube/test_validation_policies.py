"""Manifests of Jobs, pods, Services and quotas are refused for what only their own rules know."""

from __future__ import annotations

from typing import Any

from wavetank.kube.defaults import defaulted
from wavetank.kube.kinds import resource_of
from wavetank.kube.types import Obj
from wavetank.kube.validation import validate_create, validate_update

POD = {"containers": [{"name": "c", "image": "c:1"}]}


def refused(kind: str, group: str = "", version: str = "v1", name: str = "x", **rest: Any) -> list[str]:
    obj: Obj = {"apiVersion": f"{group}/{version}".lstrip("/"), "kind": kind, "metadata": {"name": name}, **rest}
    about = resource_of(group, kind)
    return [f"{c.field}: {c.message}" for c in validate_create(defaulted(obj, about), about)]


def refused_job(restart: str = "Never", **spec: Any) -> list[str]:
    return refused("Job", "batch", spec={"template": {"spec": {**POD, "restartPolicy": restart}}, **spec})


def refused_pod(**spec: Any) -> list[str]:
    return refused("Pod", spec={**POD, **spec})


def refused_service(**spec: Any) -> list[str]:
    return refused("Service", spec={"ports": [{"port": 80}], **spec})


def test_rules_about_failed_pods() -> None:
    rules = [
        {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [0, 3, 1], "containerName": "other"}},
        {"action": "FailIndex", "onPodConditions": [{"type": "DisruptionTarget", "status": "Maybe"}]},
        {"action": "Explode"},
    ]
    assert refused_job("OnFailure", podFailurePolicy={"rules": rules}) == [
        (
            'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "other": must be one of the container '
            "or initContainer names in the pod template"
        ),
        "spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator",
        "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [0,3,1]: must be ordered",
        'spec.podFailurePolicy.rules[1].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
        (
            'spec.podFailurePolicy.rules[1].onPodConditions[0].status: Unsupported value: "Maybe": supported values: '
            '"False", "True", "Unknown"'
        ),
        (
            'spec.podFailurePolicy.rules[2].action: Unsupported value: "Explode": supported values: "Count", "FailIndex", '
            '"FailJob", "Ignore"'
        ),
        "spec.podFailurePolicy.rules[2]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required",
        (
            'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy '
            "is specified"
        ),
    ]


def test_what_only_indexed_jobs_have() -> None:
    assert refused_job(backoffLimitPerIndex=1, successPolicy={"rules": [{"succeededCount": 1}]}) == [
        "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode",
        (
            'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed '
            "completion mode"
        ),
    ]
    rules = [{"succeededIndexes": text} for text in ("0-1", "1-5", "2,1", "0-1-2", "a")]
    listed = refused_job(completionMode="Indexed", completions=3, successPolicy={"rules": rules})
    assert [text.partition("error parsing succeededIndexes: ")[2] for text in listed] == [
        'too large index: "5"',
        "non-increasing order, previous: 2, current: 1",
        "the fragment \"0-1-2\" violates the requirement that an index interval can have at most two parts separated by '-'",
        'cannot convert string to integer for index: "a"',
    ]


def test_selectors_of_jobs() -> None:
    assert refused_job(selector={"matchLabels": {"a": "b"}})[0] == (
        'spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` not auto-generated'
    )
    assert refused_job(manualSelector=True)[0] == "spec.selector: Required value"


def test_the_network_of_a_pod() -> None:
    assert refused_pod(dnsPolicy="None") == [
        "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"
    ]
    assert refused_pod(dnsConfig={"nameservers": ["one"]}, hostAliases=[{"ip": "two", "hostnames": ["a.b"]}]) == [
        'spec.hostAliases[0].ip: Invalid value: "two": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'spec.dnsConfig.nameservers[0]: Invalid value: "one": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ]


def test_choices_of_a_pod() -> None:
    context = {"fsGroupChangePolicy": "Never", "seccompProfile": {"type": "Localhost"}}
    assert refused_pod(securityContext=context, os={"name": "plan9"}) == [
        'spec.securityContext.fsGroupChangePolicy: Unsupported value: "Never": supported values: "Always", "OnRootMismatch"',
        "spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost",
        'spec.os.name: Unsupported value: "plan9": supported values: "linux", "windows"',
    ]


def test_ways_to_a_service_from_outside() -> None:
    assert refused_service(externalIPs=["127.0.0.1"], ipFamilyPolicy="RequireDualStack") == [
        'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
        'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ]
    ports = [{"name": "a", "port": 80, "nodePort": 30001}, {"name": "b", "port": 81, "nodePort": 30001}]
    assert refused_service(type="NodePort", ports=ports) == ["spec.ports[1].nodePort: Duplicate value: 30001"]


def test_scopes_of_quotas() -> None:
    assert refused("ResourceQuota", spec={"hard": {"services": "1"}, "scopes": ["Terminating"]}) == [
        'spec.scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource'
    ]
    wanted = {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In"}]}
    assert refused("ResourceQuota", spec={"hard": {"pods": "1"}, "scopeSelector": wanted}) == [
        (
            "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or "
            "'NotIn' for scope selector"
        )
    ]


def test_finalizers_of_built_in_kinds_are_qualified_and_of_an_updated_deployment_are_not_looked_at() -> None:
    why = 'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'
    old: Obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "resourceVersion": "1"}}
    new: Obj = {**old, "metadata": {**old["metadata"], "finalizers": ["mine"]}}
    about = resource_of("", "ConfigMap")
    assert [f"{c.field}: {c.message}" for c in validate_create(new, about)] == [why]
    assert [f"{c.field}: {c.message}" for c in validate_update(new, old, about)] == [why]
    spaces = resource_of("", "Namespace")
    assert validate_update({**new, "kind": "Namespace"}, {**old, "kind": "Namespace"}, spaces) == []


def test_requests_for_certificates() -> None:
    spec = {"request": "eA==", "signerName": "mine", "usages": ["fun"], "expirationSeconds": 60}
    said = refused("CertificateSigningRequest", "certificates.k8s.io", spec=spec)
    assert said[0] == 'spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST'
    assert said[1].startswith('spec.usages[0]: Unsupported value: "fun": supported values: "any", "cert sign", ')
    assert said[2:] == [
        (
            'spec.signerName: Invalid value: "mine": must be a fully qualified domain and path of the form '
            "'example.com/signer-name'"
        ),
        ("spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 600 seconds (10 minutes)"),
    ]


def test_taints_of_nodes_and_services_that_may_not_be_headless() -> None:
    taints = [{"key": "a", "effect": "Never"}, {"key": "b", "value": "c d", "effect": "NoSchedule"}]
    said = refused("Node", spec={"taints": [*taints, {"key": "b", "effect": "NoSchedule"}]})
    assert [text.partition(":")[0] for text in said] == [
        "metadata.taints[0].effect",
        "metadata.taints[1].value",
        "metadata.taints[2]",
    ]
    assert said[2].endswith('"TimeAdded":null}: taints must be unique by key and effect pair')
    assert refused_service(type="NodePort", clusterIP="None")[0] == (
        "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"
    )
    assert refused_service(loadBalancerSourceRanges=["10.0.0.0/8"]) == [
        "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"
    ]


def test_a_limit_range_bounds_resources_that_there_are() -> None:
    said = refused("LimitRange", spec={"limits": [{"type": "Pod", "max": {"fun": "1"}}]})
    assert said == [
        'spec.limits[0].max[fun]: Invalid value: "fun": must be a standard resource type or fully qualified',
        'spec.limits[0].max[fun]: Invalid value: "fun": must be a standard resource for containers',
    ]
