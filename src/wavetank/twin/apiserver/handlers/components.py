"""ComponentStatus: the deprecated view of the control plane's parts, of which a twin has none apart. Read only, never stored."""

from __future__ import annotations

from wavetank.kube.errors import not_found
from wavetank.kube.types import Obj, Resource

from ..edge import Edge
from ..exchange import Answer, Exchange, answer_of
from .reading import partial, table

KEY = "componentstatuses"
NAMES = ("controller-manager", "etcd-0", "scheduler")


def answer(edge: Edge, exchange: Exchange, resource: Resource) -> Answer:
    """GET and LIST: whoever answers at all is well."""
    target, wanted = exchange.target, exchange.accepted()
    edge.require_verb(resource, target.verb)
    found = [_status(name) for name in NAMES if target.name in ("", name)]
    if target.verb == "get" and not found:
        raise not_found(resource, target.name)
    match wanted.shape:
        case "table":
            return answer_of(table(edge, exchange, resource, found, {}), wanted)
        case "metadata":
            found = [partial(o) for o in found]
            kind: Obj = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
        case "object":
            kind = {"kind": "ComponentStatusList", "apiVersion": "v1"}
    if target.verb == "get":
        return answer_of(found[0], wanted)
    return answer_of({**kind, "metadata": {}, "items": found}, wanted)


def _status(name: str) -> Obj:
    conditions = [{"type": "Healthy", "status": "True", "message": "ok"}]
    metadata: Obj = {"name": name, "creationTimestamp": None}
    return {"kind": "ComponentStatus", "apiVersion": "v1", "metadata": metadata, "conditions": conditions}
