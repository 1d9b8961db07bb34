"""The EndpointSlice controller, and the older Endpoints object beside it.

Upstream: ``pkg/controller/endpointslice`` and ``pkg/controller/endpoint``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wavetank.kube.types import Obj

from .base import Controller, Key
from .endpoints_of_pods import Port, endpoints_subsets, is_endpoint, ports_of, slice_endpoint, what_endpoints_see
from .informer import Informer, address
from .ownership import owner_reference

MOST_ENDPOINTS = 100
SERVICE_LABEL = "kubernetes.io/service-name"
MANAGER_LABEL = "endpointslice.kubernetes.io/managed-by"
HEADLESS_LABEL = "service.kubernetes.io/headless"
MANAGER = "endpointslice-controller.k8s.io"


def selected_pods(informer: Informer, service: Obj) -> list[Obj]:
    """The pods that a Service's selector matches and that can be endpoints."""
    selector = service["spec"].get("selector") or {}
    pods = informer.in_namespace("pods")[service["metadata"]["namespace"]]
    return [p for p in pods if is_endpoint(p) and _matches(selector, p)]


def _matches(selector: dict[str, str], pod: Obj) -> bool:
    labels = pod["metadata"].get("labels") or {}
    return all(labels.get(k) == v for k, v in selector.items())


class ServiceController(Controller):
    """A control loop over Services with a selector; the two kinds of endpoint objects share its triggers."""

    def watch(self) -> None:
        self.on("services", self.itself)
        self.on("pods", self._services_of, relevant=what_endpoints_see)

    def _services_of(self, pod: Obj) -> Iterable[Key]:
        services = self.informer.in_namespace("services")[pod["metadata"]["namespace"]]
        return [address(s) for s in services if s["spec"].get("selector") and _matches(s["spec"]["selector"], pod)]

    def service(self, key: Key) -> Obj | None:
        """The Service, if endpoints are to be made for it."""
        service = self.cluster.find("services", *key)
        if service is None or service["spec"].get("type") == "ExternalName" or not service["spec"].get("selector"):
            return None
        return None if service["metadata"].get("deletionTimestamp") else service


class EndpointSliceController(ServiceController):
    name = "endpoint-slice-controller"

    def watch(self) -> None:
        super().watch()
        self.on("endpointslices.discovery.k8s.io", self._service_of_slice)

    def _service_of_slice(self, piece: Obj) -> Iterable[Key]:
        labels = piece["metadata"].get("labels") or {}
        if labels.get(MANAGER_LABEL) != MANAGER:
            return ()
        return ((piece["metadata"]["namespace"], labels.get(SERVICE_LABEL, "")),)

    def reconcile(self, key: Key) -> None:
        service = self.service(key)
        existing = self._slices(key)
        if service is None:
            if self.cluster.find("services", *key) is None:
                self._remove(existing)
            return
        wanted = self._wanted(service)
        by_ports = _by_ports(existing)
        unused = [s for ports, slices in by_ports.items() if ports not in wanted for s in slices]
        for ports, endpoints in wanted.items():
            self._write(service, ports, endpoints, by_ports.get(ports, ()), unused)
        self._remove(unused)

    def _slices(self, key: Key) -> list[Obj]:
        index = self.informer.index("endpointslices.discovery.k8s.io", "service", self._service_of_slice)
        return index[key]

    def _wanted(self, service: Obj) -> dict[tuple[Port, ...], list[Obj]]:
        """Endpoints by port set; with none at all, one empty group, so that there is a slice to look at."""
        grouped: dict[tuple[Port, ...], list[Obj]] = {}
        for pod in selected_pods(self.informer, service):
            node = self.cluster.find("nodes", "", pod["spec"].get("nodeName", ""))
            grouped.setdefault(ports_of(service, pod), []).append(slice_endpoint(service, pod, node))
        return grouped or {(): []}

    def _write(
        self,
        service: Obj,
        ports: tuple[Port, ...],
        endpoints: Sequence[Obj],
        slices: Sequence[Obj],
        unused: list[Obj],
    ) -> None:
        """Write one port set; slices that nothing wants any more are used again rather than replaced (``recycleSlices``)."""
        contents = _distributed(endpoints, slices)
        for piece, content in zip(slices, contents, strict=False):
            if not content and endpoints:
                self._remove([piece])
            else:
                self._update(service, piece, ports, content)
        for content in contents[len(slices) :]:
            if unused:
                self._update(service, unused.pop(0), ports, content)
            else:
                self.cluster.create(_new_slice(service, ports, content), manager="kube-controller-manager")

    def _update(self, service: Obj, piece: Obj, ports: tuple[Port, ...], endpoints: list[Obj]) -> None:
        metadata = {**piece["metadata"], "labels": _labels(service)}
        changed = {**piece, "metadata": metadata, "endpoints": endpoints or None, "ports": _slice_ports(ports)}
        if changed != piece:
            self.cluster.update(changed)

    def _remove(self, slices: Sequence[Obj]) -> None:
        for piece in slices:
            self.deleted("endpointslices.discovery.k8s.io", address(piece))


def _distributed(endpoints: Sequence[Obj], slices: Sequence[Obj]) -> list[list[Obj]]:
    """The endpoints of each existing slice, in place where they were, then of as many new ones as are needed."""
    fresh = {e["targetRef"]["uid"]: e for e in endpoints}
    contents: list[list[Obj]] = []
    for piece in slices:
        kept = [fresh.pop(e["targetRef"].get("uid"), None) for e in piece.get("endpoints") or () if e.get("targetRef")]
        contents.append([e for e in kept if e is not None])
    for endpoint in fresh.values():
        room = next((c for c in contents if len(c) < MOST_ENDPOINTS), None)
        if room is None:
            room = []
            contents.append(room)
        room.append(endpoint)
    return contents or [[]]


def _by_ports(slices: Iterable[Obj]) -> dict[tuple[Port, ...], list[Obj]]:
    grouped: dict[tuple[Port, ...], list[Obj]] = {}
    for piece in slices:
        ports = tuple(
            Port(p.get("name", ""), p.get("port", 0), p.get("protocol", "TCP"), p.get("appProtocol", ""))
            for p in piece.get("ports") or ()
        )
        grouped.setdefault(ports, []).append(piece)
    return grouped


def _slice_ports(ports: tuple[Port, ...]) -> list[Obj] | None:
    return [p.as_slice_port() for p in ports] or None


def _labels(service: Obj) -> dict[str, str]:
    labels = dict(service["metadata"].get("labels") or {})
    if service["spec"].get("clusterIP") == "None":
        labels[HEADLESS_LABEL] = ""
    return {**labels, MANAGER_LABEL: MANAGER, SERVICE_LABEL: service["metadata"]["name"]}


def _new_slice(service: Obj, ports: tuple[Port, ...], endpoints: list[Obj]) -> Obj:
    metadata = service["metadata"]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{metadata['name']}-",
            "namespace": metadata["namespace"],
            "labels": _labels(service),
            "ownerReferences": [owner_reference(service)],
        },
        "addressType": (service["spec"].get("ipFamilies") or ["IPv4"])[0],
        "endpoints": endpoints or None,
        "ports": _slice_ports(ports),
    }


class EndpointsController(ServiceController):
    """Keeps the Endpoints object of the same name as the Service."""

    name = "endpoints-controller"

    def reconcile(self, key: Key) -> None:
        service = self.service(key)
        existing = self.cluster.find("endpoints", *key)
        if service is None:
            if existing is not None and self.cluster.find("services", *key) is None:
                self.deleted("endpoints", key)
            return
        subsets = endpoints_subsets(service, selected_pods(self.informer, service))
        labels = {
            **(service["metadata"].get("labels") or {}),
            "endpoints.kubernetes.io/managed-by": "endpoint-controller",
        }
        if existing is None:
            self._create(key, labels, subsets)
        elif (existing.get("subsets") or []) != subsets or existing["metadata"].get("labels") != labels:
            metadata = {**existing["metadata"], "labels": labels}
            rest = {k: v for k, v in existing.items() if k != "subsets"}
            self.cluster.update({**rest, "metadata": metadata} | ({"subsets": subsets} if subsets else {}))

    def _create(self, key: Key, labels: dict[str, str], subsets: list[Obj]) -> None:
        metadata = {"name": key[1], "namespace": key[0], "labels": labels}
        endpoints: Obj = {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata}
        self.cluster.create(endpoints | ({"subsets": subsets} if subsets else {}), manager="kube-controller-manager")
