"""The hashes that controllers put into names: ``pod-template-hash`` and those of ControllerRevisions.

Deployment, DaemonSet and StatefulSet controllers call this. A template's hash is taken over the text that Go's spew
prints of the stored, defaulted template (``pkg/util/hash``, ``ComputeHash``), so every field of every struct counts,
set or not, in the order of Go's declarations; those are data (``data/pod_template_types.json``).
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from . import quantity
from .names import safe_encoded
from .types import Obj

_OFFSET, _PRIME, _MASK = 0x811C9DC5, 0x01000193, 0xFFFFFFFF
_ZERO_TIME = "{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}"
_ROOT = "v1.PodTemplateSpec"
_QUANTITY = re.compile(r"^([+-]?)([0-9]*)(?:\.([0-9]*))?([A-Za-z]*)(.*)$")
#: Characters that Go's JSON encoder escapes in strings; elsewhere in JSON they do not occur.
_ESCAPED_BY_GO = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
_DECIMAL_SCALES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def pod_template_hash(template: Obj, collision_count: int | None = None) -> str:
    """The value of the label ``pod-template-hash``; ``template`` must be defaulted, as the API stores it."""
    data = template_text(template).encode()
    if collision_count is not None:
        data += struct.pack("<I", collision_count) + bytes(4)
    return safe_encoded(str(_fnv1a(data)))


def revision_hash(data: Mapping[str, Any], collision_count: int | None = 0) -> str:
    """The suffix of a StatefulSet's ControllerRevision, over its ``data`` as compact JSON (``HashControllerRevision``)."""
    text = json.dumps(data, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    raw = text.translate(_ESCAPED_BY_GO).encode()
    probe = b"" if collision_count is None else str(collision_count).encode()
    return safe_encoded(str(_fnv1(raw + probe)))


def template_text(template: Obj) -> str:
    """What spew prints of a template with ``%#v``."""
    return f"({_ROOT}){_struct(template, _ROOT)}"


@lru_cache(maxsize=256)
def _fnv1a(data: bytes) -> int:
    digest = _OFFSET
    for byte in data:
        digest = ((digest ^ byte) * _PRIME) & _MASK
    return digest


def _fnv1(data: bytes) -> int:
    digest = _OFFSET
    for byte in data:
        digest = ((digest * _PRIME) & _MASK) ^ byte
    return digest


@dataclass(frozen=True)
class _Field:
    go_name: str
    json_name: str
    go_type: str


@cache
def _types() -> Mapping[str, tuple[_Field, ...]]:
    table = json.loads(resources.files(__package__).joinpath("data/pod_template_types.json").read_text())
    return {name: tuple(_Field(*f) for f in fields) for name, fields in table["types"].items()}


def _struct(value: Mapping[str, Any], go_type: str) -> str:
    return "{" + " ".join(_field(value, f) for f in _types()[go_type]) + "}"


def _field(parent: Mapping[str, Any], field: _Field) -> str:
    value = parent.get(field.json_name) if field.json_name else parent
    return f"{field.go_name}:({field.go_type}){_value(value, field.go_type)}"


def _value(value: Any, go_type: str) -> str:
    if go_type.startswith("*"):
        return "<nil>" if value is None else _value(value, go_type[1:])
    if go_type.startswith("[]"):
        return "[" + " ".join(_value(v, go_type[2:]) for v in value) + "]" if value else "<nil>"
    match go_type:
        case "v1.ResourceList":
            return _map(value, "resource.Quantity")
        case "v1.Time":
            return _ZERO_TIME
        case "resource.Quantity":
            return _quantity(quantity.canonical(value or 0))
        case "intstr.IntOrString":
            return _int_or_string(0 if value is None else value)
        case _ if go_type.startswith("map["):
            return _map(value, go_type.partition("]")[2])
        case _ if go_type in _types():
            return _struct(value or {}, go_type)
        case _:
            return _scalar(value, go_type)


def _map(value: Mapping[str, Any] | None, go_type: str) -> str:
    if not value:
        return "<nil>"
    return "map[" + " ".join(f"{k}:{_value(value[k], go_type)}" for k in sorted(value)) + "]"


def _scalar(value: Any, go_type: str) -> str:
    if go_type == "bool":
        return "true" if value else "false"
    if go_type in ("int32", "int64"):
        return str(value or 0)
    return str(value or "")


def _int_or_string(value: int | str) -> str:
    text = isinstance(value, str)
    kind, number, string = (1, 0, value) if text else (0, value, "")
    return f"{{Type:(intstr.Type){kind} IntVal:(int32){number} StrVal:(string){string}}}"


@lru_cache(maxsize=4096)
def _quantity(text: str) -> str:
    """The inner parts of a parsed Quantity. It keeps its text only when parsing could tell that it is canonical."""
    number, scale, kept, form = _parsed(text)
    return (
        f"{{i:(resource.int64Amount){{value:(int64){number} scale:(resource.Scale){scale}}} "
        f"d:(resource.infDecAmount){{Dec:(*inf.Dec)<nil>}} s:(string){kept} Format:(resource.Format){form}}}"
    )


def _parsed(text: str) -> tuple[int, int, str, str]:
    """Value, scale, kept text and format as ``ParseQuantity``'s fast path leaves them."""
    if text == "0":
        return 0, 0, text, "DecimalSI"
    shape = _QUANTITY.match(text)
    assert shape is not None, f"{text!r} is not a canonical quantity"
    sign, whole, fraction, suffix, exponent = shape.groups()
    digits = whole + (fraction or "")
    number = int(sign + digits)
    form = quantity.amount(text).format
    if form == "BinarySI":
        return quantity.value(text), 0, text if int(digits) & 7 else "", form
    power = int(exponent) if suffix in ("e", "E") and exponent else _DECIMAL_SCALES[suffix]
    scale = power - len(fraction or "")
    canonical = scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0"
    return number, scale, text if canonical else "", form
