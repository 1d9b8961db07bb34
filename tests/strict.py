"""What a real API server would refuse about an object: unknown fields, wrong types, schemas of custom resources.

Shared by the tests of everything that renders Kubernetes objects: ``assert problems_of(obj, "1.36") == []``.
"""

from __future__ import annotations

from typing import Any

from wavetank.catalog.custom_resources import custom_resource
from wavetank.kube import decoding, structural
from wavetank.kube.schema import META, Schemas, node_of_json_schema

#: kinds that Gatekeeper makes of templates at run time: nothing is known about them before
_MADE_AT_RUN_TIME = ("constraints.gatekeeper.sh",)


def problems_of(obj: dict[str, Any], minor: str = "1.36") -> list[str]:
    """Everything wrong with the structure of a built-in or custom object; a kind that nobody knows is a problem, too."""
    group, _, version = obj["apiVersion"].rpartition("/")
    if group in _MADE_AT_RUN_TIME:
        return []
    custom = custom_resource(group, obj["kind"])
    if custom is not None:
        return _custom_problems(obj, custom.schema, custom.api_version, minor)
    node = Schemas.for_version(minor).node(group, version, obj["kind"])
    if node is None:
        return [f"nobody knows the kind {obj['kind']} of {obj['apiVersion']}"]
    return decoding.problems(obj, node)


def _custom_problems(obj: dict[str, Any], schema: Any, api_version: str, minor: str) -> list[str]:
    wrong_version = [] if obj["apiVersion"] == api_version else [f"{obj['apiVersion']} is not {api_version}"]
    node = node_of_json_schema(schema, Schemas.for_version(minor).defined(META + "ObjectMeta"))
    broken = [f"{cause.field}: {cause.message}" for cause in structural.violations(obj, node)]
    return [*wrong_version, *decoding.problems(obj, node), *broken]
