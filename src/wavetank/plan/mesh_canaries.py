"""What a canary needs of the mesh where the author wrote no route or destination for its Service."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.kube.types import Obj
from wavetank.plan.canaries import Split, dividing_routes
from wavetank.plan.delivery import PRIMARY
from wavetank.plan.ledger import Ledger
from wavetank.plan.mesh_names import Names
from wavetank.plan.mesh_traffic import BEFORE_A_CANARY, NETWORKING, missing_subsets
from wavetank.plan.model import MeshObject


def canary_routes(names: Names, ledger: Ledger) -> Iterator[MeshObject]:
    """A VirtualService for each divided Service that no route divides."""
    for split in names.splits:
        if not dividing_routes(names.written, split):
            host = names.full(split.service)
            shares = [
                {"destination": {"host": host, "subset": name}, "weight": share}
                for name, share in BEFORE_A_CANARY.items()
            ]
            spec: Obj = {"hosts": [host], "http": [{"name": PRIMARY, "route": shares}]}
            _note(f"mesh.routes[{split.service}]", split, ledger)
            yield MeshObject(split.service, split.namespace, NETWORKING, "VirtualService", spec)


def canary_destinations(names: Names, ledger: Ledger) -> Iterator[MeshObject]:
    """A DestinationRule for each divided Service that has none."""
    stated = (names.written.mesh.destinations if names.written.mesh is not None else None) or ()
    for split in names.splits:
        if not any(each.service is not None and split.is_named(each.service) for each in stated):
            spec: Obj = {"host": names.full(split.service), "subsets": missing_subsets(split, (), names)}
            _note(f"mesh.destinations[{split.service}]", split, ledger)
            yield MeshObject(split.service, split.namespace, NETWORKING, "DestinationRule", spec)


def _note(path: str, split: Split, ledger: Ledger) -> None:
    origins = (f"workloads[{split.workload}].delivery.canary.trafficRouting",)
    ledger.derived(path, None, origins, "the mesh divides requests between the versions")
