"""Custom resource definitions are refused where apiextensions refuses them, with its words and paths."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from wavetank.catalog.custom_resources import custom_resources
from wavetank.kube.validation.definitions import definition, definition_update

Change = Callable[[dict[str, Any]], Any]
PROPERTIES = "spec.validation.openAPIV3Schema.properties[spec]"


def good() -> dict[str, Any]:
    spec = {"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": "integer"}}}
    schema = {"type": "object", "properties": {"spec": spec}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    return {
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": names,
            "versions": [version],
            "conversion": {"strategy": "None"},
        },
        "status": {"storedVersions": ["v1"]},
    }


def spec_schema(obj: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = obj["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return schema


def first(obj: dict[str, Any]) -> dict[str, Any]:
    version: dict[str, Any] = obj["spec"]["versions"][0]
    return version


def lines(obj: dict[str, Any]) -> list[str]:
    return [f"{cause.field}: {cause.message}" for cause in definition(obj)]


def changed(change: Change) -> list[str]:
    obj = copy.deepcopy(good())
    change(obj)
    return lines(obj)


def test_a_good_definition_is_taken() -> None:
    assert lines(good()) == []


@pytest.mark.parametrize("resource", custom_resources().values(), ids=lambda r: f"{r.plural}.{r.group}")
def test_definitions_of_real_projects_are_taken(resource: Any) -> None:
    made = resource.definition()
    assert lines({**made, "spec": {**made["spec"], "conversion": {"strategy": "None"}}}) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            lambda o: o["metadata"].update(name="thing.example.com"),
            'metadata.name: Invalid value: "thing.example.com": must be spec.names.plural+"."+spec.group',
        ),
        (lambda o: o["spec"].pop("scope"), "spec.scope: Required value"),
        (
            lambda o: o["spec"].update(scope="Global"),
            'spec.scope: Unsupported value: "Global": supported values: "Cluster", "Namespaced"',
        ),
        (
            lambda o: first(o).pop("schema"),
            "spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required",
        ),
        (
            lambda o: o["spec"]["names"].update(listKind="Thing"),
            'spec.names.listKind: Invalid value: "Thing": kind and listKind may not be the same',
        ),
        (
            lambda o: first(o).update(deprecationWarning="x"),
            'spec.versions[0].deprecationWarning: Invalid value: "x": can only be set for deprecated versions',
        ),
        (
            lambda o: first(o).update(additionalPrinterColumns=[{"name": "A", "type": "string", "jsonPath": "a"}]),
            'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "a": must be a simple json path starting with .',
        ),
        (
            lambda o: first(o).update(selectableFields=[{"jsonPath": ".spec.zz"}]),
            (
                'spec.selectableFields[0].jsonPath: Invalid value: ".spec.zz": is an invalid path: '
                "does not refer to a valid field"
            ),
        ),
        (
            lambda o: first(o).update(
                subresources={"scale": {"specReplicasPath": ".status.n", "statusReplicasPath": ".status.n"}}
            ),
            'spec.subresources.scale.specReplicasPath: Invalid value: ".status.n": should be a json path under .spec',
        ),
        (
            lambda o: o["spec"].update(conversion={"strategy": "Magic"}),
            'spec.conversion.strategy: Unsupported value: "Magic": supported values: "None", "Webhook"',
        ),
        (
            lambda o: o["spec"].update(preserveUnknownFields=True),
            (
                "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set "
                "x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
            ),
        ),
        (
            lambda o: spec_schema(o)["properties"].update(c={"type": "array"}),
            f"{PROPERTIES}.properties[c].items: Required value: must be specified",
        ),
        (
            lambda o: spec_schema(o).update(anyOf=[{"properties": {"q": {"minLength": 1}}}]),
            f"{PROPERTIES}.properties[q]: Required value: because it is defined in {PROPERTIES}.anyOf[0].properties[q]",
        ),
        (
            lambda o: spec_schema(o).update(allOf=[{"type": "object"}]),
            f"{PROPERTIES}.allOf[0].type: Forbidden: must be empty to be structural",
        ),
        (
            lambda o: spec_schema(o)["properties"]["a"].update(pattern="(a"),
            (
                f'{PROPERTIES}.properties[a].pattern: Invalid value: "(a": must be a valid regular expression, '
                "but isn't: error parsing regexp: missing closing ): `(a`"
            ),
        ),
        (
            lambda o: spec_schema(o)["properties"].update(
                o={"type": "object", "default": {"z": 1}, "properties": {"y": {"type": "string"}}}
            ),
            f'{PROPERTIES}.properties[o].default: Invalid value: {{"z":1}}: must not have unknown fields',
        ),
        (
            lambda o: spec_schema(o)["properties"].update(
                o={
                    "type": "object",
                    "default": {},
                    "properties": {"min": {"type": "integer"}},
                    "x-kubernetes-validations": [{"rule": "self.min <= 1"}],
                }
            ),
            (
                f'{PROPERTIES}.properties[o].default: Invalid value: "object": no such key: min evaluating rule: '
                "self.min <= 1"
            ),
        ),
        (
            lambda o: spec_schema(o)["properties"].update(
                l={
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["k"],
                    "items": {"type": "object", "properties": {"k": {"type": "string"}}},
                }
            ),
            (
                f"{PROPERTIES}.properties[l].items.properties[k].default: Required value: this property is in "
                "x-kubernetes-list-map-keys, so it must have a default or be a required property"
            ),
        ),
        (
            lambda o: spec_schema(o)["properties"].update(
                l={
                    "type": "array",
                    "items": {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf"}]},
                }
            ),
            (
                f'{PROPERTIES}.properties[l].items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": '
                f"oldSelf cannot be used on the uncorrelatable portion of the schema within {PROPERTIES}.properties[l]"
            ),
        ),
    ],
)
def test_what_is_wrong_is_said_in_upstreams_words(change: Change, line: str) -> None:
    assert changed(change) == [line]


def test_without_a_stored_version_there_are_two_complaints() -> None:
    versions, stored = changed(lambda o: first(o).update(storage=False))
    assert versions.startswith('spec.versions: Invalid value: [{"Name":"v1","Served":true,"Storage":false,')
    assert versions.endswith('"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null}]: '
        "must have exactly one version marked as storage version")  # fmt: skip
    assert stored == "status.storedVersions: Invalid value: null: must have at least one stored version"


def test_versions_that_differ_have_paths_of_their_own() -> None:
    def change(obj: dict[str, Any]) -> None:
        second = copy.deepcopy(first(obj))
        second |= {"name": "v2", "storage": False}
        second["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["q"] = {}
        obj["spec"]["versions"].append(second)

    (line,) = changed(change)
    assert line.startswith(
        "spec.versions[1].schema.openAPIV3Schema.properties[spec].properties[q].type: Required value"
    )


def test_groups_of_the_community_need_approval() -> None:
    def change(obj: dict[str, Any], **annotations: str) -> None:
        obj["spec"]["group"] = "x.k8s.io"
        obj["metadata"] = {"name": "things.x.k8s.io", "annotations": annotations}

    (line,) = changed(change)
    assert line.startswith("metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must")
    approved = {"api-approved.kubernetes.io": "https://github.com/kubernetes/kubernetes/pull/1"}
    assert changed(lambda o: change(o, **approved)) == []
    assert "Invalid value" in changed(lambda o: change(o, **{"api-approved.kubernetes.io": "yes"}))[0]


def test_rules_that_do_not_compile_are_quoted_whole() -> None:
    (line,) = changed(lambda o: spec_schema(o).update({"x-kubernetes-validations": [{"rule": "self.nope > 1"}]}))
    assert line == (
        f"{PROPERTIES}.x-kubernetes-validations[0].rule: Invalid value: "
        '{"Rule":"self.nope > 1","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: '
        "compilation failed: ERROR: <input>:1:5: undefined field 'nope'\n | self.nope > 1\n | ....^"
    )


def test_some_things_may_never_change() -> None:
    old = {**good(), "status": {"storedVersions": ["v1"], "conditions": [{"type": "Established", "status": "True"}]}}
    new = copy.deepcopy(old)
    new["spec"]["scope"], new["spec"]["names"]["kind"] = "Cluster", "Other"
    first(new)["name"] = "v2"
    assert [cause.field for cause in definition_update(new, old)] == [
        "spec.scope",
        "spec.names.kind",
        "status.storedVersions",
        "status.storedVersions[0]",
    ]
