"""The sentences of field errors, word for word as apimachinery's ``validation/field/errors.go`` builds them.

Every rule of this package returns lists of ``Cause``, made here. Values are printed as JSON, as 1.36 does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..errors import Cause


def printed(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def required(path: str, detail: str = "") -> Cause:
    return Cause("FieldValueRequired", "Required value" + (f": {detail}" if detail else ""), path)


def invalid(path: str, value: Any, detail: str = "") -> Cause:
    return Cause("FieldValueInvalid", f"Invalid value: {printed(value)}" + (f": {detail}" if detail else ""), path)


def invalid_as_a_whole(path: str, detail: str) -> Cause:
    """For a value that is not repeated in the message."""
    return Cause("FieldValueInvalid", f"Invalid value: {detail}", path)


def duplicate(path: str, value: Any, detail: str = "") -> Cause:
    return Cause("FieldValueDuplicate", f"Duplicate value: {printed(value)}" + (f": {detail}" if detail else ""), path)


def not_found(path: str, value: Any) -> Cause:
    return Cause("FieldValueNotFound", f"Not found: {printed(value)}", path)


def forbidden(path: str, detail: str) -> Cause:
    return Cause("FieldValueForbidden", f"Forbidden: {detail}", path)


def not_supported(path: str, value: Any, supported: Iterable[Any]) -> Cause:
    """The order of ``supported`` is the caller's: upstream sorts some lists and not others."""
    listed = ", ".join(printed(choice) for choice in supported)
    return Cause("FieldValueNotSupported", f"Unsupported value: {printed(value)}: supported values: {listed}", path)


def too_long(path: str, most_bytes: int) -> Cause:
    return Cause("FieldValueTooLong", f"Too long: may not be more than {most_bytes} bytes", path)


def too_many(path: str, actual: int, most: int) -> Cause:
    noun = "item" if most == 1 else "items"
    return Cause("FieldValueTooMany", f"Too many: {actual}: must have at most {most} {noun}", path)
