"""Reading request bodies of ``application/vnd.kubernetes.protobuf``, which kubectl and Helm send.

The API calls :func:`decode` and goes on as if it had read JSON; answers are always JSON. Field numbers are data
(``data/protobuf_fields.json.gz``, made from the public ``generated.proto`` files). A body is the four bytes ``k8s\\0``
and a ``runtime.Unknown`` with the object's kind and bytes.

Go writes every field that is no pointer, zero or not, and the field table does not say which are pointers. Zeros that
a user cannot have meant are dropped here (see ``_DROPPED_ZEROS``); others are kept: ``replicas: 0`` has a meaning.
"""

from __future__ import annotations

import base64
import gzip
import json
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

from . import times
from .errors import ApiError, bad_request
from .types import Obj

MAGIC = b"k8s\x00"
CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_META = "k8s.io.apimachinery.pkg.apis.meta.v1."
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Numbers and booleans of Go structs that are no pointers: zero means "not said".
_DROPPED_ZEROS = frozenset(
    {
        "count",
        "failureThreshold",
        "generation",
        "globalDefault",
        "healthCheckNodePort",
        "hostIPC",
        "hostNetwork",
        "hostPID",
        "hostPort",
        "initialDelaySeconds",
        "minReadySeconds",
        "nodePort",
        "number",
        "observedGeneration",
        "paused",
        "periodSeconds",
        "publishNotReadyAddresses",
        "readOnly",
        "stdin",
        "stdinOnce",
        "successThreshold",
        "targetPort",
        "timeoutSeconds",
        "tty",
        "unschedulable",
    }
)
#: Strings that are pointers in Go: the empty one has a meaning of its own.
_KEPT_EMPTY_STRINGS = frozenset(
    {
        "k8s.io.api.core.v1.PersistentVolumeClaimSpec.storageClassName",
        "k8s.io.api.core.v1.PersistentVolumeClaimSpec.volumeAttributesClassName",
        "k8s.io.api.coordination.v1.LeaseSpec.holderIdentity",
    }
)

Wire: TypeAlias = int | bytes


class _MalformedError(Exception):
    """The bytes are no protobuf message."""


@dataclass(frozen=True)
class _Field:
    """One field of a message; ``name`` is empty when JSON has its content inline."""

    name: str
    type: str
    repeated: bool


def decode(body: bytes) -> Obj:
    """The object in a request body, as JSON with ``apiVersion`` and ``kind``; raises ApiError (400)."""
    if not body.startswith(MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        return _object(body[len(MAGIC) :])
    except (_MalformedError, ValueError, OverflowError, struct.error) as error:
        raise bad_request(f"unable to decode protobuf message: {error}") from error


def message_of(api_version: str, kind: str) -> str | None:
    """The protobuf message of a kind: ``k8s.io.api.apps.v1.Deployment``; option kinds are the same in every group."""
    group, _, version = api_version.rpartition("/")
    name = {"": "core", "internal.apiserver.k8s.io": "apiserverinternal"}.get(group, group.split(".")[0])
    candidates = (
        f"k8s.io.api.{name}.{version}.{kind}",
        f"k8s.io.apiextensions_apiserver.pkg.apis.{name}.{version}.{kind}",
        f"k8s.io.kube_aggregator.pkg.apis.{name}.{version}.{kind}",
        f"k8s.io.metrics.pkg.apis.{name}.{version}.{kind}",
        f"{_META}{kind}",
    )
    return next((c for c in candidates if c in _messages()), None)


def _object(data: bytes) -> Obj:
    unknown = _message(data, "k8s.io.apimachinery.pkg.runtime.Unknown")
    head = unknown.get("typeMeta") or {}
    api_version, kind = head.get("apiVersion", ""), head.get("kind", "")
    raw = base64.b64decode(unknown.get("raw", ""))
    if unknown.get("contentType") == "application/json":
        return _json_object(raw)
    message = message_of(api_version, kind)
    if message is None:
        # A typed client that has no message for a kind does not get here; the words are those of the codec.
        raise ApiError(400, "BadRequest", f'no kind "{kind}" is registered for version "{api_version}" in scheme')
    return {"apiVersion": api_version, "kind": kind, **_message(raw, message)}


def _json_object(raw: bytes) -> Obj:
    value = json.loads(raw)
    return value if isinstance(value, dict) else {}


@cache
def _messages() -> Mapping[str, Mapping[int, _Field]]:
    packed = resources.files(__package__).joinpath("data/protobuf_fields.json.gz").read_bytes()
    table = json.loads(gzip.decompress(packed))["messages"]
    return {_full(m): {int(n): _field(text) for n, text in fields.items()} for m, fields in table.items()}


def _full(name: str) -> str:
    return name.replace("~", "k8s.io.")


def _field(text: str) -> _Field:
    name, _, kind = text.partition(":")
    return _Field(name, _full(kind.removesuffix("[]")), kind.endswith("[]"))


# Wire format -------------------------------------------------------------------------------------------------------


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise _MalformedError("unexpected EOF")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _parts(data: bytes) -> Iterator[tuple[int, Wire]]:
    """(field number, raw value) of everything in a message, in order."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        value: Wire
        match tag & 7:
            case 0:
                value, at = _varint(data, at)
            case 1:
                value, at = _taken(data, at, 8)
            case 2:
                length, at = _varint(data, at)
                value, at = _taken(data, at, length)
            case 5:
                value, at = _taken(data, at, 4)
            case other:
                raise _MalformedError(f"unknown wire type {other}")
        yield tag >> 3, value


def _taken(data: bytes, at: int, length: int) -> tuple[bytes, int]:
    if at + length > len(data):
        raise _MalformedError("unexpected EOF")
    return data[at : at + length], at + length


def _signed(value: int) -> int:
    """The two's complement of a 64-bit varint."""
    return value - 2**64 if value >= 2**63 else value


# Values ------------------------------------------------------------------------------------------------------------


def _message(data: bytes, name: str) -> Obj:
    fields = _messages()[name]
    made: Obj = {}
    for number, wire in _parts(data):
        field = fields.get(number)
        if field is not None:
            _put(made, field, wire, name)
    return made


def _put(made: Obj, field: _Field, wire: Wire, message: str) -> None:
    if field.type.startswith("map<"):
        key, value = _entry(_bytes(wire), field.type)
        made.setdefault(field.name, {})[key] = value
    elif field.repeated:
        made.setdefault(field.name, []).extend(_items(wire, field.type))
    else:
        value = _value(wire, field.type)
        if not field.name:
            made.update(value)
        elif not _means_nothing(value, field, message):
            made[field.name] = value


def _means_nothing(value: Any, field: _Field, message: str) -> bool:
    if value is None:
        return True
    if value == "":
        return f"{message}.{field.name}" not in _KEPT_EMPTY_STRINGS
    return field.name in _DROPPED_ZEROS and value in (0, False)


def _items(wire: Wire, kind: str) -> Iterator[Any]:
    """One element, or several numbers packed into one field."""
    packed = isinstance(wire, bytes) and kind in ("int32", "int64", "uint32", "uint64", "bool")
    if not packed:
        yield _value(wire, kind)
        return
    at, data = 0, _bytes(wire)
    while at < len(data):
        number, at = _varint(data, at)
        yield _value(number, kind)


def _entry(data: bytes, kind: str) -> tuple[str, Any]:
    """A map's entry. Nothing is dropped in maps: an empty value is a value."""
    of = kind.removesuffix(">").split(",", 1)[1].strip()
    parts = dict(_parts(data))
    key = _bytes(parts.get(1, b"")).decode()
    default: Wire = 0 if of in ("int32", "int64", "bool") else b""
    return key, _value(parts.get(2, default), of)


def _bytes(wire: Wire) -> bytes:
    if not isinstance(wire, bytes):
        raise _MalformedError("wrong wire type")
    return wire


def _int(wire: Wire) -> int:
    if not isinstance(wire, int):
        raise _MalformedError("wrong wire type")
    return wire


def _value(wire: Wire, kind: str) -> Any:
    match kind:
        case "string":
            return _bytes(wire).decode()
        case "bool":
            return _int(wire) != 0
        case "int32" | "int64" | "sint32" | "sint64":
            return _signed(_int(wire))
        case "uint32" | "uint64":
            return _int(wire)
        case "bytes":
            return base64.b64encode(_bytes(wire)).decode()
        case "double":
            return struct.unpack("<d", _bytes(wire))[0]
        case "float":
            return struct.unpack("<f", _bytes(wire))[0]
        case _:
            special = _SPECIAL.get(kind.rpartition(".")[2])
            return special(_bytes(wire)) if special else _message(_bytes(wire), kind)


def _quantity(data: bytes) -> str:
    return _bytes(dict(_parts(data)).get(1, b"")).decode() or "0"


def _int_or_string(data: bytes) -> int | str:
    parts = dict(_parts(data))
    if parts.get(1, 0):
        return _bytes(parts.get(3, b"")).decode()
    return _signed(_int(parts.get(2, 0)))


def _moment(data: bytes) -> datetime | None:
    """None for the zero time, which is written as nothing."""
    if not data:
        return None
    parts = dict(_parts(data))
    seconds, nanos = _signed(_int(parts.get(1, 0))), _int(parts.get(2, 0))
    return _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)


def _time(data: bytes) -> str | None:
    moment = _moment(data)
    return times.rfc3339(moment) if moment else None


def _micro_time(data: bytes) -> str | None:
    moment = _moment(data)
    return times.rfc3339_micro(moment) if moment else None


def _raw_json(data: bytes) -> Any:
    """JSON bytes; a nested object may be protobuf once more."""
    raw = _bytes(dict(_parts(data)).get(1, b""))
    if raw.startswith(MAGIC):
        return _object(raw[len(MAGIC) :])
    try:
        return json.loads(raw) if raw else None
    except ValueError as error:
        raise _MalformedError(str(error)) from error


def _text_list(data: bytes) -> list[str]:
    return [_bytes(wire).decode() for number, wire in _parts(data) if number == 1]


_SCHEMA = "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"


def _schema_or_bool(data: bytes) -> Any:
    parts = dict(_parts(data))
    return _message(_bytes(parts[2]), _SCHEMA) if 2 in parts else bool(parts.get(1, 0))


def _schema_or_list(data: bytes) -> Any:
    schemas = [(number, _message(_bytes(wire), _SCHEMA)) for number, wire in _parts(data)]
    single = next((s for number, s in schemas if number == 1), None)
    return single if single is not None else [s for _, s in schemas]


def _schema_or_names(data: bytes) -> Any:
    parts = list(_parts(data))
    single = next((_message(_bytes(wire), _SCHEMA) for number, wire in parts if number == 1), None)
    return single if single is not None else [_bytes(wire).decode() for number, wire in parts if number == 2]


#: Messages that JSON shows as something other than an object, by their last name.
_SPECIAL: Mapping[str, Callable[[bytes], Any]] = {
    "Quantity": _quantity,
    "IntOrString": _int_or_string,
    "Time": _time,
    "MicroTime": _micro_time,
    "RawExtension": _raw_json,
    "FieldsV1": _raw_json,
    "JSON": _raw_json,
    "ExtraValue": _text_list,
    "Verbs": _text_list,
    "JSONSchemaPropsOrBool": _schema_or_bool,
    "JSONSchemaPropsOrArray": _schema_or_list,
    "JSONSchemaPropsOrStringArray": _schema_or_names,
}
