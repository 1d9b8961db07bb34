"""The JSON Schema of a platform file, for editors: every field with its documentation, short forms included."""

from __future__ import annotations

from typing import Any

from wavetank.spec.platform import PlatformFile

_REF = "#/$defs/"


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of the file. Environments may say any part of the platform again, without what is required."""
    schema = PlatformFile.model_json_schema(by_alias=True, mode="validation")
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
    """The same shape for an overlay: nothing but names is required, and null removes a value."""
    match schema:
        case {"$ref": str(ref)}:
            return {**schema, "$ref": f"{ref}InEnvironment"}
        case dict():
            changed = {key: _partial(value) for key, value in schema.items() if key != "required"}
            if "required" in schema and "name" in schema["required"]:
                changed["required"] = ["name"]
            if isinstance(schema.get("properties"), dict):
                changed["properties"] = {key: _or_null(value) for key, value in changed["properties"].items()}
            return changed
        case list():
            return [_partial(each) for each in schema]
    return schema


def _or_null(schema: Any) -> Any:
    return {"anyOf": [schema, {"type": "null"}]}
