"""Versions of a custom resource definition as Go prints its internal types: their own field names, absent ones ``null``.

Upstream: ``pkg/apis/apiextensions/types.go`` and ``types_jsonschema.go``, whose fields have no JSON names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..types import Obj

# The fields of a schema in Go's order: the JSON name, Go's name, and the value of an absent one.
_SCHEMA = """id:ID:"" $schema:Schema:"" $ref:Ref description:Description:"" type:Type:"" nullable:Nullable:false
    format:Format:"" title:Title:"" default:Default maximum:Maximum exclusiveMaximum:ExclusiveMaximum:false minimum:Minimum
    exclusiveMinimum:ExclusiveMinimum:false maxLength:MaxLength minLength:MinLength pattern:Pattern:"" maxItems:MaxItems
    minItems:MinItems uniqueItems:UniqueItems:false multipleOf:MultipleOf enum:Enum maxProperties:MaxProperties
    minProperties:MinProperties required:Required items:Items allOf:AllOf oneOf:OneOf anyOf:AnyOf not:Not
    properties:Properties additionalProperties:AdditionalProperties patternProperties:PatternProperties
    dependencies:Dependencies additionalItems:AdditionalItems definitions:Definitions externalDocs:ExternalDocs
    example:Example x-kubernetes-preserve-unknown-fields:XPreserveUnknownFields
    x-kubernetes-embedded-resource:XEmbeddedResource:false x-kubernetes-int-or-string:XIntOrString:false
    x-kubernetes-list-map-keys:XListMapKeys x-kubernetes-list-type:XListType x-kubernetes-map-type:XMapType
    x-kubernetes-validations:XValidations"""
_VERSION = """name:Name:"" served:Served:false storage:Storage:false deprecated:Deprecated:false
    deprecationWarning:DeprecationWarning schema:Schema subresources:Subresources
    additionalPrinterColumns:AdditionalPrinterColumns selectableFields:SelectableFields"""
_RULE = """rule:Rule:"" message:Message:"" messageExpression:MessageExpression:"" reason:Reason fieldPath:FieldPath:""
    optionalOldSelf:OptionalOldSelf"""
_COLUMN = (
    'name:Name:"" type:Type:"" format:Format:"" description:Description:"" priority:Priority:0 jsonPath:JSONPath:""'
)
_SCALE = (
    'specReplicasPath:SpecReplicasPath:"" statusReplicasPath:StatusReplicasPath:"" labelSelectorPath:LabelSelectorPath'
)
_EMPTY: Mapping[str, Any] = {'""': "", "false": False, "0": 0, "": None}


def internal_rule(rule: Obj) -> Obj:
    return _struct(rule, _RULE)


def internal_schema(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    made = _struct(schema, _SCHEMA)
    for key in ("Properties", "PatternProperties", "Definitions"):
        if made[key]:
            made[key] = {name: internal_schema(made[key][name]) for name in sorted(made[key])}
    for key in ("AllOf", "OneOf", "AnyOf"):
        made[key] = [internal_schema(s) for s in made[key]] if made[key] else made[key]
    made["Not"] = internal_schema(made["Not"])
    made["Items"] = _schema_or(made["Items"], {"JSONSchemas": None}, first=True)
    for key in ("AdditionalProperties", "AdditionalItems"):
        made[key] = _schema_or(made[key], {"Allows": True})
    made["XValidations"] = [internal_rule(r) for r in made["XValidations"]] if made["XValidations"] else None
    return made


def internal_versions(versions: list[Obj]) -> list[Obj]:
    """Versions, without what they share, as the server prints them when it refuses them together."""
    return [_version(version) for version in versions]


def _version(version: Obj) -> Obj:
    made = _struct(version, _VERSION)
    if made["Schema"] is not None:
        made["Schema"] = {"OpenAPIV3Schema": internal_schema(made["Schema"].get("openAPIV3Schema"))}
    if made["Subresources"] is not None:
        scale = made["Subresources"].get("scale")
        made["Subresources"] = {
            "Status": made["Subresources"].get("status"),
            "Scale": _struct(scale, _SCALE) if scale is not None else None,
        }
    for key, words in (("AdditionalPrinterColumns", _COLUMN), ("SelectableFields", 'jsonPath:JSONPath:""')):
        made[key] = [_struct(each, words) for each in made[key]] if made[key] else None
    return made


def _schema_or(value: Any, other: Obj, *, first: bool = False) -> Any:
    if value is None:
        return None
    if isinstance(value, bool):
        return {"Allows": value, "Schema": None}
    if isinstance(value, list):
        return {"Schema": None, "JSONSchemas": [internal_schema(s) for s in value]}
    schema = {"Schema": internal_schema(value)}
    return {**schema, **other} if first else {**other, **schema}


def _struct(value: Mapping[str, Any], words: str) -> Obj:
    fields = (word.split(":") for word in words.split())
    return {field[1]: value.get(field[0], _EMPTY[field[2] if len(field) > 2 else ""]) for field in fields}
