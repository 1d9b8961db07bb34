"""Formats: which one a client wants, and what its body says.

JSON, YAML and Kubernetes protobuf come in; JSON and YAML go out. Whatever a body holds, the outcome is a JSON value or an
``ApiError``, never an exception of a parser.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import orjson
import yaml

from wavetank.kube import protobuf
from wavetank.kube.errors import ApiError, bad_request

from . import gojson

MOST_BYTES = 3 * 1024 * 1024
MOST_YAML_NODES = 1_000_000
MOST_DEPTH = 500
#: ``maxJSONPatchOperations`` of apiserver's patch handler.
MOST_PATCH_OPERATIONS = 10_000
Shape = Literal["object", "table", "metadata"]


@dataclass(frozen=True)
class Accepted:
    """``shape``: the object itself, a Table, or its metadata only. ``media_type`` is what the answer says it is."""

    shape: Shape = "object"
    yaml: bool = False
    media_type: str = "application/json"


@dataclass(frozen=True)
class MediaType:
    name: str
    parameters: dict[str, str]


def media_types(header: str) -> Iterator[MediaType]:
    """The entries of an Accept header, in the order given (clients that care list the best first)."""
    for entry in header.split(","):
        name, *rest = (part.strip() for part in entry.split(";"))
        pairs = (part.partition("=") for part in rest)
        if name:
            yield MediaType(name.lower(), {key.strip(): value.strip() for key, _, value in pairs})


def accepted(header: str, *, tables: bool = True) -> Accepted:
    """The best format that we can make of an Accept header; ApiError 406 when there is none."""
    for wanted in media_types(header or "*/*"):
        shape = _shape(wanted.parameters)
        if shape is None or (shape == "table" and not tables):
            continue
        if wanted.name in ("application/json", "*/*", "application/*"):
            suffix = (
                f";as={wanted.parameters['as']};v={wanted.parameters['v']};g=meta.k8s.io" if shape != "object" else ""
            )
            return Accepted(shape, media_type="application/json" + suffix)
        if wanted.name == "application/yaml" and shape == "object":
            return Accepted(yaml=True, media_type="application/yaml")
    text = "only the following media types are accepted: application/json, application/yaml"
    raise ApiError(406, "NotAcceptable", text)


def _shape(parameters: dict[str, str]) -> Shape | None:
    name = parameters.get("as", "")
    if not name:
        return "object"
    if parameters.get("g") != "meta.k8s.io" or parameters.get("v") != "v1":
        return None
    if name == "Table":
        return "table"
    return "metadata" if name in ("PartialObjectMetadata", "PartialObjectMetadataList") else None


# Bodies ------------------------------------------------------------------------------------------------------------


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # chosen at run time
    """YAML as Go's reader takes it: times stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def body_value(body: bytes, content_type: str, kind: str) -> Any:
    """What a body says; ``kind`` is what the URL wants and goes into the refusal. ApiError 400 or 415."""
    name = content_type.split(";")[0].strip().lower()
    if name == protobuf.CONTENT_TYPE:
        return protobuf.decode(body)
    if name in ("application/yaml", "text/yaml", "application/apply-patch+yaml"):
        return yaml_value(body)
    if name in ("", "application/json", "*/*") or name.endswith("+json"):
        return json_value(body, kind)
    text = "the body of the request was in an unknown format - accepted media types include: "
    raise ApiError(
        415, "UnsupportedMediaType", f"{text}application/json, application/yaml, application/vnd.kubernetes.protobuf"
    )


def json_value(body: bytes, kind: str) -> Any:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        why = gojson.parse_error(body.decode("utf-8", "replace")) or str(error)
        shown = body[:200].hex() or "<empty>"
        raise bad_request(
            f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; "
            f"json parse error: {why} ({shown})"
        ) from error
    _check_depth(value)
    return value


def patch_value(body: bytes) -> Any:
    """The body of a JSON, merge or strategic patch."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        why = gojson.parse_error(body.decode("utf-8", "replace")) or str(error)
        raise bad_request(f"error decoding patch: {why}") from error
    _check_depth(value)
    if isinstance(value, list) and len(value) > MOST_PATCH_OPERATIONS:
        text = f"The allowed maximum operations in a JSON patch is {MOST_PATCH_OPERATIONS}, got {len(value)}"
        raise ApiError(413, "RequestEntityTooLarge", text)
    return value


def yaml_value(body: bytes) -> Any:
    try:
        value = yaml.load(body, _Loader)
        _check_size(value)
        return _plain(value)
    except (yaml.YAMLError, RecursionError, ValueError, TypeError, OverflowError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise bad_request(f"error decoding YAML: {first}") from error


def _check_depth(value: Any) -> None:
    """ApiError 400 for a value nested deeper than recursive code can go."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MOST_DEPTH:
            raise bad_request("the object is nested too deeply: exceeded max depth")
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]


def _check_size(value: Any) -> None:
    """Aliases can make a small document a huge value: count what it would be written out."""
    sizes: dict[int, int] = {}

    def size(item: Any, depth: int) -> int:
        if depth > MOST_DEPTH:
            raise ValueError("document is nested too deeply")
        if not isinstance(item, dict | list):
            return 1
        if id(item) not in sizes:
            sizes[id(item)] = MOST_YAML_NODES + 1  # a value that holds itself has no size
            children = item.values() if isinstance(item, dict) else item
            sizes[id(item)] = 1 + sum(size(child, depth + 1) for child in children)
        return sizes[id(item)]

    if size(value, 0) > MOST_YAML_NODES:
        raise ValueError("document contains excessive aliasing")


def _plain(value: Any) -> Any:
    """JSON of a YAML value: keys are text, as Go's converter makes them."""
    match value:
        case dict():
            return {_key(k): _plain(v) for k, v in value.items()}
        case list() | tuple():
            return [_plain(v) for v in value]
        case None | bool():
            return value
        case int():
            return value if -(2**63) <= value < 2**64 else float(value)
        case float():
            if not math.isfinite(value):
                raise ValueError(f"json: unsupported value: {value}")
            return value
        case str():
            value.encode()  # half of a surrogate pair is no text
            return value
        case bytes():
            return value.decode("utf-8", "replace")
        case _:
            raise ValueError(f"a {type(value).__name__} cannot be part of an object")


def _key(key: Any) -> str:
    match key:
        case bool():
            return "true" if key else "false"
        case None:
            return "null"
        case str() | int() | float():
            return str(key)
        case _:
            raise ValueError("a key must be a string")


# Answers -----------------------------------------------------------------------------------------------------------


def json_bytes(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def yaml_bytes(value: Any) -> bytes:
    return yaml.safe_dump(orjson.loads(orjson.dumps(value)), sort_keys=True, allow_unicode=True).encode()
