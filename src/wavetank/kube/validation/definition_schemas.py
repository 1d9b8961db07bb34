"""Schemas of custom resource definitions: structure, what OpenAPI may say, extensions, defaults, rules.

``definitions`` asks. Upstream: ``validateCustomResourceDefinitionValidation`` and
``ValidateCustomResourceDefinitionOpenAPISchema`` of apiextensions' ``validation.go``.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ..errors import Cause
from .causes import forbidden, invalid, not_supported, required
from .definition_defaults import default_causes
from .definition_rules import Rules, rule_causes, said_causes
from .definition_structure import structure_causes
from .internal_definitions import internal_schema

Schema = Mapping[str, Any]
_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_META = ("metadata", "kind", "apiVersion")
_LIST, _MAP, _KEYS = "x-kubernetes-list-type", "x-kubernetes-map-type", "x-kubernetes-list-map-keys"
_RULES = "x-kubernetes-validations"
#: Fields that a root may have where the status is a subresource (its schema is then cut out), by Go's names.
_AT_ROOT = (
    "Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems "
    "MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations"
)
_NEVER: tuple[tuple[str, str], ...] = (
    ("id", "id is not supported"),
    ("additionalItems", "additionalItems is not supported"),
    ("patternProperties", "patternProperties is not supported"),
    ("definitions", "definitions is not supported"),
    ("dependencies", "dependencies is not supported"),
    ("$ref", "$ref is not supported"),
)


@dataclass(frozen=True)
class _Around:
    """What holds for a schema because of where it stands."""

    #: Why no default may stand here; None where one may.
    no_default: str | None = None
    inside_metadata: bool = False
    #: The path of the first list or map above whose members have no identity; empty when there is none.
    uncorrelatable: str = ""
    is_root: bool = False
    #: Nothing of ``allOf`` and the like has rules.
    rules: Rules | None = None


def schema_causes(schema: Schema, path: str, *, has_status: bool = False) -> tuple[Cause, ...]:
    """What is wrong with a version's schema and with those inside it. A schema that was judged lately is not judged again."""
    return _causes_of_content(marshal.dumps(dict(schema)), path, has_status)


@lru_cache(maxsize=64)
def _causes_of_content(content: bytes, path: str, has_status: bool) -> tuple[Cause, ...]:
    return tuple(_judged(marshal.loads(content), path, has_status))


def _judged(schema: Schema, path: str, has_status: bool) -> Iterator[Cause]:
    if has_status:
        yield from _root_causes(schema, path)
    if schema.get("nullable"):
        yield forbidden(f"{path}.nullable", "nullable cannot be true at the root")
    wrong = structure_causes(schema, path) or list(default_causes(schema, path))
    yield from wrong
    rules = None if wrong else Rules(schema)
    plain, of_rules = _causes(schema, path, _Around(is_root=True, rules=rules))
    yield from plain
    yield from of_rules


def _root_causes(schema: Schema, path: str) -> Iterator[Cause]:
    # Only the root's own fields matter; what is inside them would be made for nothing.
    for name, value in internal_schema({key: _emptied(value) for key, value in schema.items()}).items():
        if not value:
            continue
        if name == "Type" and value != "object":
            why = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
            yield invalid(f"{path}.type", value, why)
            return
        if name not in _AT_ROOT.split():
            why = f"only [{_AT_ROOT}] fields are allowed at the root of the schema if the status subresource is enabled"
            yield invalid(path, internal_schema(schema), why)
            return


def _emptied(value: Any) -> Any:
    """A field that holds schemas, with empty ones in it; others as they are."""
    match value:
        case Mapping():
            return {key: {} for key, below in value.items() if isinstance(below, Mapping)}
        case [*parts] if parts and all(isinstance(part, Mapping) for part in parts):
            return [{} for _ in parts]
        case _:
            return value


def _causes(schema: Any, path: str, around: _Around) -> tuple[list[Cause], list[Cause]]:
    """What is wrong with the schema, and, apart from that, with its rules; those are compiled if all else is right."""
    if not isinstance(schema, Mapping):
        return [], []
    plain, of_rules = [*_own_causes(schema, path, around)], list[Cause]()
    for below, place, inside in _inside(schema, path, around):
        more, more_of_rules = _causes(below, place, inside)
        plain += more
        of_rules += more_of_rules
    plain += [*_extension_causes(schema, path), *said_causes(schema, f"{path}.{_RULES}")]
    if around.rules is not None and not plain:
        of_rules += rule_causes(schema, f"{path}.{_RULES}", around.rules, around.uncorrelatable)
    return plain, of_rules


def _own_causes(schema: Schema, path: str, around: _Around) -> Iterator[Cause]:
    kind = schema.get("type") or ""
    if kind and kind not in _TYPES:
        yield not_supported(f"{path}.type", kind, _TYPES)
    if schema.get("default") is not None and around.no_default is not None:
        yield forbidden(f"{path}.default", f"must not be set {around.no_default}".strip())
    for key, why in _NEVER:
        if schema.get(key):
            yield forbidden(f"{path}.{key}", why)
    if kind == "null":
        yield forbidden(f"{path}.type", "type cannot be set to null, use nullable as an alternative")
    if isinstance(schema.get("items"), list):
        yield forbidden(f"{path}.items", "items must be a schema object and not an array")
    if around.inside_metadata and schema.get("x-kubernetes-embedded-resource"):
        yield forbidden(f"{path}.x-kubernetes-embedded-resource", "must not be used inside of resource meta")
    if schema.get("uniqueItems"):
        why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(f"{path}.uniqueItems", why)
    additional = schema.get("additionalProperties")
    if schema.get("properties") and (additional is False or isinstance(additional, Mapping)):
        yield forbidden(f"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive")


def _inside(schema: Schema, path: str, around: _Around) -> Iterator[tuple[Any, str, _Around]]:
    """Every schema directly inside, its path, and what holds for it."""
    here = replace(around, is_root=False)
    rules = around.rules
    in_map = replace(here, rules=rules.additional(schema) if rules else None)
    if here.inside_metadata:
        in_map = replace(in_map, no_default="inside additionalProperties applying to object metadata")
    yield schema.get("additionalProperties"), f"{path}.additionalProperties", in_map
    fields = here
    if schema.get(_MAP) == "atomic":
        fields = replace(fields, uncorrelatable=fields.uncorrelatable or path)
    for name, below in (schema.get("properties") or {}).items():
        at = replace(fields, rules=rules.below(schema, name) if rules else None)
        if (around.is_root or schema.get("x-kubernetes-embedded-resource")) and name in _META:
            at = replace(at, inside_metadata=True)
            at = replace(at, no_default=f"in top-level {name}") if around.is_root else at
        yield below, f"{path}.properties[{name}]", at
    nested = replace(here, rules=None)
    yield schema.get("not"), f"{path}.not", nested
    for key in ("allOf", "oneOf", "anyOf"):
        for index, part in enumerate(schema.get(key) or ()):
            yield part, f"{path}.{key}[{index}]", nested
    items = replace(here, rules=rules.items(schema) if rules else None)
    if schema.get(_LIST) != "map":
        items = replace(items, uncorrelatable=items.uncorrelatable or path)
    yield schema.get("items"), f"{path}.items", items


def _extension_causes(schema: Schema, path: str) -> Iterator[Cause]:
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        yield invalid(f"{path}.x-kubernetes-preserve-unknown-fields", False, "must be true or undefined")
    yield from _of_type(schema, path, _MAP, "object")
    if schema.get(_MAP) is not None and schema[_MAP] not in ("atomic", "granular"):
        yield not_supported(f"{path}.{_MAP}", schema[_MAP], ("atomic", "granular"))
    yield from _of_type(schema, path, _LIST, "array")
    yield from _set_causes(schema, path)
    if schema.get(_LIST) is not None and schema[_LIST] not in ("atomic", "set", "map"):
        yield not_supported(f"{path}.{_LIST}", schema[_LIST], ("atomic", "set", "map"))
    if schema.get(_KEYS) and schema.get(_LIST) != "map":
        why = f"must be map if {_KEYS} is non-empty"
        yield (
            required(f"{path}.{_LIST}", why)
            if schema.get(_LIST) is None
            else invalid(f"{path}.{_LIST}", schema[_LIST], why)
        )
    if schema.get(_LIST) == "map":
        yield from _map_causes(schema, path)
    if schema.get(_LIST) in ("set", "map"):
        yield from _identity_causes(schema, path)


def _of_type(schema: Schema, path: str, key: str, wanted: str) -> Iterator[Cause]:
    kind, why = schema.get("type") or "", f"must be {wanted} if {key} is specified"
    if schema.get(key) is not None and kind != wanted:
        yield invalid(f"{path}.type", kind, why) if kind else required(f"{path}.type", why)


def _set_causes(schema: Schema, path: str) -> Iterator[Cause]:
    items = schema.get("items")
    if schema.get("type") != "array" or schema.get(_LIST) != "set" or not isinstance(items, Mapping):
        return
    why = f"must be atomic as item of a list with {_LIST}=set"
    if items.get("type") == "array" and items.get(_LIST) not in (None, "atomic"):
        yield invalid(f"{path}.items.{_LIST}", items[_LIST], why)
    if items.get("type") == "object" and items.get(_MAP) != "atomic":
        # Upstream prints the list type here.
        yield invalid(f"{path}.items.{_MAP}", items.get(_LIST), why)


def _map_causes(schema: Schema, path: str) -> Iterator[Cause]:
    items, keys = schema.get("items"), schema.get(_KEYS) or []
    if not keys:
        yield required(f"{path}.{_KEYS}", f"must not be empty if {_LIST} is map")
    if items is None:
        yield required(f"{path}.items", f"must have a schema if {_LIST} is map")
    if not isinstance(items, Mapping):
        return
    parent = f"if parent array's {_LIST} is map"
    if items.get("type") != "object":
        yield invalid(f"{path}.items.type", items.get("type") or "", f"must be object {parent}")
        return
    properties = items.get("properties") or {}
    for index, key in enumerate(keys):
        if key not in properties:
            yield invalid(f"{path}.{_KEYS}", keys, "entries must all be names of item properties")
        elif properties[key].get("type") in ("array", "object"):
            yield invalid(f"{path}.items.properties[{key}].type", "object", f"must be a scalar type {parent}")
        if key in keys[:index]:
            yield invalid(f"{path}.{_KEYS}", keys, "must not contain duplicate entries")


def _identity_causes(schema: Schema, path: str) -> Iterator[Cause]:
    """What tells members of a set or map apart must be there."""
    items = schema.get("items")
    if not isinstance(items, Mapping):
        return
    if items.get("nullable"):
        yield forbidden(f"{path}.items.nullable", f"cannot be nullable when {_LIST} is {schema[_LIST]}")
    if schema[_LIST] != "map":
        return
    for key in schema.get(_KEYS) or ():
        field = (items.get("properties") or {}).get(key)
        if field is None:
            continue
        place = f"{path}.items.properties[{key}]"
        if key not in (items.get("required") or ()) and field.get("default") is None:
            why = f"this property is in {_KEYS}, so it must have a default or be a required property"
            yield required(f"{place}.default", why)
        if field.get("nullable"):
            yield forbidden(f"{place}.nullable", f"this property is in {_KEYS}, so it cannot be nullable")
