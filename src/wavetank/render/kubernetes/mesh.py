"""67-mesh.yaml: Istio's objects, encryption and access first, then where traffic goes."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import Mesh, MeshObject, Plan
from wavetank.render.kubernetes.parts import manifest, metadata
from wavetank.render.trace import Traced, element_key, tree


def objects(plan: Plan) -> tuple[Traced, ...]:
    """All objects of the mesh; none when the platform has no mesh."""
    return tuple(_objects(plan, plan.mesh)) if plan.mesh is not None else ()


def _objects(plan: Plan, mesh: Mesh) -> Iterator[Traced]:
    parts = {
        "peerAuthentications": mesh.peer_authentications,
        "requestAuthentication": mesh.request_authentication,
        "authorization": mesh.authorization,
        "telemetry": mesh.telemetry,
        "serviceEntries": mesh.service_entries,
        "destinations": mesh.destinations,
        "certificates": mesh.certificates,
        "gateways": mesh.gateways,
        "routes": mesh.routes,
    }
    for part, members in parts.items():
        for index, member in enumerate(members):
            shared = sum(other.name == member.name for other in members) > 1
            yield _object(plan, member, f"mesh.{part}[{index if shared else element_key(member, index)}]")


def _object(plan: Plan, member: MeshObject, path: str) -> Traced:
    framed = metadata(plan, path, member.name, member.namespace)
    return manifest(member.api_version, member.kind, framed, path, spec=tree(member.spec, f"{path}.spec"))
