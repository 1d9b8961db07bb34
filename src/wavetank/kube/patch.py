"""JSON patch (RFC 6902) and JSON merge patch (RFC 7396) with the refusals of a Kubernetes API server.

The API's PATCH handler calls this. Neither function changes what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .errors import ApiError, bad_request

#: ``handlers/patch.go``: a JSON patch with more operations is refused.
MAX_OPERATIONS = 10_000
_MISSING = object()


class _FailedError(Exception):
    """An operation does not fit the document."""


def merge_patch(document: Any, patch: Any) -> Any:
    """``document`` with ``patch`` laid over it; ``null`` removes a key (RFC 7396, section 2)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def require_object(patch: Any) -> None:
    """Refuse (400) a merge patch that is not an object, in Go's words."""
    if not isinstance(patch, dict):
        target = "map[string]interface {}"
        raise bad_request(
            f"error decoding patch: json: cannot unmarshal {go_type(patch)} into Go value of type {target}"
        )


def json_patch(document: Any, operations: Any) -> Any:
    """``document`` after all ``operations``.

    Raises ApiError: 400 when ``operations`` is no list of objects, 413 when it is too long, 422 ``Invalid`` when an
    operation does not fit (a failed ``test``, a missing path, an unknown ``op``), as ``handlers/patch.go`` answers.
    """
    _check_shape(operations)
    try:
        for operation in operations:
            document = _after(document, operation)
    except _FailedError as failure:
        message = "the server rejected our request due to an error in our request"
        raise ApiError(422, "Invalid", message) from failure
    return document


def go_type(value: Any) -> str:
    """What Go's JSON decoder calls the type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _check_shape(operations: Any) -> None:
    refusal = "error decoding patch: json: cannot unmarshal {} into Go value of type {}"
    if not isinstance(operations, list):
        raise bad_request(refusal.format(go_type(operations), "[]handlers.jsonPatchOp"))
    wrong = next((o for o in operations if not isinstance(o, dict)), _MISSING)
    if wrong is not _MISSING:
        raise bad_request(refusal.format(go_type(wrong), "handlers.jsonPatchOp"))
    if len(operations) > MAX_OPERATIONS:
        limit = f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(operations)}"
        raise ApiError(413, "RequestEntityTooLarge", f"Request entity too large: {limit}")


def _after(document: Any, operation: dict[str, Any]) -> Any:
    path = _tokens(operation.get("path"))
    match operation.get("op"):
        case "add":
            return _put(document, path, _value(operation), replace=False)
        case "replace":
            _find(document, path)
            return _put(document, path, _value(operation), replace=True)
        case "remove":
            return _without(document, path)
        case "copy":
            return _put(document, path, _find(document, _tokens(operation.get("from"))), replace=False)
        case "move":
            source = _tokens(operation.get("from"))
            return _put(_without(document, source), path, _find(document, source), replace=False)
        case "test":
            _test(document, path, operation.get("value"))
            return document
        case other:
            raise _FailedError(f"Unexpected kind: {other}")


def _tokens(pointer: Any) -> tuple[str, ...]:
    """The reference tokens of a JSON pointer (RFC 6901)."""
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise _FailedError("no path")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _value(operation: dict[str, Any]) -> Any:
    if "value" not in operation:
        raise _FailedError("no value")
    return operation["value"]


def _test(document: Any, path: Sequence[str], expected: Any) -> None:
    try:
        actual = _find(document, path)
    except _FailedError:
        if expected is None:
            return
        raise
    if not _same(actual, expected):
        raise _FailedError("test failed")


def _same(a: Any, b: Any) -> bool:
    """Equal as JSON: Python's ``True == 1`` must not pass."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return go_type(a) == go_type(b) and bool(a == b)


def _find(document: Any, path: Sequence[str]) -> Any:
    for token in path:
        document = _child(document, token)
    return document


def _child(parent: Any, token: str) -> Any:
    if isinstance(parent, dict):
        if token not in parent:
            raise _FailedError(f"missing key {token}")
        return parent[token]
    if isinstance(parent, list):
        return parent[_index(token, len(parent))]
    raise _FailedError(f"no container at {token}")


def _index(token: str, length: int) -> int:
    """A place in a list of ``length``; negative ones count from the end, as upstream's library allows."""
    if not token.lstrip("-").isdecimal() or token.startswith("--"):
        raise _FailedError(f"bad index {token}")
    index = int(token)
    if not -length <= index < length:
        raise _FailedError(f"index {token} out of bounds")
    return index % length


def _rebuilt(parent: Any, token: str, change: Callable[[Any], Any]) -> Any:
    """A copy of ``parent`` whose child ``token`` is ``change(child)``."""
    child = change(_child(parent, token))
    if isinstance(parent, dict):
        return {**parent, token: child}
    index = _index(token, len(parent))
    return [*parent[:index], child, *parent[index + 1 :]]


def _put(document: Any, path: Sequence[str], value: Any, *, replace: bool) -> Any:
    if not path:
        return value
    token, rest = path[0], path[1:]
    if rest:
        return _rebuilt(document, token, lambda child: _put(child, rest, value, replace=replace))
    if isinstance(document, dict):
        return {**document, token: value}
    if not isinstance(document, list):
        raise _FailedError(f"no container at {token}")
    if replace:
        return _rebuilt(document, token, lambda _: value)
    index = len(document) if token == "-" else _index(token, len(document) + 1)
    return [*document[:index], value, *document[index:]]


def _without(document: Any, path: Sequence[str]) -> Any:
    if not path:
        raise _FailedError("cannot remove the document")
    token, rest = path[0], path[1:]
    if rest:
        return _rebuilt(document, token, lambda child: _without(child, rest))
    _child(document, token)
    if isinstance(document, dict):
        return {k: v for k, v in document.items() if k != token}
    index = _index(token, len(document))
    return [*document[:index], *document[index + 1 :]]
