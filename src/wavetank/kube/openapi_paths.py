"""The paths of OpenAPI documents: which requests a resource answers, with the kind that they are about.

Clients look here for three things: the kind behind a path, whether a PATCH knows ``fieldValidation``, and which patch
formats it takes. Everything else of an operation is kept short.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .kinds import verbs_of_subresource
from .types import Obj, Resource

_JSON = "application/json"
_MERGE = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")
_STRATEGIC = "application/strategic-merge-patch+json"
_TEXTS = {
    "dryRun": "When present, indicates that modifications should not be persisted. The only valid value is All.",
    "fieldManager": "The name of the actor or entity that makes these changes.",
    "fieldValidation": "What to do with unknown or duplicate fields: Ignore, Warn or Strict.",
    "force": "Whether to take over fields of other managers. Only for apply requests.",
    "labelSelector": "Restricts the list by labels.",
    "fieldSelector": "Restricts the list by fields.",
    "limit": "The most objects that one answer may hold.",
    "continue": "Where the next part of a list begins, as the last answer told.",
    "resourceVersion": "Which version of the collection to serve.",
    "watch": "Whether to send changes as they happen.",
    "pretty": "Whether to indent the output.",
}
_WRITE = ("dryRun", "fieldManager", "fieldValidation")
_LIST = ("labelSelector", "fieldSelector", "limit", "continue", "resourceVersion", "watch")


def prefix(api_version: str) -> str:
    """``v1`` is served below ``/api``, everything else below ``/apis``."""
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def paths(resource: Resource, ref: str, custom: bool) -> Obj:
    """All paths of a resource; ``ref`` names the schema of its kind (empty when there is none)."""
    root = prefix(resource.api_version)
    scoped = f"{root}/namespaces/{{namespace}}" if resource.namespaced else root
    collection, item = f"{scoped}/{resource.plural}", f"{scoped}/{resource.plural}/{{name}}"
    result: Obj = {}
    operations = dict(_collection(resource, ref))
    if operations:
        result[collection] = {**operations, "parameters": _placeholders(collection)}
    operations = dict(_item(resource, ref, custom))
    if operations:
        result[item] = {**operations, "parameters": _placeholders(item)}
    for name, kind in resource.subresources:
        below = f"{item}/{name}"
        operations = dict(_subresource(resource, name, kind, ref, custom))
        result[below] = {**operations, "parameters": _placeholders(below)}
    if resource.namespaced and "list" in resource.verbs:
        everywhere = f"{root}/{resource.plural}"
        result[everywhere] = {"get": _operation(resource, "list", ref, _LIST), "parameters": _placeholders(everywhere)}
    if "watch" in resource.verbs:
        result |= _watches(resource, root, collection, item, ref)
    return result


def _watches(resource: Resource, root: str, collection: str, item: str, ref: str) -> Obj:
    plain = [f"{root}/{resource.plural}"] if resource.namespaced else []
    watched = [path.replace(root, f"{root}/watch", 1) for path in (*plain, collection, item)]
    return {
        path: {"get": _operation(resource, "watch", ref, _LIST), "parameters": _placeholders(path)} for path in watched
    }


def _collection(resource: Resource, ref: str) -> Iterator[tuple[str, Obj]]:
    if "list" in resource.verbs:
        yield "get", _operation(resource, "list", ref, _LIST)
    if "create" in resource.verbs:
        yield "post", _operation(resource, "post", ref, _WRITE, body=(_JSON,))
    if "deletecollection" in resource.verbs:
        yield "delete", _operation(resource, "deletecollection", ref, ("dryRun", *_LIST))


def _item(resource: Resource, ref: str, custom: bool) -> Iterator[tuple[str, Obj]]:
    if "get" in resource.verbs:
        yield "get", _operation(resource, "get", ref, ())
    if "update" in resource.verbs:
        yield "put", _operation(resource, "put", ref, _WRITE, body=(_JSON,))
    if "patch" in resource.verbs:
        yield "patch", _operation(resource, "patch", ref, (*_WRITE, "force"), body=patch_formats(custom))
    if "delete" in resource.verbs:
        yield "delete", _operation(resource, "delete", ref, ("dryRun",))


def patch_formats(custom: bool) -> tuple[str, ...]:
    return _MERGE if custom else (*_MERGE, _STRATEGIC)


_METHODS = {"create": ("post", "post"), "get": ("get", "get"), "update": ("put", "put"), "patch": ("patch", "patch")}


def _subresource(
    resource: Resource, name: str, kind: tuple[str, str, str], ref: str, custom: bool
) -> Iterator[tuple[str, Obj]]:
    for verb in verbs_of_subresource(name):
        if verb not in _METHODS:
            continue
        method, action = _METHODS[verb]
        body = {"post": (_JSON,), "put": (_JSON,), "patch": patch_formats(custom)}.get(method, ())
        parameters = _WRITE if body else ()
        own = kind == (resource.group, resource.version, resource.kind)
        yield method, _operation(resource, action, ref if own else "", parameters, body, kind)


def _operation(
    resource: Resource,
    action: str,
    ref: str,
    parameters: tuple[str, ...],
    body: tuple[str, ...] = (),
    kind: tuple[str, str, str] | None = None,
) -> Obj:
    group, version, name = kind or (resource.group, resource.version, resource.kind)
    schema: Obj = {"$ref": f"#/components/schemas/{ref}"} if ref else {"type": "object"}
    listed = action in ("list", "watch", "deletecollection", "delete")
    answer: Obj = {"description": "OK"}
    if not listed:
        answer["content"] = {_JSON: {"schema": schema}}
    operation: Obj = {
        "tags": [resource.group.replace(".", "_") or "core"],
        "responses": {"200": answer, "401": {"description": "Unauthorized"}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {"group": group, "kind": name, "version": version},
    }
    if parameters:
        operation["parameters"] = [_query(parameter) for parameter in parameters]
    if body:
        operation["requestBody"] = {"content": {kind_: _body(kind_, schema) for kind_ in body}, "required": True}
    return operation


def _body(media_type: str, schema: Obj) -> Obj:
    return {"schema": schema if media_type == _JSON else {"type": "object"}}


_QUERY_TYPES = {"force": "boolean", "watch": "boolean", "limit": "integer"}


def _query(name: str) -> dict[str, Any]:
    schema = {"type": _QUERY_TYPES.get(name, "string"), "uniqueItems": True}
    return {"name": name, "in": "query", "description": _TEXTS[name], "schema": schema}


def _placeholders(path: str) -> list[Obj]:
    """The parameters that stand in the path itself."""
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "uniqueItems": True}}
        for name in ("namespace", "name")
        if f"{{{name}}}" in path
    ]
