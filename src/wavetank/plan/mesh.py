"""The service mesh: asks each part for its objects."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Literal

from wavetank.kube.types import Obj
from wavetank.plan.canaries import splits
from wavetank.plan.ledger import Ledger
from wavetank.plan.mesh_access import authorization, peer_authentication, request_authentication
from wavetank.plan.mesh_canaries import canary_destinations, canary_routes
from wavetank.plan.mesh_names import Names
from wavetank.plan.mesh_traffic import destination, gateway, route, service_entry
from wavetank.plan.model import Mesh, MeshObject, Namespace, Service, Workload
from wavetank.plan.plain_callers import plain_ports
from wavetank.plan.reasons import Default
from wavetank.spec.mesh import Mesh as WrittenMesh
from wavetank.spec.platform import PlatformFile

_DOCS = "istio.io/latest/docs"

NO_MESH = Default("mesh", "nothing was asked for")
STRICT = Default(
    "mesh.mtls",
    "a mesh that also takes unencrypted requests protects nothing",
    f"{_DOCS}/reference/config/security/peer_authentication",
)
FEW_TRACES = Default(
    "mesh.tracingSamplingPercent", "Istio's own share, written out", f"{_DOCS}/tasks/observability/distributed-tracing"
)

#: name under which istiod's values and the Telemetry know the collector
TRACING_PROVIDER = "traces"


def mesh(
    written: PlatformFile, services: tuple[Service, ...], workloads: tuple[Workload, ...], ledger: Ledger
) -> Mesh | None:
    """The mesh's objects; None when the platform has none."""
    stated = written.mesh
    if stated is None:
        return ledger.because("mesh", None, NO_MESH)
    ledger.stated("mesh", stated)
    names = Names(written, services, workloads, splits(written))
    mode: Literal["STRICT", "PERMISSIVE"] = ledger.chosen("mesh.mtls", stated.mtls, "STRICT", STRICT)
    members = tuple(each.name for each in written.namespaces or () if each.mesh)
    ledger.derived("mesh.namespaces", members, ("namespaces",), "the namespaces with `mesh: true`")
    for part in ("peerAuthentications", "certificates"):
        ledger.derived(f"mesh.{part}", None, ("mesh",), "what follows from the rest of the mesh")
    edges = tuple(gateway(each, names, ledger) for each in stated.gateways or ())
    plain = tuple(plain_ports(members, names, ledger)) if mode == "STRICT" else ()
    return Mesh(
        mtls=mode,
        namespaces=members,
        peer_authentications=(*(peer_authentication(each, mode, ledger) for each in members), *plain),
        gateways=tuple(edge for edge, _ in edges),
        certificates=tuple(certificate for _, certificate in edges if certificate is not None),
        routes=(*(route(each, names, ledger) for each in stated.routes or ()), *canary_routes(names, ledger)),
        destinations=(
            *(destination(each, names, ledger) for each in stated.destinations or ()),
            *canary_destinations(names, ledger),
        ),
        authorization=tuple(authorization(each, names, ledger) for each in stated.authorization or ()),
        request_authentication=tuple(
            request_authentication(each, names, ledger) for each in stated.request_authentication or ()
        ),
        service_entries=tuple(service_entry(each, names, ledger) for each in stated.service_entries or ()),
        telemetry=tuple(_telemetry(each, stated, ledger) for each in members),
    )


def with_proxies(planned: Namespace, written: PlatformFile, ledger: Ledger) -> Namespace:
    """The namespace with the label by which istiod gives its pods a proxy, if it is one of the mesh."""
    stated = next((each for each in written.namespaces or () if each.name == planned.name), None)
    if stated is None or not stated.mesh:
        return planned
    revision = written.mesh.revision if written.mesh is not None else None
    key, value = ("istio.io/rev", revision) if revision is not None else ("istio-injection", "enabled")
    ledger.stated(f"namespaces[{planned.name}].labels[{key}]", value, f"namespaces[{planned.name}].mesh")
    return replace(planned, labels={**planned.labels, key: value})


def _telemetry(namespace: str, stated: WrittenMesh, ledger: Ledger) -> MeshObject:
    """What the proxies of a namespace tell; beside the pods, since the root namespace may belong to somebody else."""
    share = ledger.chosen("mesh.tracingSamplingPercent", stated.tracing_sampling_percent, Decimal(1), FEW_TRACES)
    origins = ("mesh.tracingSamplingPercent", f"namespaces[{namespace}]")
    ledger.derived("mesh.telemetry", None, origins, "for every namespace of the mesh")
    tracing: Obj = {"randomSamplingPercentage": float(share)}
    if stated.telemetry is not None and stated.telemetry.tracing is not None:
        tracing = {"providers": [{"name": TRACING_PROVIDER}], **tracing}
    spec: Obj = {"tracing": [tracing]}
    if stated.telemetry is not None and stated.telemetry.access_logs is not None:
        logs: Obj = {"providers": [{"name": "envoy"}]}
        spec["accessLogging"] = [logs | ({} if stated.telemetry.access_logs else {"disabled": True})]
    return MeshObject("mesh-default", namespace, "telemetry.istio.io/v1", "Telemetry", spec)
