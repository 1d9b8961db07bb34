"""Defaults of Services and endpoints (core/v1, discovery/v1). Addresses and node ports are the allocators' business."""

from __future__ import annotations

from ..types import Obj

SESSION_TIMEOUT_SECONDS = 10800


def _fill_service(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    spec["type"] = kind = spec.get("type") or "ClusterIP"
    spec["sessionAffinity"] = spec.get("sessionAffinity") or "None"
    _fill_affinity(spec)
    for port in spec.get("ports") or ():
        port["protocol"] = port.get("protocol") or "TCP"
        if port.get("targetPort") in (None, 0, "") and "port" in port:
            port["targetPort"] = port["port"]
    external = kind in ("NodePort", "LoadBalancer") or (kind == "ClusterIP" and spec.get("externalIPs"))
    if external and not spec.get("externalTrafficPolicy"):
        spec["externalTrafficPolicy"] = "Cluster"
    if kind != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    obj.setdefault("status", {}).setdefault("loadBalancer", {})
    for entry in obj["status"]["loadBalancer"].get("ingress") or ():
        if entry.get("ip"):
            entry.setdefault("ipMode", "VIP")


def _fill_affinity(spec: Obj) -> None:
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        config = spec.setdefault("sessionAffinityConfig", {})
        config.setdefault("clientIP", {}).setdefault("timeoutSeconds", SESSION_TIMEOUT_SECONDS)


def _fill_endpoints(obj: Obj) -> None:
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            port["protocol"] = port.get("protocol") or "TCP"


def _fill_endpoint_slice(obj: Obj) -> None:
    # Lists that a server keeps empty and Go prints all the same.
    for key in ("endpoints", "ports"):
        obj[key] = obj.get(key) or None
    for port in obj["ports"] or ():
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")
    for endpoint in obj["endpoints"] or ():
        endpoint.setdefault("conditions", {})


FILLERS = {"Service": _fill_service, "Endpoints": _fill_endpoints}
DISCOVERY_FILLERS = {"EndpointSlice": _fill_endpoint_slice}
