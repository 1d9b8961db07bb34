"""The JSON Schema documents every field and accepts what the loader accepts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from platform_texts import MINIMAL

from wavetank.spec import json_schema
from wavetank.spec.tree import parse, plain

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/platform.yaml"))


def _json(value: Any) -> Any:
    match value:
        case dict():
            return {key: _json(each) for key, each in value.items()}
        case list():
            return [_json(each) for each in value]
        case Decimal():
            return float(value)
    return value


def _document(text: str) -> Any:
    root, _ = parse(text, "platform.yaml")
    assert root is not None
    return _json(plain(root))


def test_every_field_says_what_it_means() -> None:
    schema = json_schema()
    objects = {"PlatformFile": schema} | {
        name: each for name, each in schema["$defs"].items() if "InEnvironment" not in name
    }
    silent = [
        f"{name}.{field}"
        for name, definition in objects.items()
        for form in (definition, *definition.get("anyOf", ()))
        for field, about in form.get("properties", {}).items()
        if name != "Environment" and not about.get("description")
    ]
    assert silent == []
    assert sum("InEnvironment" not in name for name in objects) > 60


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_schema_accepts_the_examples(example: Path) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(_document(example.read_text()))


def test_the_schema_accepts_what_the_loader_accepts() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.validate(_document(MINIMAL))
    validator.validate(_document(MINIMAL + "environments: {dev: {nodeGroups: [{name: workers, remove: true}]}}\n"))
    validator.validate(_document(MINIMAL + "environments: {dev: {workloads: [{name: api, config: {URL: null}}]}}\n"))


def test_fields_keep_their_documentation_in_environments() -> None:
    group = json_schema()["$defs"]["NodeGroupInEnvironment"]
    assert all(field.get("description") for field in group["properties"].values())


def test_the_schema_refuses_what_the_loader_refuses() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    assert not validator.is_valid(_document(MINIMAL.replace("maxSize", "maxsize")))
    assert not validator.is_valid(_document(MINIMAL + "environments: {dev: {nodegroups: []}}\n"))
