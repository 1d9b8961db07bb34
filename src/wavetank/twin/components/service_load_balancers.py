"""What the AWS Load Balancer Controller does for Services: a network load balancer with IP targets for each.

Acts only while a pod of the controller is Ready; a Service of type LoadBalancer stays pending otherwise. It takes those with
``loadBalancerClass: service.k8s.aws/nlb`` or with the annotation ``aws-load-balancer-type: external`` (or ``nlb-ip``), as the
real one does (``pkg/service``); others belong to a controller that EKS no longer has. Here the address is in
``status.loadBalancer.ingress[].ip``, where AWS gives a host name: it is a loopback address of this computer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster
from wavetank.twin.nodes.kubelet.setup import MAPPED_PORTS
from wavetank.twin.nodes.loadbalancer import LoadBalancers, Placement, Target

from .load_balancer_controller import NAME
from .presence import belongs_to, is_running

CLASS = "service.k8s.aws/nlb"
TYPE_ANNOTATION = "service.beta.kubernetes.io/aws-load-balancer-type"
OUR_TYPES = ("external", "nlb-ip")
FINALIZER = "service.k8s.aws/resources"
SERVICE_LABEL = "kubernetes.io/service-name"
#: Component of its events.
COMPONENT = "service"
REACTION_SECONDS = 0.002
#: After a refusal of the API, doubling (controller-runtime's default rate limiter).
RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.005, 1000.0


class ServiceLoadBalancers:
    """Reconciles Services with load balancers, key by key."""

    def __init__(self, cluster: Cluster, balancers: LoadBalancers) -> None:
        self._cluster = cluster
        self._engine = cluster.engine
        self._balancers = balancers
        self._placements: dict[tuple[str, str], Placement] = {}
        self._due: set[tuple[str, str]] = set()
        self._failures: dict[tuple[str, str], int] = {}
        self._ends = (
            cluster.subscribe("services", lambda change: self._plan((change.namespace, change.name))),
            cluster.subscribe("endpointslices.discovery.k8s.io", self._note_slice),
            cluster.subscribe("pods", self._note_pod),
        )

    def close(self) -> None:
        for end in self._ends:
            end()

    # --- triggers ----------------------------------------------------------------------------------------------

    def _plan(self, key: tuple[str, str], after_seconds: float = REACTION_SECONDS) -> None:
        if key not in self._due:
            self._due.add(key)
            self._engine.call_later(after_seconds, lambda: self._reconcile(key))

    def _note_slice(self, change: Change) -> None:
        name = (change.object["metadata"].get("labels") or {}).get(SERVICE_LABEL)
        if name and (change.namespace, name) in self._placements:
            self._plan((change.namespace, name))

    def _note_pod(self, change: Change) -> None:
        """When the controller itself comes up it looks at everything."""
        if belongs_to(change.object, NAME):
            for service in self._cluster.list("services", where=is_ours):
                self._plan((service["metadata"]["namespace"], service["metadata"]["name"]))

    # --- one pass ----------------------------------------------------------------------------------------------

    def _reconcile(self, key: tuple[str, str]) -> None:
        self._due.discard(key)
        service = self._cluster.find("services", *key)
        if not is_running(self._cluster, NAME):
            return
        try:
            if service is None or service["metadata"].get("deletionTimestamp") or not is_ours(service):
                self._release(key, service)
            else:
                self._provide(key, service)
        except ApiError as error:
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            self._engine.record(NAME, "retry", "/".join(key), error.message)
            self._plan(key, min(RETRY_SECONDS * 2**failures, LONGEST_RETRY_SECONDS))
        else:
            self._failures.pop(key, None)

    def _provide(self, key: tuple[str, str], service: Obj) -> None:
        if FINALIZER not in (service["metadata"].get("finalizers") or ()):
            service = self._cluster.modify("services", *key, _with_finalizer)
        ports = [p["port"] for p in service["spec"].get("ports") or () if p.get("protocol", "TCP") == "TCP"]
        placement = self._balancers.ensure("/".join(key), ports)
        changed = self._placements.get(key) != placement
        self._placements[key] = placement
        for port in service["spec"].get("ports") or ():
            self._balancers.set_targets("/".join(key), port["port"], sorted(set(self._targets(key, port)), key=str))
        self._write_status(service, placement)
        if changed:
            self._tell(service, placement)

    def _tell(self, service: Obj, placement: Placement) -> None:
        if placement.refused:
            pairs = ", ".join(f"{port} is at {placement.ports[port]}" for port in placement.refused)
            text = f"This computer refuses some ports of {placement.address}: {pairs}"
            self._cluster.record_event(service, "Warning", "PortMapped", text, COMPONENT)
        self._cluster.record_event(service, "Normal", "SuccessfullyReconciled", "Successfully reconciled", COMPONENT)

    def _write_status(self, service: Obj, placement: Placement) -> None:
        ingress: Obj = {"ip": placement.address, "ipMode": "VIP"}
        if placement.refused:
            ingress["ports"] = [{"port": real, "protocol": "TCP"} for _, real in sorted(placement.ports.items())]
        status = {**(service.get("status") or {}), "loadBalancer": {"ingress": [ingress]}}
        self._cluster.set_status(service, status)

    def _release(self, key: tuple[str, str], service: Obj | None) -> None:
        self._balancers.remove("/".join(key))
        self._placements.pop(key, None)
        if service is None or FINALIZER not in (service["metadata"].get("finalizers") or ()):
            return
        if not service["metadata"].get("deletionTimestamp"):
            self._cluster.set_status(service, {**(service.get("status") or {}), "loadBalancer": {}})
        self._cluster.modify("services", *key, _without_finalizer)

    def _targets(self, key: tuple[str, str], port: Obj) -> Iterator[Target]:
        """Ready endpoints of one port of the Service; unready and terminating ones are deregistered."""
        namespace, name = key
        slices = self._cluster.list(
            "endpointslices.discovery.k8s.io",
            namespace,
            lambda obj: (obj["metadata"].get("labels") or {}).get(SERVICE_LABEL) == name,
        )
        for endpoint_slice in slices:
            numbers = [
                p["port"] for p in endpoint_slice.get("ports") or () if (p.get("name") or "") == port.get("name", "")
            ]
            for endpoint in endpoint_slice.get("endpoints") or ():
                if (endpoint.get("conditions") or {}).get("ready", True):
                    for number in numbers:
                        yield Target(endpoint["addresses"][0], self._real_port(endpoint, int(number)))

    def _real_port(self, endpoint: Obj, port: int) -> int:
        """The port at which a pod listens where this computer cannot give it its own."""
        reference = endpoint.get("targetRef") or {}
        pod = self._cluster.find("pods", reference.get("namespace", ""), reference.get("name", ""))
        mapped = ((pod or {}).get("metadata", {}).get("annotations") or {}).get(MAPPED_PORTS)
        return int(json.loads(mapped).get(str(port), port)) if mapped else port


def is_ours(service: Obj) -> bool:
    """Whether the AWS Load Balancer Controller takes the Service."""
    spec = service["spec"]
    if spec.get("type") != "LoadBalancer":
        return False
    if spec.get("loadBalancerClass"):
        return bool(spec["loadBalancerClass"] == CLASS)
    annotations = service["metadata"].get("annotations") or {}
    return annotations.get(TYPE_ANNOTATION) in OUR_TYPES


def _with_finalizer(service: Obj) -> Obj:
    metadata = service["metadata"]
    return {**service, "metadata": {**metadata, "finalizers": [*(metadata.get("finalizers") or ()), FINALIZER]}}


def _without_finalizer(service: Obj) -> Obj:
    metadata = service["metadata"]
    left = [name for name in metadata["finalizers"] if name != FINALIZER]
    return {**service, "metadata": {**metadata, "finalizers": left}}
