"""Which pods stand behind a Service, at which address and port, and in which state. Pure functions.

Upstream: ``pkg/controller/endpointslice`` and its library ``staging/src/k8s.io/endpointslice``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wavetank.kube import conditions
from wavetank.kube.pod_phase import is_terminal, is_terminating
from wavetank.kube.types import Obj

ZONE_LABEL = "topology.kubernetes.io/zone"


@dataclass(frozen=True)
class Port:
    """One port as endpoints state it; ``number`` is that of the container."""

    name: str
    number: int
    protocol: str
    app_protocol: str = ""

    def as_slice_port(self) -> Obj:
        port: Obj = {"name": self.name, "port": self.number, "protocol": self.protocol}
        return port | ({"appProtocol": self.app_protocol} if self.app_protocol else {})

    def as_endpoints_port(self) -> Obj:
        port: Obj = {"port": self.number, "protocol": self.protocol}
        named = {"name": self.name} if self.name else {}
        return named | port | ({"appProtocol": self.app_protocol} if self.app_protocol else {})


def is_endpoint(pod: Obj) -> bool:
    """It has an address and has not ended (``ShouldPodBeInEndpoints``)."""
    return bool((pod.get("status") or {}).get("podIP")) and not is_terminal(pod)


def what_endpoints_see(pod: Obj) -> object:
    """The part of a pod whose change may change endpoints."""
    status, metadata = pod.get("status") or {}, pod["metadata"]
    state = (is_terminal(pod), is_terminating(pod), conditions.is_pod_ready(pod))
    return status.get("podIP"), state, metadata.get("labels"), pod["spec"].get("nodeName")


def ports_of(service: Obj, pod: Obj) -> tuple[Port, ...]:
    """The Service's ports on this pod; one whose name no container knows is left out (``getEndpointPorts``)."""
    found: list[Port] = []
    for port in service["spec"].get("ports") or ():
        protocol = port.get("protocol", "TCP")
        number = _target_number(port.get("targetPort", port["port"]), protocol, pod)
        if number is not None:
            found.append(Port(port.get("name", ""), number, protocol, port.get("appProtocol", "")))
    return tuple(found)


def _target_number(target: int | str, protocol: str, pod: Obj) -> int | None:
    if isinstance(target, int):
        return target
    sidecars = [c for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"]
    for container in [*(pod["spec"].get("containers") or ()), *sidecars]:
        for port in container.get("ports") or ():
            if port.get("name") == target and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return None


def target_reference(pod: Obj) -> Obj:
    metadata = pod["metadata"]
    return {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]}


def slice_endpoint(service: Obj, pod: Obj, node: Obj | None) -> Obj:
    """One endpoint of an EndpointSlice."""
    serving, terminating = conditions.is_pod_ready(pod), is_terminating(pod)
    anyway = bool(service["spec"].get("publishNotReadyAddresses"))
    endpoint: Obj = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": anyway or (serving and not terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "targetRef": target_reference(pod),
    }
    spec = pod["spec"]
    if spec.get("nodeName"):
        endpoint["nodeName"] = spec["nodeName"]
    if spec.get("hostname") and spec.get("subdomain") == service["metadata"]["name"]:
        endpoint["hostname"] = spec["hostname"]
    zone = ((node or {}).get("metadata", {}).get("labels") or {}).get(ZONE_LABEL)
    if zone:
        endpoint["zone"] = zone
    return endpoint


def endpoints_subsets(service: Obj, pods: Sequence[Obj]) -> list[Obj]:
    """``subsets`` of the older Endpoints object: addresses by port set, ready and not."""
    anyway = bool(service["spec"].get("publishNotReadyAddresses"))
    grouped: dict[tuple[Port, ...], dict[str, list[Obj]]] = {}
    for pod in sorted(pods, key=lambda p: str(p["status"]["podIP"])):
        if is_terminating(pod) and not anyway:
            continue
        address: Obj = {"ip": pod["status"]["podIP"]}
        if pod["spec"].get("nodeName"):
            address["nodeName"] = pod["spec"]["nodeName"]
        address["targetRef"] = target_reference(pod)
        kind = "addresses" if anyway or conditions.is_pod_ready(pod) else "notReadyAddresses"
        grouped.setdefault(ports_of(service, pod), {}).setdefault(kind, []).append(address)
    return [
        {**addresses, "ports": [p.as_endpoints_port() for p in ports]} if ports else addresses
        for ports, addresses in grouped.items()
    ]
