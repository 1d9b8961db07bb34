"""Every leaf of a plan with its path, for tests that hold for all of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from wavetank.plan import Plan
from wavetank.plan.reasons import camel_case, field_path, key_path

#: what is about the plan itself
_ABOUT = {"reasons", "spec_file"}


def leaves(plan: Plan) -> Iterator[tuple[str, Any]]:
    for field in dataclasses.fields(plan):
        if field.name not in _ABOUT:
            yield from _leaves(camel_case(field.name), getattr(plan, field.name))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _leaves(field_path(path, camel_case(field.name)), getattr(value, field.name))
    elif isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _leaves(field_path(path, key), each)
    elif isinstance(value, list | tuple) and value:
        for index, each in enumerate(value):
            yield from _leaves(key_path(path, _key(each, index)), each)
    else:
        yield path, value


def _key(element: Any, index: int) -> str | int:
    name = element.get("name") if isinstance(element, Mapping) else getattr(element, "name", None)
    return name if isinstance(name, str) else index
