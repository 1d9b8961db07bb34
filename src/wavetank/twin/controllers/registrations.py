"""Objects by which the API server shows what it serves: an APIService of each version, an IPAddress of each Service.

Upstream: the aggregator's ``autoregister`` controller with the priorities of ``pkg/controlplane/apiserver/aggregator.go``, and
the allocator of ``pkg/registry/core/service/ipallocator``. Nothing here decides: addresses are given out by the pipeline.
"""

from __future__ import annotations

from collections.abc import Mapping

from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.cluster.custom import KEY as DEFINITIONS

from .base import Controller, Key

API_SERVICES = "apiservices.apiregistration.k8s.io"
IP_ADDRESSES = "ipaddresses.networking.k8s.io"
SERVICE_CIDRS = "servicecidrs.networking.k8s.io"
_SERVED_BY_OTHERS = frozenset({"metrics.k8s.io"})
_CUSTOM_PRIORITY = (1000, 100)
#: Group -> how it comes before other groups.
_PRIORITIES: Mapping[str, int] = {
    "": 18000,
    "apps": 17800,
    "events.k8s.io": 17750,
    "authentication.k8s.io": 17700,
    "authorization.k8s.io": 17600,
    "autoscaling": 17500,
    "batch": 17400,
    "certificates.k8s.io": 17300,
    "networking.k8s.io": 17200,
    "policy": 17100,
    "rbac.authorization.k8s.io": 17000,
    "storage.k8s.io": 16800,
    "apiextensions.k8s.io": 16700,
    "admissionregistration.k8s.io": 16700,
    "scheduling.k8s.io": 16600,
    "coordination.k8s.io": 16500,
    "node.k8s.io": 16300,
    "discovery.k8s.io": 16200,
    "flowcontrol.apiserver.k8s.io": 16100,
    "resource.k8s.io": 15900,
}
#: Versions that come before the usual 15.
_VERSION_PRIORITIES: Mapping[tuple[str, str], int] = {("", "v1"): 1, ("autoscaling", "v2"): 30}


class ApiServiceRegistration(Controller):
    """Keys are ("", "version.group") of the versions that are served or were."""

    name = "autoregister"

    def watch(self) -> None:
        for name in self._served():
            self.enqueue(("", name))
        self.on(DEFINITIONS, self._versions)

    def _versions(self, definition: Obj) -> list[Key]:
        group = definition["spec"].get("group", "")
        return [("", f"{v.get('name', '')}.{group}") for v in definition["spec"].get("versions") or ()]

    def _served(self) -> dict[str, bool]:
        """Names of what is served, and whether a definition makes it so."""
        registry = self.cluster.registry
        listed = [r for r in registry.all() if r.group not in _SERVED_BY_OTHERS and r.group != "apiregistration.k8s.io"]
        return {f"{r.version}.{r.group}": registry.is_custom(r) for r in reversed(listed)}

    def reconcile(self, key: Key) -> None:
        served, live = self._served(), self.cluster.find(API_SERVICES, "", key[1])
        if key[1] in served and live is None:
            self.cluster.create(self._made(key[1], custom=served[key[1]]))
        elif key[1] not in served and live is not None:
            self.cluster.delete(API_SERVICES, "", key[1])

    def _made(self, name: str, *, custom: bool) -> Obj:
        version, _, group = name.partition(".")
        usual = (_PRIORITIES.get(group, _CUSTOM_PRIORITY[0]), _VERSION_PRIORITIES.get((group, version), 15))
        first, second = _CUSTOM_PRIORITY if custom else usual
        labels = {"kube-aggregator.kubernetes.io/automanaged": "true" if custom else "onstart"}
        available = {"type": "Available", "status": "True", "reason": "Local"}
        available |= {"message": "Local APIServices are always available"}
        spec: Obj = {"groupPriorityMinimum": first, "version": version, "versionPriority": second}
        return {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": name, "labels": labels},
            "spec": {**({"group": group} if group else {}), **spec},
            "status": {"conditions": [{**available, "lastTransitionTime": rfc3339(self.cluster.now)}]},
        }


class ServiceAddressRegistration(Controller):
    """Keys are ("", address)."""

    name = "service-ipam"

    def watch(self) -> None:
        # Kept as objects from 1.33 on. An imported cluster brings its range along.
        if not any(r.key == IP_ADDRESSES and r.version == "v1" for r in self.cluster.registry.all()):
            return
        if self.cluster.find(SERVICE_CIDRS, "", "kubernetes") is None:
            self.cluster.create(self._range())
        self.on("services", _address, relevant=_address)

    def _range(self) -> Obj:
        ready = {"type": "Ready", "status": "True", "reason": "", "message": "Kubernetes Service CIDR is ready"}
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "ServiceCIDR",
            "metadata": {"name": "kubernetes", "finalizers": ["networking.k8s.io/service-cidr-finalizer"]},
            "spec": {"cidrs": [self.cluster.service_cidr]},
            "status": {"conditions": [{**ready, "lastTransitionTime": rfc3339(self.cluster.now)}]},
        }

    def reconcile(self, key: Key) -> None:
        live = self.cluster.find(IP_ADDRESSES, "", key[1])
        users = self.cluster.list("services", where=lambda s: s["spec"].get("clusterIP") == key[1])
        if users and live is None:
            self.cluster.create(_record(key[1], users[0]["metadata"]))
        elif not users and live is not None:
            self.cluster.delete(IP_ADDRESSES, "", key[1])


def _address(service: Obj) -> list[Key]:
    address = (service.get("spec") or {}).get("clusterIP")
    return [("", address)] if address and address != "None" else []


def _record(address: str, owner: Obj) -> Obj:
    labels = {"ipaddress.kubernetes.io/ip-family": "IPv4", "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io"}
    parent = {"group": "", "resource": "services", "namespace": owner["namespace"], "name": owner["name"]}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IPAddress",
        "metadata": {"name": address, "labels": labels},
        "spec": {"parentRef": parent},
    }
