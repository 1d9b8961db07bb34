"""Terraform's functions, those that design files use: pure, on known values.

Called by ``evaluate``, which answers UNKNOWN for a function that is not here, for unknown arguments, and for whatever raises.
Upstream: terraform ``internal/lang/funcs``.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, ip_network
from math import ceil, floor
from typing import Any

import yaml


def _flatten(values: Any) -> list[Any]:
    found: list[Any] = []
    for value in values:
        found += _flatten(value) if isinstance(value, list) else [value]
    return found


def _merge(*maps: Any) -> dict[str, Any]:
    return {key: value for each in maps for key, value in (each or {}).items()}


def _lookup(where: Mapping[str, Any], key: str, *otherwise: Any) -> Any:
    return where[key] if key in where or not otherwise else otherwise[0]


def _element(values: list[Any], at: int) -> Any:
    return values[at % len(values)]


def _slice(values: list[Any], start: int, end: int) -> list[Any]:
    return values[start:end]


def _subnet(prefix: str, bits: int, number: int) -> str:
    network = ip_network(prefix)
    size = network.prefixlen + bits
    first = int(network.network_address) + (number << (network.max_prefixlen - size))
    return str(type(network)((first, size)))


def _subnets(prefix: str, *bits: int) -> list[str]:
    network = ip_network(prefix)
    found, at = [], int(network.network_address)
    for each in bits:
        size = 1 << (network.max_prefixlen - network.prefixlen - each)
        at = -(-at // size) * size
        found.append(str(type(network)((at, network.prefixlen + each))))
        at += size
    return found


def _host(prefix: str, number: int) -> str:
    network = IPv4Network(prefix)
    return str(network[number])


def _format(pattern: str, *values: Any) -> str:
    rest = list(values)

    def replaced(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        value = rest.pop(0)
        if found[2] == "v":
            return text_of(value)
        if found[2] == "q":
            return json.dumps(value)
        return str(("%" + found[1] + found[2]) % value)

    return re.sub(r"%([-+ #0]*[0-9]*(?:\.[0-9]+)?)([vsdqfx])|%%", replaced, pattern)


def text_of(value: Any) -> str:
    """A value inside a text: numbers and words as Terraform writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _join(separator: str, *lists: list[Any]) -> str:
    return separator.join(text_of(value) for values in lists for value in values)


def _replace(text: str, old: str, new: str) -> str:
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        return re.sub(old[1:-1], new.replace("$", "\\"), text)
    return text.replace(old, new)


def _regex(pattern: str, text: str) -> Any:
    found = re.search(pattern, text)
    if not found:
        raise ValueError(text)
    return found.groupdict() or list(found.groups()) or found[0]


def _distinct(values: list[Any]) -> list[Any]:
    return [value for at, value in enumerate(values) if value not in values[:at]]


def _transpose_zip(keys: list[str], values: list[Any]) -> dict[str, Any]:
    return dict(zip(keys, values, strict=True))


def _product(*lists: list[Any]) -> list[list[Any]]:
    found: list[list[Any]] = [[]]
    for values in lists:
        found = [[*each, value] for each in found for value in values]
    return found


def _number(value: Any) -> Any:
    return value if isinstance(value, int | float) else (float(value) if "." in value else int(value))


def _sorted_set(values: Any) -> list[Any]:
    return sorted(_distinct(list(values)), key=str)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": abs,
    "alltrue": all,
    "anytrue": any,
    "base64decode": lambda text: base64.b64decode(text).decode(),
    "base64encode": lambda text: base64.b64encode(text.encode()).decode(),
    "ceil": ceil,
    "chunklist": lambda values, size: [values[at : at + size] for at in range(0, len(values), size)],
    "cidrhost": _host,
    "cidrnetmask": lambda prefix: str(IPv4Network(prefix).netmask),
    "cidrsubnet": _subnet,
    "cidrsubnets": _subnets,
    "coalesce": lambda *values: next(value for value in values if value not in (None, "")),
    "coalescelist": lambda *lists: next(values for values in lists if values),
    "compact": lambda values: [value for value in values if value not in (None, "")],
    "concat": lambda *lists: [value for values in lists for value in values],
    "contains": lambda values, value: value in values,
    "distinct": _distinct,
    "element": _element,
    "endswith": lambda text, end: text.endswith(end),
    "flatten": _flatten,
    "floor": floor,
    "format": _format,
    "formatlist": lambda pattern, values: [_format(pattern, value) for value in values],
    "indent": lambda count, text: text.replace("\n", "\n" + " " * count),
    "index": lambda values, value: values.index(value),
    "join": _join,
    "jsondecode": json.loads,
    "jsonencode": lambda value: json.dumps(value, separators=(",", ":")),
    "keys": sorted,
    "length": len,
    "list": lambda *values: list(values),
    "lookup": _lookup,
    "lower": str.lower,
    "map": lambda *pairs: dict(zip(pairs[::2], pairs[1::2], strict=True)),
    "max": max,
    "merge": _merge,
    "min": min,
    "one": lambda values: values[0] if values else None,
    "pow": pow,
    "range": lambda *bounds: list(range(*bounds)),
    "regex": _regex,
    "replace": _replace,
    "reverse": lambda values: list(reversed(values)),
    "setproduct": _product,
    "setunion": lambda *sets: _sorted_set(value for values in sets for value in values),
    "slice": _slice,
    "sort": sorted,
    "split": lambda separator, text: text.split(separator),
    "startswith": lambda text, start: text.startswith(start),
    "strcontains": lambda text, part: part in text,
    "sum": sum,
    "title": str.title,
    "tobool": lambda value: value if isinstance(value, bool) else {"true": True, "false": False}[value],
    "tolist": list,
    "tomap": dict,
    "tonumber": _number,
    "toset": _sorted_set,
    "tostring": text_of,
    "trim": lambda text, characters: text.strip(characters),
    "trimprefix": lambda text, start: text.removeprefix(start),
    "trimspace": str.strip,
    "trimsuffix": lambda text, end: text.removesuffix(end),
    "upper": str.upper,
    "values": lambda where: [where[key] for key in sorted(where)],
    "yamldecode": yaml.safe_load,
    "yamlencode": lambda value: yaml.safe_dump(value, sort_keys=False),
    "zipmap": _transpose_zip,
    # Not secret here, and what they mark is a value like any other.
    "sensitive": lambda value: value,
    "nonsensitive": lambda value: value,
}
