"""GET of an object and of a list, as JSON, Tables or metadata only; lists whole or in chunks."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from wavetank.kube import tables
from wavetank.kube.errors import ApiError, bad_request
from wavetank.kube.field_selectors import parse_field_selector
from wavetank.kube.selectors import InvalidSelectorError, parse_label_selector
from wavetank.kube.types import Obj, Resource
from wavetank.twin.cluster import views
from wavetank.twin.cluster.registry import storage_key

from ..content import Accepted, json_bytes
from ..edge import Edge
from ..exchange import Answer, Exchange, answer_of

Matches = Callable[[Obj], bool]
_INCLUDES = ("Metadata", "Object", "None")


def get(edge: Edge, exchange: Exchange, resource: Resource) -> Answer:
    target, wanted = exchange.target, exchange.accepted()
    namespace = target.namespace if resource.namespaced else ""
    obj = edge.cluster.get(resource.key, namespace, target.name)
    if target.subresource == "scale":
        return answer_of(edge.cluster.scale_of(resource.key, namespace, target.name), exchange.accepted(tables=False))
    if wanted.shape == "object" and not wanted.yaml:
        return Answer(edge.encoder.json(obj, resource) + b"\n")
    return shaped(edge, exchange, resource, obj, wanted)


def shaped(edge: Edge, exchange: Exchange, resource: Resource, obj: Obj, wanted: Accepted, status: int = 200) -> Answer:
    """One object in the shape that the client wants."""
    view = views.served(obj, resource)
    match wanted.shape:
        case "table":
            version = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            return answer_of(table(edge, exchange, resource, [view], version), wanted, status)
        case "metadata":
            return answer_of(partial(view), wanted, status)
        case _:
            return answer_of(view, wanted, status)


def partial(obj: Obj) -> Obj:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def table(
    edge: Edge,
    exchange: Exchange,
    resource: Resource,
    objects: list[Obj],
    metadata: Obj,
    *,
    with_columns: bool = True,
) -> Obj:
    include = exchange.query.get("includeObject") or "Metadata"
    if include not in _INCLUDES:
        raise bad_request(f'unrecognized includeObject value: "{include}"')
    return tables.table(
        resource,
        objects,
        edge.cluster.now,
        metadata=metadata,
        printer_columns=edge.printer_columns(resource),
        with_columns=with_columns,
        include_object=include,
    )


# Lists -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """Part of a list: its objects, the list's revision, and where the next part begins (empty: this is the last)."""

    objects: list[Obj]
    revision: int
    following: str = ""
    remaining: int = 0


def matcher(edge: Edge, exchange: Exchange, resource: Resource) -> Matches:
    """Whether an object is in the namespace and satisfies the selectors of a request."""
    query, namespace = exchange.query, exchange.target.namespace if resource.namespaced else ""
    try:
        labels = parse_label_selector(query.get("labelSelector", ""))
        fields = parse_field_selector(query.get("fieldSelector", ""), resource, edge.selectable(resource))
    except InvalidSelectorError as error:
        raise bad_request(str(error)) from error
    name = exchange.target.name

    def matches(obj: Obj) -> bool:
        metadata = obj["metadata"]
        return (
            (not namespace or metadata.get("namespace") == namespace)
            and (not name or metadata["name"] == name)
            and labels.matches(metadata.get("labels"))
            and (fields.is_empty or fields.matches(views.served(obj, resource)))
        )

    return matches


def listed(edge: Edge, exchange: Exchange, resource: Resource) -> Answer:
    wanted = exchange.accepted()
    page = _page(edge, exchange, resource)
    metadata: Obj = {"resourceVersion": str(page.revision)}
    if page.following:
        metadata |= {"continue": page.following}
        if not exchange.query.get("labelSelector") and not exchange.query.get("fieldSelector"):
            metadata["remainingItemCount"] = page.remaining
    if wanted.shape == "table":
        shown = [views.served(o, resource) for o in page.objects]
        return answer_of(table(edge, exchange, resource, shown, metadata), wanted)
    return _plain_list(edge, resource, page.objects, metadata, wanted)


def _plain_list(edge: Edge, resource: Resource, objects: list[Obj], metadata: Obj, wanted: Accepted) -> Answer:
    if wanted.shape == "metadata":
        items: list[Any] = [partial(o) for o in objects]
        kind = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
        return answer_of({**kind, "metadata": metadata, "items": items}, wanted)
    kind = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version}
    if wanted.yaml:
        return answer_of({**kind, "metadata": metadata, "items": [views.served(o, resource) for o in objects]}, wanted)
    fragments = [orjson.Fragment(edge.encoder.json(o, resource)) for o in objects]
    return Answer(json_bytes({**kind, "metadata": metadata, "items": fragments}))


def _page(edge: Edge, exchange: Exchange, resource: Resource) -> Page:
    matches, limit = matcher(edge, exchange, resource), exchange.number("limit") or 0
    token = exchange.query.get("continue", "")
    store = edge.cluster.store
    revision, start = _decoded_token(token) if token else (store.revision, ("", ""))
    _check_revision(exchange.number("resourceVersion") or 0, store.revision)
    if revision == store.revision or not token:
        current = list(store.all(storage_key(resource)))
    else:
        remembered = store.snapshot(storage_key(resource), revision)
        if remembered is None:
            text = (
                "The provided continue parameter is too old to display a consistent list result. You can start a new "
            )
            raise ApiError(410, "Expired", f"{text}list without the continue parameter.")
        current = remembered
    found = sorted((o for o in current if matches(o) and _address(o) >= start), key=_address)
    if not limit or len(found) <= limit:
        return Page(found, revision)
    following = _token(revision, _address(found[limit]))
    return Page(found[:limit], revision, following, len(found) - limit)


def _address(obj: Obj) -> tuple[str, str]:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _token(revision: int, start: tuple[str, str]) -> str:
    body = orjson.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": "/".join(start)})
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def _decoded_token(token: str) -> tuple[int, tuple[str, str]]:
    try:
        body = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, _, name = body["start"].partition("/")
        return int(body["rv"]), (namespace, name)
    except (binascii.Error, orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise bad_request("continue key is not valid: invalid token") from error


def _check_revision(asked: int, current: int) -> None:
    if asked > current:
        text = f"Too large resource version: {asked}, current: {current}"
        raise ApiError(504, "Timeout", text, retry_after_seconds=1)
