"""What a server says beside its answer of objects that it takes."""

from __future__ import annotations

from typing import Any

from wavetank.kube.kinds import resource_of
from wavetank.kube.types import Obj
from wavetank.kube.warnings import warnings_of


def of(kind: str, spec: Obj, group: str = "", old: Obj | None = None, **meta: Any) -> list[str]:
    obj = {"kind": kind, "metadata": {"name": "x", **meta}, "spec": spec}
    return warnings_of(obj, old, resource_of(group, kind))


def test_of_pods_and_templates() -> None:
    env = [{"name": "A", "value": "1"}, {"name": "A", "value": "$(A)2"}, {"name": "A", "value": "3"}]
    ports = [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "TCP", "hostPort": 81}]
    container = {"name": "c", "env": env, "ports": ports, "resources": {"limits": {"memory": "100m"}}}
    spec: Obj = {
        "containers": [container],
        "nodeSelector": {"beta.kubernetes.io/os": "linux"},
        "topologySpreadConstraints": [{"topologyKey": "zone"}],
        "imagePullSecrets": [{"name": "a"}, {"name": "a"}],
    }
    said = [
        'nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
        "topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod",
        'imagePullSecrets[1].name: duplicate name "a"',
        'containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
        'containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply',
        "containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]",
    ]
    assert of("Pod", spec) == [f"spec.{text}" for text in said]
    in_template = of("Deployment", {"template": {"spec": spec}}, "apps")
    assert in_template[0] == f"spec.template.spec.{said[0]}"
    assert len(in_template) == len(said)


def test_of_names_that_are_no_host_names_and_of_what_is_not_changed() -> None:
    (said,) = of("Pod", {}, name="a.b")
    assert said.startswith(
        "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; "
    )
    spec = {"template": {"spec": {"nodeSelector": {"beta.kubernetes.io/os": "linux"}}}}
    old: Obj = {"metadata": {"name": "x"}, "spec": spec}
    assert of("Deployment", spec, "apps", old) == []
    assert len(of("Deployment", {**spec, "replicas": 3}, "apps", old)) == 1


def test_of_services_and_blocks_of_addresses() -> None:
    assert of("Service", {"type": "ClusterIP", "externalIPs": ["1.2.3.4"], "trafficDistribution": "PreferClose"}) == [
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
        'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ]
    policy = {"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.1/8"}}]}]}
    assert of("NetworkPolicy", policy, "networking.k8s.io") == [
        (
            'spec.ingress[0].from[0].ipBlock.cidr: CIDR value "10.0.0.1/8" is ambiguous in this context (should be '
            '"10.0.0.0/8" or "10.0.0.1/32"?)'
        )
    ]
    (said,) = of("Ingress", {}, "networking.k8s.io", annotations={"kubernetes.io/ingress.class": "alb"})
    assert (
        said == "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"
    )


def test_of_finalizers_that_a_custom_object_gains() -> None:
    about = resource_of("", "ConfigMap")
    old: Obj = {"metadata": {"finalizers": ["a"]}}
    new: Obj = {"metadata": {"finalizers": ["a", "b", "c.d/e"]}}
    (said,) = warnings_of(new, old, about, custom=True)
    assert said == (
        'metadata.finalizers: "b": prefer a domain-qualified finalizer name including a path (/) to avoid accidental '
        "conflicts with other finalizer writers"
    )
