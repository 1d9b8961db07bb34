"""The first objects of a cluster: four namespaces, two priority classes, the Service of the API itself.

Data only. Values as kube-apiserver's ``pkg/controlplane`` and the scheduling API's ``DefaultSystemPriorityClasses`` have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from wavetank.kube.types import Obj

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
#: Where the API is said to listen inside the cluster; documentation range, nothing connects to it.
API_ADDRESS = "192.0.2.2"
API_PORT = 6443
_CRITICAL = (
    (
        "system-cluster-critical",
        2000000000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    (
        "system-node-critical",
        2000001000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
)


def first_objects(service_cidr: str) -> Iterator[Obj]:
    for name in NAMESPACES:
        yield {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name},
            "spec": {"finalizers": ["kubernetes"]},
        }
    for name, value, description in _CRITICAL:
        yield {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name},
            "value": value,
            "description": description,
            "preemptionPolicy": "PreemptLowerPriority",
        }
    yield from _api_service(str(IPv4Network(service_cidr)[1]))


def _api_service(address: str) -> Iterator[Obj]:
    labels = {"component": "apiserver", "provider": "kubernetes"}
    metadata = {"name": "kubernetes", "namespace": "default"}
    port = {"name": "https", "port": 443, "protocol": "TCP", "targetPort": API_PORT}
    spec = {
        "clusterIP": address,
        "clusterIPs": [address],
        "ports": [port],
        "type": "ClusterIP",
        "sessionAffinity": "None",
    }
    yield {"apiVersion": "v1", "kind": "Service", "metadata": {**metadata, "labels": labels}, "spec": spec}
    yield {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**metadata, "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [API_ADDRESS], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "port": API_PORT, "protocol": "TCP"}],
    }
    yield {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {**metadata, "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
        "subsets": [
            {
                "addresses": [{"ip": API_ADDRESS}],
                "ports": [{"name": "https", "port": API_PORT, "protocol": "TCP"}],
            }
        ],
    }
