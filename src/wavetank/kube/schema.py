"""The structure of Kubernetes objects: which fields there are, of which type, and how lists and maps merge.

Patches, server-side apply, decoding and documentation all walk a ``Node``. Nodes of built-in kinds come from the
definitions in the ``kubernetes-validate`` package (read on first use); nodes of custom resources from the OpenAPI v3
schema of their definition. Nothing here judges values: see ``decoding`` and ``structural``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .gotypes import GO_NAMES

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
#: Definitions that are not plain structs: their node type.
_SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "intOrString",
    META + "Time": "time",
    META + "MicroTime": "microTime",
    META + "FieldsV1": "any",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": "any",
}


@dataclass(frozen=True)
class Node:
    """The structure of one value.

    ``type`` is ``object``, ``array``, ``string``, ``integer``, ``number``, ``boolean``, ``any`` (no structure),
    ``quantity``, ``intOrString``, ``time``, ``microTime`` or ``bytes``. A struct has ``fields``, a map ``additional``,
    a list ``items``.
    ``fields`` may refer back to the node itself (JSON schemas hold JSON schemas), so never walk a node without a value.
    ``list_type`` and ``map_type`` are empty where the schema is silent (server-side apply: atomic list, granular map).
    """

    type: str
    fields: Mapping[str, Node] = field(default_factory=dict, repr=False)
    items: Node | None = field(default=None, repr=False)
    additional: Node | None = field(default=None, repr=False)
    list_type: str = ""
    list_map_keys: tuple[str, ...] = ()
    map_type: str = ""
    patch_merge_key: str = ""
    patch_strategies: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    preserve_unknown: bool = False
    format: str = ""
    #: The Go type as error messages name it: ``string``, ``int32``, ``v1.PodSpec``, ``[]v1.Container``.
    go_type: str = ""
    #: A value of a custom resource: its types are for ``structural`` to judge, not for decoding.
    custom: bool = False
    #: Of a custom resource: the JSON schema that the node was made of.
    schema: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def struct(self) -> str:
        """The struct's Go name without its package, as in ``Go struct field PodSpec.spec.…``."""
        return self.go_type.rpartition(".")[2]


ANY = Node("any", preserve_unknown=True)


class Schemas:
    """The nodes of all built-in kinds of one Kubernetes minor, each made on first use."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self.definitions = definitions
        self._nodes: dict[str, Node] = {}
        self._names = {
            (gvk["group"], gvk["version"], gvk["kind"]): name
            for name, definition in definitions.items()
            for gvk in definition.get("x-kubernetes-group-version-kind", ())
        }

    @staticmethod
    def for_version(minor: str) -> Schemas:
        """The schemas of a minor such as ``1.36``; KeyError when the installed definitions do not have it."""
        return _schemas(minor)

    def has(self, group: str, version: str, kind: str) -> bool:
        """Whether the minor knows a kind."""
        return (group, version, kind) in self._names

    def node(self, group: str, version: str, kind: str) -> Node | None:
        """The structure of a kind (its ``…List`` and option kinds too), or None when there is none."""
        name = self._names.get((group, version, kind))
        return self.defined(name) if name else None

    def definition_name(self, group: str, version: str, kind: str) -> str:
        """The name of a kind's definition (``io.k8s.api.core.v1.Pod``); empty when there is none."""
        return self._names.get((group, version, kind), "")

    def defined(self, name: str) -> Node:
        """The node of a definition. Structs are remembered before they are filled: some contain themselves."""
        if name in self._nodes:
            return self._nodes[name]
        definition = self.definitions[name]
        go_type = _go_type_of_definition(name)
        if name in _SPECIAL:
            self._nodes[name] = Node(_SPECIAL[name], go_type=go_type, preserve_unknown=_SPECIAL[name] == "any")
            return self._nodes[name]
        fields: dict[str, Node] = {}
        node = replace(self._plain(definition, go_type), fields=fields)
        self._nodes[name] = node
        struct = node.struct
        for key, schema in definition.get("properties", {}).items():
            made = self._value(schema)
            named = GO_NAMES.get(f"{struct}.{key}")
            fields[key] = replace(made, go_type=named) if named else made
        return node

    def _value(self, schema: Mapping[str, Any]) -> Node:
        if "$ref" not in schema:
            return self._plain(schema, "")
        node = self.defined(schema["$ref"].removeprefix("#/$defs/"))
        return replace(node, **_extensions(schema)) if len(schema) > 1 else node

    def _plain(self, schema: Mapping[str, Any], go_type: str) -> Node:
        kind = _type_of(schema)
        items = self._value(schema["items"]) if "items" in schema else None
        additional = self._value(schema["additionalProperties"]) if "additionalProperties" in schema else None
        return Node(
            kind,
            items=items,
            additional=additional,
            required=frozenset(schema.get("required", ())),
            format=schema.get("format", ""),
            go_type=go_type or _go_type(kind, schema.get("format", ""), items, additional),
            **_extensions(schema),
        )


@cache
def _schemas(minor: str) -> Schemas:
    # Only its data is wanted: importing the package would load a JSON schema validator.
    package = find_spec("kubernetes_validate")
    assert package is not None, "the package kubernetes-validate is not installed"
    folder = Path(str(package.origin)).parent / "kubernetes-json-schema" / f"v{minor}.0-local"
    if not folder.is_dir():
        raise KeyError(f"no definitions of Kubernetes {minor}")
    return Schemas(json.loads((folder / "_definitions.json").read_bytes())["$defs"])


def _type_of(schema: Mapping[str, Any]) -> str:
    declared = schema.get("type", "any")
    kind = next(t for t in declared if t != "null") if isinstance(declared, list) else str(declared)
    return "bytes" if schema.get("format") == "byte" else kind


def _extensions(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The merge rules that are written beside a value's type (or beside the reference to it)."""
    found: dict[str, Any] = {}
    for key, name in (
        ("x-kubernetes-list-type", "list_type"),
        ("x-kubernetes-map-type", "map_type"),
        ("x-kubernetes-patch-merge-key", "patch_merge_key"),
    ):
        if key in schema:
            found[name] = schema[key]
    if "x-kubernetes-list-map-keys" in schema:
        found["list_map_keys"] = tuple(schema["x-kubernetes-list-map-keys"])
    if "x-kubernetes-patch-strategy" in schema:
        found["patch_strategies"] = frozenset(schema["x-kubernetes-patch-strategy"].split(","))
    return found


def _go_type_of_definition(name: str) -> str:
    """``io.k8s.api.core.v1.PodSpec`` is ``v1.PodSpec`` in Go."""
    return ".".join(name.split(".")[-2:])


_GO_SCALARS = {"string": "string", "boolean": "bool", "number": "float64", "bytes": "[]uint8", "any": "interface {}"}


def _go_type(kind: str, format_: str, items: Node | None, additional: Node | None) -> str:
    if items is not None:
        return f"[]{items.go_type}"
    if additional is not None:
        return f"map[string]{additional.go_type}"
    return format_ if kind == "integer" else _GO_SCALARS.get(kind, kind)


# Custom resources --------------------------------------------------------------------------------------------------


def node_of_json_schema(schema: Mapping[str, Any], metadata: Node | None = None) -> Node:
    """The node of a structural schema (``openAPIV3Schema`` of a custom resource definition's version).

    With ``metadata`` (the node of ObjectMeta) it is that of a whole object: ``apiVersion``, ``kind`` and ``metadata``
    are as in built-in kinds, whatever the schema says of them (apiextensions-apiserver, ``schema/objectmeta``).
    """
    node = _custom(schema)
    if metadata is None:
        return node
    text = Node("string", go_type="string")
    return replace(node, fields={**node.fields, "apiVersion": text, "kind": text, "metadata": metadata})


#: Below ``items``, what a definition says is not typed when it is read (it may be a schema or a list of them).
_SHAPES: Mapping[str, type] = {"properties": Mapping, "type": str, "format": str} | dict.fromkeys(
    ("x-kubernetes-list-type", "x-kubernetes-map-type", "x-kubernetes-patch-merge-key", "x-kubernetes-patch-strategy"),
    str,
)
_NAMES = ("required", "x-kubernetes-list-map-keys")


def _well_formed(schema: Any) -> Mapping[str, Any]:
    """What is left of a schema without the parts that cannot be one."""
    if not isinstance(schema, Mapping):
        return {}
    kept: dict[str, Any] = {k: v for k, v in schema.items() if isinstance(v, _SHAPES.get(k, object))}
    names = {
        k: [n for n in kept[k] if isinstance(n, str)] if isinstance(kept[k], list) else [] for k in _NAMES if k in kept
    }
    return {**kept, **names}


def _custom(schema: Mapping[str, Any]) -> Node:
    schema = _well_formed(schema)
    preserve = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    additional = schema.get("additionalProperties")
    return Node(
        _custom_type(schema),
        fields={key: _custom(value) for key, value in schema.get("properties", {}).items()} | _embedded(schema),
        items=_custom(schema["items"]) if isinstance(schema.get("items"), Mapping) else None,
        additional=_custom(additional) if isinstance(additional, Mapping) else ANY if additional is True else None,
        required=frozenset(schema.get("required", ())),
        preserve_unknown=preserve,
        format=schema.get("format", ""),
        custom=True,
        schema=schema,
        **_extensions(schema),
    )


def _custom_type(schema: Mapping[str, Any]) -> str:
    if schema.get("x-kubernetes-int-or-string"):
        return "intOrString"
    return str(schema.get("type") or "any")


def _embedded(schema: Mapping[str, Any]) -> dict[str, Node]:
    """An embedded object always has its type and metadata, even if the schema does not list them."""
    if not schema.get("x-kubernetes-embedded-resource"):
        return {}
    return {"apiVersion": Node("string", custom=True), "kind": Node("string", custom=True), "metadata": ANY}


def at(node: Node | None, path: Iterable[str]) -> Node | None:
    """The node below ``node`` at field names (and ``*`` for a list's items or a map's values)."""
    for key in path:
        if node is None:
            return None
        node = (node.items or node.additional) if key == "*" else node.fields.get(key, node.additional)
    return node
