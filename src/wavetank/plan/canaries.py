"""Which Services the mesh splits between two versions of a workload, and by which routes. Read by ``delivery`` and the mesh."""

from __future__ import annotations

from dataclasses import dataclass

from wavetank.plan.namespaces import only_namespace
from wavetank.spec.delivery import Canary
from wavetank.spec.mesh import HttpRoute, MeshRoute
from wavetank.spec.platform import PlatformFile
from wavetank.spec.workloads import Workload

STABLE, CANARY = "stable", "canary"


@dataclass(frozen=True)
class Split:
    """A Service whose requests the mesh divides between the subsets stable and canary."""

    workload: str
    service: str
    namespace: str

    def is_named(self, host: str) -> bool:
        """Whether a host, as written, is the Service."""
        short = f"{self.service}.{self.namespace}"
        return host in (self.service, short, f"{short}.svc", f"{short}.svc.cluster.local")


def service_of(workload: Workload, written: PlatformFile, named: str | None) -> str:
    """The Service that a delivery is about: the one it names, or the workload's own."""
    own = [each.name for each in written.services or () if each.workload == workload.name]
    return named or (own[0] if own else workload.name)


def _split(workload: Workload, canary: Canary, written: PlatformFile) -> Split:
    namespace = workload.namespace or only_namespace(written)
    return Split(workload.name, service_of(workload, written, canary.service), namespace)


def splits(written: PlatformFile) -> tuple[Split, ...]:
    """All Services that are split by the mesh."""
    return tuple(
        _split(each, each.delivery.canary, written)
        for each in written.workloads or ()
        if each.delivery is not None
        and each.delivery.canary is not None
        and each.delivery.canary.traffic_routing == "mesh"
    )


def divides(entry: HttpRoute, split: Split) -> bool:
    """Whether an entry of http sends to both versions of the Service."""
    if entry.to is not None:
        both = entry.weights is None or set(entry.weights) == {STABLE, CANARY}
        return split.is_named(entry.to) and entry.subset is None and both
    subsets = {
        target.get("subset")
        for each in entry.route or ()
        if isinstance(target := each.get("destination"), dict) and split.is_named(str(target.get("host")))
    }
    return subsets == {STABLE, CANARY}


def entry_name(entry: HttpRoute, index: int) -> str:
    """The name by which Argo Rollouts finds an entry of http."""
    return entry.name or f"route-{index}"


def dividing_routes(written: PlatformFile, split: Split) -> tuple[tuple[MeshRoute, tuple[str, ...]], ...]:
    """The VirtualServices whose weights Argo Rollouts moves, with the names of their entries."""
    found = []
    for route in (written.mesh.routes if written.mesh is not None else None) or ():
        names = tuple(entry_name(each, at) for at, each in enumerate(route.http or ()) if divides(each, split))
        if names:
            found.append((route, names))
    return tuple(found)
