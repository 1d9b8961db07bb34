"""The four kinds of patch, from a request's body to the object it makes of the live one.

Called by ``Cluster.patch``; the merging itself is that of ``wavetank.kube``. Follows apiserver ``endpoints/handlers/patch.go``.
"""

from __future__ import annotations

import json
from typing import Any, Literal, TypeAlias

from wavetank.kube.errors import ApiError, Cause, bad_request, invalid
from wavetank.kube.patch import json_patch, merge_patch, require_object
from wavetank.kube.strategic import invalid_patch, strategic_merge
from wavetank.kube.types import Obj, Resource

from .calls import Call
from .meanings import Meanings

PatchKind: TypeAlias = Literal["json", "merge", "strategic", "apply"]

CONTENT_TYPES: dict[str, PatchKind] = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
}


def check_supported(kind: PatchKind, resource: Resource, *, custom: bool) -> None:
    """ApiError 415 for a strategic patch of a custom resource, which has no merge keys."""
    if custom and kind == "strategic":
        accepted = ", ".join(c for c, k in CONTENT_TYPES.items() if k != "strategic")
        raise unsupported(accepted)


def unsupported(accepted: str = ", ".join(CONTENT_TYPES)) -> ApiError:
    text = "the body of the request was in an unknown format - accepted media types include: "
    return ApiError(415, "UnsupportedMediaType", text + accepted)


def patched(live: Obj, body: Any, kind: PatchKind, resource: Resource, meanings: Meanings, call: Call) -> Obj:
    """``live`` with a json, merge or strategic patch; decoded again, so that what does not fit is refused."""
    node = meanings.node(resource)
    custom = meanings.custom_node(resource) is not None
    check_supported(kind, resource, custom=custom)
    match kind:
        case "json":
            result = json_patch(live, body)
        case "merge":
            require_object(body)
            result = merge_patch(live, body)
        case _:
            assert node is not None, f"{resource.key} has no schema to merge with"
            result = strategic_merge(live, body, node)
    if not isinstance(result, dict):
        raise bad_request(f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}')
    # What a patch says of apiVersion and kind does not matter: the URL has said it.
    result = {**result, "apiVersion": resource.api_version, "kind": resource.kind}
    if not isinstance(result.get("metadata"), dict):
        result["metadata"] = {}

    def refusal(_: Resource, why: str) -> ApiError:
        if kind == "strategic":
            return invalid_patch(body, why)
        return _not_decodable(result, why)

    try:
        return meanings.read_as(result, resource, node, call, refusal)
    except ApiError as error:
        raise _as_patch_error(error, body, kind, result) from error


def _as_patch_error(error: ApiError, body: Any, kind: PatchKind, result: Obj) -> ApiError:
    """A value of the wrong type is a 422 about the patch here, where a whole object gets a 400."""
    marker = "cannot be handled as a "
    if error.code != 400 or marker not in error.message:
        return error
    why = error.message.split(marker, 1)[1].split(": ", 1)[1]
    if kind == "strategic":
        return invalid_patch(body, _unstructured_words(why))
    return _not_decodable(result, why)


def _unstructured_words(why: str) -> str:
    """Strategic patches are decoded by the unstructured converter, which has other words than the JSON decoder."""
    if " of type " in why and why.startswith("json: cannot unmarshal"):
        return f"unrecognized type: {why.rsplit(' of type ', 1)[1]}"
    return f"error decoding from json: {why}" if why.startswith("illegal base64") else why


def _not_decodable(result: Obj, why: str) -> ApiError:
    shown = json.dumps(json.dumps(_sorted(result), separators=(",", ":"), ensure_ascii=False), ensure_ascii=False)
    return invalid("", "", "", [Cause("FieldValueInvalid", f"Invalid value: {shown}: {why}", "patch")])


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _sorted(value[k]) for k in sorted(value)}
    return [_sorted(v) for v in value] if isinstance(value, list) else value


def check_identity(obj: Obj, resource: Resource, namespace: str, name: str, live: Obj) -> None:
    """A patch must not make an object another one: ApiError 400 for name and namespace, 422 for the uid."""
    metadata = obj["metadata"]
    check_address(metadata, namespace, name)
    uid = metadata.get("uid", "")
    if uid and uid != live["metadata"]["uid"]:
        cause = Cause("FieldValueInvalid", f'Invalid value: "{uid}": field is immutable', "metadata.uid")
        raise invalid(resource.group, resource.kind, name, [cause])


def check_address(metadata: Obj, namespace: str, name: str) -> None:
    """ApiError 400 when an object says that it is somewhere else than its URL."""
    said = metadata.get("name", "")
    if said and said != name:
        raise bad_request(f"the name of the object ({said}) does not match the name on the URL ({name})")
    check_namespace(metadata, namespace)


def check_namespace(metadata: Obj, namespace: str) -> None:
    said = metadata.get("namespace", "")
    if said and namespace and said != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")


def applied_config(body: Any, resource: Resource, namespace: str, name: str) -> Obj:
    """The configuration of a server-side apply, checked against its URL."""
    if not isinstance(body, dict):
        raise bad_request("error decoding YAML: the body of an apply is an object")
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise bad_request("error decoding YAML: metadata is an object")
    metadata = dict(metadata)
    check_address(metadata, namespace, name)
    for said, wanted, word in (
        (body.get("apiVersion"), resource.api_version, "patch version"),
        (body.get("kind"), resource.kind, "kind"),
    ):
        if not said:
            raise bad_request(f"invalid object type: /, Kind={body.get('kind') or ''}")
        if said != wanted:
            raise bad_request(
                f"Incorrect version specified in apply patch. Specified {word}: {said}, expected: {wanted}"
            )
    metadata |= {"name": name} | ({"namespace": namespace} if namespace else {})
    return {**body, "metadata": metadata}


def read_applied(result: Obj, resource: Resource, meanings: Meanings, call: Call) -> Obj:
    """The outcome of an apply as the server understands it (amounts in canonical form, say)."""
    lenient = Call(call.user, call.manager, call.dry_run, "Ignore", external=True)
    node = meanings.node(resource)
    return meanings.read_as(result, resource, node, lenient, lambda _, why: bad_request(why))


def patched_scale(current: Obj, body: Any, kind: PatchKind) -> Obj:
    """A Scale with a patch of any kind; a Scale has no lists, so all of them merge alike."""
    if kind == "json":
        patched = json_patch(current, body)
        if not isinstance(patched, dict):
            raise bad_request("json: cannot unmarshal the patched value into Go value of type v1.Scale")
        return patched
    require_object(body)
    return dict(merge_patch(current, body))


def replicas_of(scale: Obj) -> int:
    """The replicas that a Scale asks for."""
    return int((scale.get("spec") or {}).get("replicas") or 0)
