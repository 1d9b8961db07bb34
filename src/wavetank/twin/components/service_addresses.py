"""Where a Service of the cluster really answers: for programs of this computer that are given a name of the cluster's DNS.

Reads Services and EndpointSlices, which carry the addresses and ports on which real pods listen.
"""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster

SLICES = "endpointslices.discovery.k8s.io"
SERVICE_LABEL = "kubernetes.io/service-name"


def real_address(cluster: Cluster, host: str, port: int, namespace: str) -> tuple[str, int] | None:
    """The address and port of a ready pod behind ``service[.namespace[.svc...]]``; None when there is none."""
    parts = host.split(".")
    name, place = parts[0], parts[1] if len(parts) > 1 else namespace
    if len(parts) > 2 and parts[2] != "svc":
        return None
    service = cluster.find("services", place, name)
    if service is None:
        return None
    wanted = next((p.get("name", "") for p in service["spec"].get("ports") or () if p["port"] == port), None)
    if wanted is None:
        return None
    slices = cluster.list(SLICES, place, lambda s: (s["metadata"].get("labels") or {}).get(SERVICE_LABEL) == name)
    return next((found for each in slices if (found := _ready(each, wanted)) is not None), None)


def _ready(slice_: Obj, port_name: str) -> tuple[str, int] | None:
    number = next((p["port"] for p in slice_.get("ports") or () if (p.get("name") or "") == port_name), None)
    for endpoint in slice_.get("endpoints") or ():
        if number is not None and (endpoint.get("conditions") or {}).get("ready", True) and endpoint.get("addresses"):
            return str(endpoint["addresses"][0]), int(number)
    return None
