"""GET of an object and of a list, as JSON, Tables or metadata only; lists whole or in chunks."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from wavetank.kube import tables
from wavetank.kube.errors import ApiError, Cause, bad_request, invalid
from wavetank.kube.field_selectors import parse_field_selector
from wavetank.kube.selectors import InvalidSelectorError, parse_label_selector
from wavetank.kube.types import Obj, Resource
from wavetank.twin.cluster import views
from wavetank.twin.cluster.registry import storage_key

from ..content import Accepted
from ..edge import Edge
from ..exchange import Answer, Exchange, answer_of
from ..listing import Address, address_of, position

Matches = Callable[[Obj], bool]
#: So many objects are encoded before others on the loop have their turn.
SLICE_OBJECTS = 100
#: kubectl asks for Tables in pages of so many rows, and waits a fifth of a second between pages after the tenth, whatever
#: the server says. The API allows a server to return everything, so it gets all rows at once; smaller pages are kept to.
WHOLE_TABLE_LIMIT = 500
#: The revision in a token whose list goes on with whatever is there.
INCONSISTENT = -1
SCALES = Resource("autoscaling", "v1", "Scale", "scales", "scale", namespaced=True)
_INCLUDES = ("Metadata", "Object", "None")


def get(edge: Edge, exchange: Exchange, resource: Resource) -> Answer:
    target, wanted = exchange.target, exchange.accepted()
    namespace = target.namespace if resource.namespaced else ""
    obj = edge.cluster.get(resource.key, namespace, target.name)
    if target.subresource == "scale":
        # Scales of custom kinds have no printer.
        wanted = exchange.accepted(tables=edge.printer_columns(resource) is None)
        scale = edge.cluster.scale_of(resource.key, namespace, target.name)
        return shaped(edge, exchange, SCALES, scale, wanted)
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
    """Whether an object is in the namespace and satisfies the selectors of a request. ApiError 400 for bad selectors."""
    query, namespace = exchange.query, exchange.target.namespace if resource.namespaced else ""
    try:
        labels = parse_label_selector(query.get("labelSelector", ""))
        fields = parse_field_selector(query.get("fieldSelector", ""), resource, edge.selectable(resource))
    except InvalidSelectorError as error:
        raise bad_request(str(error)) from error
    name = exchange.target.name
    if not (namespace or name or query.get("labelSelector")) and fields.is_empty:
        return lambda obj: True

    def matches(obj: Obj) -> bool:
        metadata = obj["metadata"]
        return (
            (not namespace or metadata.get("namespace") == namespace)
            and (not name or metadata["name"] == name)
            and labels.matches(metadata.get("labels"))
            and (fields.is_empty or fields.matches(views.served(obj, resource)))
        )

    return matches


async def listed(edge: Edge, exchange: Exchange, resource: Resource) -> Answer:
    """A list or a page of it. It is made in slices, between which others are answered; the objects do not change meanwhile."""
    wanted = exchange.accepted()
    page = _page(edge, exchange, resource)
    metadata: Obj = {"resourceVersion": str(page.revision)}
    if page.following:
        metadata |= {"continue": page.following}
        if not exchange.query.get("labelSelector") and not exchange.query.get("fieldSelector"):
            metadata["remainingItemCount"] = page.remaining
    if wanted.yaml:
        shown = [views.served(o, resource) for o in page.objects]
        kind = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version}
        return answer_of({**kind, "metadata": metadata, "items": shown}, wanted)
    head: Obj
    match wanted.shape:
        case "table":
            head, name, encoded = (
                table(edge, exchange, resource, [], metadata),
                "rows",
                _row_of(edge, exchange, resource),
            )
            del head["rows"]
        case "metadata":
            head = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
            name, encoded = "items", lambda obj: edge.encoder.partial(obj, resource)
        case "object":
            head = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": metadata}
            name, encoded = "items", lambda obj: edge.encoder.json(obj, resource)
    return Answer(await _joined(head, name, page.objects, encoded), media_type=wanted.media_type)


async def _joined(head: Obj, name: str, objects: list[Obj], encoded: Callable[[Obj], bytes]) -> bytes:
    """``head`` as JSON with one more field: a list of objects."""
    parts = []
    for start in range(0, len(objects), SLICE_OBJECTS):
        if start:
            await asyncio.sleep(0)
        parts.append(b",".join([encoded(obj) for obj in objects[start : start + SLICE_OBJECTS]]))
    return b"".join((orjson.dumps(head)[:-1], b',"', name.encode(), b'":[', b",".join(parts), b"]}\n"))


def _row_of(edge: Edge, exchange: Exchange, resource: Resource) -> Callable[[Obj], bytes]:
    """How an object becomes a row of a Table; what it shows of the object itself is encoded once per version."""
    now, columns = edge.cluster.now, edge.printer_columns(resource)
    cells = tables.printer_of(resource, columns).cells
    include = exchange.query.get("includeObject") or "Metadata"

    def row(obj: Obj) -> bytes:
        view = views.served(obj, resource)
        made: Obj = {"cells": cells(view, now)}
        if conditions := tables.row_conditions(view):
            made["conditions"] = conditions
        if include != "None":
            encode = edge.encoder.json if include == "Object" else edge.encoder.partial
            made["object"] = orjson.Fragment(encode(obj, resource))
        return orjson.dumps(made)

    return row


# Pages -------------------------------------------------------------------------------------------------------------


def _page(edge: Edge, exchange: Exchange, resource: Resource) -> Page:
    matches, limit = matcher(edge, exchange, resource), _limit(exchange)
    token = exchange.query.get("continue", "")
    check_list_options(exchange)
    key, namespace = storage_key(resource), exchange.target.namespace if resource.namespaced else ""
    if token:
        revision, start = _decoded_token(token)
        objects = _as_it_was(edge, key, namespace, revision, start)
        revision = revision if revision > 0 else edge.cluster.store.revision
        first = position(objects, start)
    else:
        revision, objects, first = *_at_version(edge, exchange, key, namespace), 0
    found: list[Obj] = []
    for index in range(first, len(objects)):
        if matches(objects[index]):
            if limit and len(found) == limit:
                edge.listings.remember(key, namespace, revision, objects)
                return Page(found, revision, _token(revision, address_of(objects[index])), len(objects) - index)
            found.append(objects[index])
    return Page(found, revision)


def _limit(exchange: Exchange) -> int:
    """The most objects of a page; 0 for no limit."""
    asked = exchange.number("limit") or 0
    return 0 if asked >= WHOLE_TABLE_LIMIT and exchange.accepted().shape == "table" else max(asked, 0)


def _at_version(edge: Edge, exchange: Exchange, key: str, namespace: str) -> tuple[int, list[Obj]]:
    """Revision and objects: the newest ones, or those of exactly the revision that is asked for."""
    asked, store = exchange.number("resourceVersion") or 0, edge.cluster.store
    _check_revision(asked, store.revision)
    if exchange.query.get("resourceVersionMatch") != "Exact":
        return store.revision, edge.listings.now(key, namespace)
    objects = edge.listings.at(key, namespace, asked)
    if objects is None:
        raise ApiError(410, "Expired", f"The resourceVersion for the provided list is too old: {asked}")
    return asked, objects


def _as_it_was(edge: Edge, key: str, namespace: str, revision: int, start: Address) -> list[Obj]:
    """The list that a token goes on with; one that is told to be inconsistent goes on with what is there now."""
    if revision == INCONSISTENT:
        return edge.listings.now(key, namespace)
    objects = edge.listings.at(key, namespace, revision)
    if objects is None:
        raise ContinueExpired(_token(INCONSISTENT, start))
    return objects


class ContinueExpired(ApiError):
    """410, with a token that goes on with the list as it is now (``handleCompactedErrorForPaging`` of etcd3's store)."""

    def __init__(self, following: str) -> None:
        text = (
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
            "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
            "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
            "deleted between the time the first chunk was returned and now may show up in the list."
        )
        super().__init__(410, "Expired", text)
        self._following = following

    def status(self) -> Obj:
        return {**super().status(), "metadata": {"continue": self._following}}


def check_list_options(exchange: Exchange) -> None:
    """ApiError 422 for versions that cannot be matched (``ValidateListOptions`` of apimachinery)."""
    query = exchange.query
    version, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    causes = []
    if match and not version:
        causes.append("resourceVersionMatch is forbidden unless resourceVersion is provided")
    if match and query.get("continue"):
        causes.append("resourceVersionMatch is forbidden when continue is provided")
    if match == "Exact" and version == "0":
        causes.append('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
    found = [forbidden_option("resourceVersionMatch", text) for text in causes]
    if match not in ("", "Exact", "NotOlderThan"):
        found.append(unknown_match(match, '"Exact", "NotOlderThan", ""'))
    if "sendInitialEvents" in query:
        found.append(forbidden_option("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    if found:
        raise invalid("meta.k8s.io", "ListOptions", "", found)
    if query.get("continue") and version not in ("", "0"):
        raise bad_request("specifying resource version is not allowed when using continue")


def forbidden_option(field: str, text: str) -> Cause:
    return Cause("FieldValueForbidden", f"Forbidden: {text}", field)


def unknown_match(match: str, supported: str) -> Cause:
    text = f'Unsupported value: "{match}": supported values: {supported}'
    return Cause("FieldValueNotSupported", text, "resourceVersionMatch")


def _token(revision: int, start: Address) -> str:
    body = orjson.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": "/".join(start)})
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def _decoded_token(token: str) -> tuple[int, Address]:
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
