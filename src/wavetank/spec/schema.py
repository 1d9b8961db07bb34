"""The JSON Schema of a platform file, for editors: every field with its documentation, short forms included."""

from __future__ import annotations

from typing import Any

from wavetank.spec.platform import PlatformFile

_REF = "#/$defs/"
_NULL = {"type": "null"}
_REMOVE = {"remove": {"type": "boolean", "description": "true takes the element of this name out of the list."}}


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of the file. Environments may say any part of the platform again, without what is required."""
    schema: dict[str, Any] = _without_titles(PlatformFile.model_json_schema(by_alias=True, mode="validation"))
    schema["title"] = "A platform that wavetank designs and runs"
    definitions = schema["$defs"]
    again = {key: value for key, value in schema["properties"].items() if key != "environments"}
    overlay = {"type": "object", "properties": again, "additionalProperties": False}
    partial = {f"{name}InEnvironment": _partial(definition) for name, definition in definitions.items()}
    definitions.update(partial)
    definitions["Environment"] = _partial(overlay)
    schema["properties"]["environments"] = {
        "description": schema["properties"]["environments"].get("description", ""),
        "type": "object",
        "additionalProperties": {"anyOf": [{"$ref": f"{_REF}Environment"}, {"type": "null"}]},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _partial(schema: Any) -> Any:
    """The same shape for an overlay: nothing but names is required, null removes a value, ``remove`` a named element."""
    match schema:
        case {"$ref": str(ref)}:
            return {**schema, "$ref": f"{ref}InEnvironment"}
        case dict():
            changed = {key: _partial(value) for key, value in schema.items() if key != "required"}
            if "required" in schema and "name" in schema["required"]:
                changed["required"] = ["name"]
            if isinstance(schema.get("properties"), dict):
                changed["properties"] = {key: _or_null(value) for key, value in changed["properties"].items()}
                changed["properties"] |= _REMOVE if "name" in schema["properties"] else {}
            if isinstance(schema.get("additionalProperties"), dict):
                changed["additionalProperties"] = _or_null(changed["additionalProperties"])
            return changed
        case list():
            return [_partial(each) for each in schema]
    return schema


def _or_null(schema: Any) -> Any:
    """Documentation stays where editors look for it: beside the choice, not in it."""
    beside = {key: schema[key] for key in ("description", "default") if key in schema}
    inner = {key: value for key, value in schema.items() if key not in beside}
    choices = inner["anyOf"] if set(inner) == {"anyOf"} else [inner]
    return beside | {"anyOf": choices if _NULL in choices else [*choices, _NULL]}


def _without_titles(schema: Any) -> Any:
    """Titles of fields are their names in other letters; only those of whole definitions tell something."""
    match schema:
        case dict():
            fields = schema.get("properties")
            changed = {key: _without_titles(value) for key, value in schema.items()}
            if isinstance(fields, dict):
                changed["properties"] = {key: _untitled(value) for key, value in changed["properties"].items()}
            return changed
        case list():
            return [_without_titles(each) for each in schema]
    return schema


def _untitled(field: Any) -> Any:
    return {key: value for key, value in field.items() if key != "title"}
