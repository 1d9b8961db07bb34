"""Reading a JSON object as a typed API server does: what it keeps, what it cannot read, which fields it does not know.

The API server calls ``decoded`` on every body it receives. The value that comes back is what Go would write after
reading the body: unknown fields and nulls are gone, quantities are canonical, and zero values that Go leaves out are
absent. Whether unknown fields are an error, a warning or nothing is the caller's business (``fieldValidation``).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .gotypes import EMPTY_IS_KEPT, FALSE_IS_ABSENT, NULL_IS_WRITTEN, ZERO_IS_ABSENT
from .quantity import WRONG_FORMAT, InvalidQuantityError, canonical
from .schema import Node
from .types import Obj

_INT_BOUNDS = {"int32": 2**31, "int64": 2**63}


@dataclass(frozen=True)
class Decoded:
    """What became of a body. ``error`` (a 400 whatever the field validation) is empty when it could be read."""

    value: Obj
    error: str = ""
    #: Paths of fields that the schema does not have, in the body's order: ``spec.template.spec.containers[0].port``.
    unknown_fields: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """The texts of the ``Warning`` headers with ``fieldValidation=Warn``."""
        return tuple(f'unknown field "{path}"' for path in self.unknown_fields)

    @property
    def strict_error(self) -> str:
        """What is wrong with ``fieldValidation=Strict``; empty when nothing is."""
        return "strict decoding error: " + ", ".join(self.warnings) if self.unknown_fields else ""


def decoded(body: Obj, node: Node) -> Decoded:
    """``body`` read as a value of ``node``; the body itself is left alone."""
    reader = _Reader()
    value = reader.struct(body, node, "", "", node.struct)
    return Decoded(value, reader.error, tuple(reader.unknown))


def problems(body: Obj, node: Node) -> list[str]:
    """All that keeps ``body`` from being a ``node``, in Go's words; empty when nothing does."""
    result = decoded(body, node)
    return ([result.error] if result.error else []) + list(result.warnings)


class _Reader:
    """One walk over one body. ``path`` is for unknown fields (with indices), ``go_path`` for errors (without)."""

    def __init__(self) -> None:
        self.error = ""
        self.unknown: list[str] = []

    def struct(self, value: Mapping[str, Any], node: Node, path: str, go_path: str, owner: str) -> Obj:
        result: Obj = {}
        struct = node.struct or owner
        for key, item in value.items():
            below = f"{path}.{key}" if path else key
            field = node.fields.get(key)
            if field is None:
                if node.preserve_unknown:
                    result[key] = item
                elif node.additional is not None:
                    result[key] = self.value(item, node.additional, below, go_path, struct)
                else:
                    self.unknown.append(below)
            elif item is None and f"{struct}.{key}" in NULL_IS_WRITTEN:
                result[key] = None
            elif item is not None or (field.custom and not field.go_type):
                read = self.value(item, field, below, f"{go_path}.{key}" if go_path else key, struct)
                if node.custom or not _left_out(read, field, node, key):
                    result[key] = read
        return result

    def value(self, value: Any, node: Node, path: str, go_path: str, owner: str) -> Any:
        if node.custom:
            return self._custom(value, node, path, go_path, owner)
        if type(value) is str and node.type == "string":
            return value
        if value is None:
            return _zero(node)
        match node.type:
            case "any":
                return value
            case "object":
                return self._object(value, node, path, go_path, owner)
            case "array":
                return self._array(value, node, path, go_path, owner)
            case _:
                return self._scalar(value, node, go_path, owner)

    def _custom(self, value: Any, node: Node, path: str, go_path: str, owner: str) -> Any:
        if isinstance(value, dict) and (node.fields or node.additional or node.type == "object"):
            return self.struct(value, node, path, go_path, owner)
        if isinstance(value, list) and node.items is not None:
            items = node.items
            return [self.value(item, items, f"{path}[{i}]", go_path, owner) for i, item in enumerate(value)]
        return value

    def _object(self, value: Any, node: Node, path: str, go_path: str, owner: str) -> Any:
        if not isinstance(value, dict):
            return self._refuse(value, node, go_path, owner)
        additional = node.additional
        if additional is None:
            return self.struct(value, node, path, go_path, owner)
        return {k: self.value(v, additional, f"{path}.{k}", go_path, owner) for k, v in value.items()}

    def _array(self, value: Any, node: Node, path: str, go_path: str, owner: str) -> Any:
        if not isinstance(value, list):
            return self._refuse(value, node, go_path, owner)
        assert node.items is not None, f"a list without items in {owner}"
        items = node.items
        return [self.value(item, items, f"{path}[{i}]", go_path, owner) for i, item in enumerate(value)]

    def _scalar(self, value: Any, node: Node, go_path: str, owner: str) -> Any:
        match node.type:
            case "string" if isinstance(value, str):
                return value
            case "boolean" if isinstance(value, bool):
                return value
            case "integer" if type(value) is int and _fits(value, node):
                return value
            case "number" if type(value) in (int, float):
                return value
            case "quantity":
                return self._quantity(value)
            case "intOrString":
                return self._int_or_string(value)
            case "bytes" if isinstance(value, str):
                return self._bytes(value)
            case "time" | "microTime":
                return self._time(value, node)
        return self._refuse(value, node, go_path, owner)

    def _refuse(self, value: Any, node: Node, go_path: str, owner: str) -> Any:
        where = f"Go struct field {owner}.{go_path} of type {node.go_type}"
        self._fail(f"json: cannot unmarshal {_json_name(value, node.type in ('integer', 'number'))} into {where}")
        return _zero(node)

    def _fail(self, error: str) -> None:
        # Go reads on after the first wrong value, and reports that one.
        self.error = self.error or error

    def _quantity(self, value: Any) -> Any:
        try:
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise InvalidQuantityError(WRONG_FORMAT)
            return canonical(value)
        except InvalidQuantityError as wrong:
            self._fail(str(wrong))
            return "0"

    def _int_or_string(self, value: Any) -> Any:
        if isinstance(value, str) or (type(value) is int and -(2**31) <= value < 2**31):
            return value
        self._fail(f"json: cannot unmarshal {_json_name(value, True)} into Go value of type int32")
        return 0

    def _bytes(self, value: str) -> str:
        compact = value.replace("\n", "").replace("\r", "")
        try:
            base64.b64decode(compact, validate=True)
        except (binascii.Error, ValueError):
            self._fail(f"illegal base64 data at input byte {_first_wrong_base64(compact)}")
        return compact

    def _time(self, value: Any, node: Node) -> Any:
        if not isinstance(value, str):
            self._fail(f"json: cannot unmarshal {_json_name(value, False)} into Go value of type string")
            return None
        try:
            if not _RFC3339.match(value):
                raise ValueError
            datetime.fromisoformat(value)
        except ValueError:
            layout = "2006-01-02T15:04:05Z07:00" if node.type == "time" else "2006-01-02T15:04:05.000000Z07:00"
            first = "2006" if not re.match(r"\d{4}", value) else "-"
            rest = value if first == "2006" else value[4:]
            self._fail(f'parsing time "{value}" as "{layout}": cannot parse "{rest}" as "{first}"')
        return value


_RFC3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


def _first_wrong_base64(text: str) -> int:
    found = _NOT_BASE64.search(text)
    # Padding in the wrong place, or too short: Go complains of the end of the last whole group.
    return found.start() if found and text[found.start()] != "=" else len(text) // 4 * 4


def _fits(value: int, node: Node) -> bool:
    bound = _INT_BOUNDS.get(node.format, 2**63)
    return -bound <= value < bound


def _json_name(value: Any, numeric_target: bool) -> str:
    """What a JSON value is in Go's error: numbers are quoted only where a number was wanted but does not fit."""
    match value:
        case bool():
            return "bool"
        case int() | float():
            return f"number {value}" if numeric_target else "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _zero(node: Node) -> Any:
    """What Go has in place of a value it could not read, or of a null in a list or map."""
    match node.type:
        case "string" | "bytes":
            return ""
        case "integer" | "number" | "intOrString":
            return 0
        case "boolean":
            return False
        case "quantity":
            return "0"
        case "object":
            return {}
        case "array":
            return []
        case _:
            return None


def _left_out(value: Any, field: Node, owner: Node, key: str) -> bool:
    """Whether Go does not write this value of a struct's field (``omitempty`` and not a pointer)."""
    if value is None:
        return True
    # Any JSON at all (the default of a schema, say) is a pointer in Go: it is written whatever it is.
    if key in owner.required or field.type == "any":
        return False
    if value == "" or value == [] or (value == {} and field.additional is not None):
        return f"{owner.struct}.{key}" not in EMPTY_IS_KEPT and field.type != "intOrString"
    if value is False:
        return key in FALSE_IS_ABSENT
    return type(value) is int and value == 0 and key in ZERO_IS_ABSENT
