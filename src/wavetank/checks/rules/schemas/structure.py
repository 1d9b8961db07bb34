"""What the API server would say about the structure of an object; shared by the SCH rules. Judges no meaning.

Values that a template left behind, or that only another tool fills in, are the readers' business: what arrives here is an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from wavetank.catalog.custom_resources import custom_resource
from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items, mapping
from wavetank.checks.model import Step
from wavetank.kube import decoding, structural
from wavetank.kube.defaults import defaulted
from wavetank.kube.errors import Cause
from wavetank.kube.kinds import resource_of
from wavetank.kube.schema import META, Node, Schemas, node_of_json_schema
from wavetank.kube.validation import validate_create

NEWEST_MINOR = "1.36"
#: by group, version and kind
Definitions: TypeAlias = dict[tuple[str, str, str], Node]
_QUOTED_PATH = re.compile(r'field "([^"]+)"')


@dataclass(frozen=True)
class Fault:
    """One thing that would be refused; ``steps`` lead to it."""

    steps: tuple[Step, ...]
    message: str
    #: a field that no version of the kind is known to have
    unknown_field: str = ""


def minor_of(case: Case) -> str:
    """The cluster's Kubernetes minor, or the newest one that we know."""
    version = case.aws.cluster.version if case.aws.cluster else None
    return version if version in ("1.31", "1.32", "1.33", "1.34", "1.35", "1.36") else NEWEST_MINOR


def built_in_node(manifest: Manifest, minor: str) -> Node | None:
    """The structure of a built-in kind in that minor; None when there is no such kind in it."""
    return Schemas.for_version(minor).node(manifest.group, manifest.version, manifest.kind)


def built_in_faults(manifest: Manifest, node: Node) -> Iterator[Fault]:
    """Unknown fields and wrong types first; only a readable object is judged further."""
    wrong = list(_decoding_faults(manifest, node))
    yield from wrong
    if any(not fault.unknown_field for fault in wrong):
        return
    resource = resource_of(manifest.group, manifest.kind)
    stated = manifest.obj if manifest.stated_namespace else _in_default(manifest)
    for cause in validate_create(defaulted(stated, resource), resource):
        yield _fault_of(cause)


def _in_default(manifest: Manifest) -> dict[str, object]:
    """As kubectl sends it: with a namespace."""
    metadata = {**manifest.metadata, "namespace": "default"} if manifest.is_namespaced else manifest.metadata
    return {**manifest.obj, "metadata": metadata}


def custom_faults(manifest: Manifest, defined: Definitions) -> Iterator[Fault]:
    """Of a custom resource whose definition the input (``defined``) or the catalogue knows; nothing for any other."""
    own = defined.get((manifest.group, manifest.version, manifest.kind))
    node = own or _custom_node(manifest.group, manifest.kind)
    if node is None:
        return
    yield from _decoding_faults(manifest, node)
    # A cause without a field only says that rules were not tried because of the others.
    # As in the API server, rules see the object with its defaults.
    causes = (c for c in structural.violations(structural.defaulted(manifest.obj, node), node) if c.field != "<nil>")
    yield from map(_fault_of, causes)


@cache
def _custom_node(group: str, kind: str) -> Node | None:
    known = custom_resource(group, kind)
    if known is None:
        return None
    return _node_of(known.schema)


def _node_of(schema: Mapping[str, Any]) -> Node:
    return node_of_json_schema(schema, Schemas.for_version(NEWEST_MINOR).defined(META + "ObjectMeta"))


def definitions(case: Case) -> Definitions:
    """What the input's own CustomResourceDefinitions say: other versions of a program have other fields."""
    found: Definitions = {}
    for definition in case.manifests.of_kind("CustomResourceDefinition", group="apiextensions.k8s.io"):
        group, kind = definition.spec.get("group"), mapping(definition.spec.get("names")).get("kind")
        for version in items(definition.spec.get("versions")):
            schema = mapping(mapping(version.get("schema")).get("openAPIV3Schema"))
            if schema and definition.version == "v1":
                found[str(group), str(version.get("name")), str(kind)] = _node_of(schema)
    return found


def _decoding_faults(manifest: Manifest, node: Node) -> Iterator[Fault]:
    for problem in decoding.problems(manifest.obj, node):
        found = _QUOTED_PATH.search(problem)
        unknown = found[1] if found and problem.startswith("unknown field") else ""
        yield Fault(steps_of(found[1]) if found else (), problem, unknown)


def _fault_of(cause: Cause) -> Fault:
    return Fault(steps_of(cause.field), f"{cause.field}: {cause.message}")


def steps_of(path: str) -> tuple[Step, ...]:
    """``spec.containers[0].image`` as steps; keys in brackets stay keys."""
    steps: list[Step] = []
    for word, bracket in re.findall(r"([^.\[\]]+)|\[([^\]]*)\]", path):
        steps.append(int(bracket) if bracket.isdigit() else bracket or word)
    return tuple(steps)
