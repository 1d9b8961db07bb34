"""OpenAPI v2 as protobuf (gnostic's ``openapi.v2.Document``), the only form in which kubectl reads it.

kubectl falls back to it for kinds that it does not find in v3, and for ``explain --output=plaintext-openapiv2``. Written are the
fields that it looks at: info, definitions and the group, version and kind of each. Field numbers: ``openapiv2/OpenAPIv2.proto``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wavetank.kube.types import Obj

#: What clients ask for is no valid media type; the answer has to be one.
ACCEPTED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_TEXTS = (("$ref", 1), ("format", 2), ("title", 3), ("description", 4), ("pattern", 13))


def document(swagger: Obj) -> bytes:
    """The bytes of a whole document."""
    info = _text(1, swagger.get("info", {}).get("title", "")) + _text(2, swagger.get("info", {}).get("version", ""))
    definitions = b"".join(_named(1, n, _schema(s)) for n, s in swagger.get("definitions", {}).items())
    return _text(1, "2.0") + _message(2, info) + _message(8, b"") + _message(9, definitions)


def _schema(schema: Mapping[str, Any]) -> bytes:
    parts = [_text(number, _shortened(schema[key])) for key, number in _TEXTS if schema.get(key)]
    if "default" in schema:
        parts.append(_message(5, _any(schema["default"])))
    parts += [_text(19, name) for name in schema.get("required", ())]
    parts += [_message(20, _any(value)) for value in schema.get("enum", ())]
    additional = schema.get("additionalProperties")
    if isinstance(additional, Mapping):
        parts.append(_message(21, _message(1, _schema(additional))))
    if isinstance(schema.get("type"), str):
        parts.append(_message(22, _text(1, schema["type"])))
    if isinstance(schema.get("items"), Mapping):
        parts.append(_message(23, _message(1, _schema(schema["items"]))))
    parts += [_message(24, _schema(part)) for part in schema.get("allOf", ())]
    if schema.get("properties"):
        properties = b"".join(_named(1, name, _schema(below)) for name, below in schema["properties"].items())
        parts.append(_message(25, properties))
    extensions = ((key, value) for key, value in schema.items() if key.startswith("x-"))
    parts += [_named(31, key, _any(value)) for key, value in extensions]
    return b"".join(parts)


def _shortened(reference: str) -> str:
    """References of v3 documents point elsewhere than those of v2."""
    return reference.replace("#/components/schemas/", "#/definitions/", 1)


def _any(value: Any) -> bytes:
    """``Any`` with its YAML, of which JSON is a part."""
    return _text(2, json.dumps(value))


def _named(number: int, name: str, value: bytes) -> bytes:
    return _message(number, _text(1, name) + _message(2, value))


def _text(number: int, text: str) -> bytes:
    return _message(number, text.encode())


def _message(number: int, body: bytes) -> bytes:
    """A length-delimited field."""
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
