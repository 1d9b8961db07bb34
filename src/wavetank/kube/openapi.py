"""The OpenAPI documents that an API server publishes: v3 one per group and version, v2 one for all.

``apiserver`` makes one ``OpenApi`` for its built-in kinds, and a new one (``with_custom``) whenever the custom resources
change; documents are made on first use. Schemas come from the definitions behind ``schema``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .kinds import BUILT_IN
from .openapi_enums import ENUMS, documented
from .openapi_paths import paths, prefix
from .schema import META, Schemas
from .types import Obj, Resource

_REF = "#/components/schemas/"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
#: Types that JSON schema cannot tell from a string or number, as upstream's generator writes them.
_BY_HAND: Mapping[str, Obj] = {
    _QUANTITY: {
        "description": "Quantity is a fixed-point representation of a number.",
        "oneOf": [{"type": "string"}, {"type": "number"}],
    },
    _INT_OR_STRING: {
        "description": (
            "IntOrString is a type that can hold an int32 or a string.  When used in JSON or YAML marshalling and "
            "unmarshalling, it produces or consumes the inner type.  This allows you to have, for example, a JSON "
            "field that can accept a name or number."
        ),
        "format": "int-or-string",
        "oneOf": [{"type": "integer"}, {"type": "string"}],
    },
}
_ALWAYS = (META + "DeleteOptions", META + "Status", META + "Patch")
_API_VERSION = (
    "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized "
    "schemas to the latest internal value, and may reject unrecognized values. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources"
)
_KIND = (
    "Kind is a string value representing the REST resource this object represents. Servers may infer this from the "
    "endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds"
)
_METADATA = (
    "Standard object's metadata. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"
)

#: A custom resource with the ``openAPIV3Schema`` of its version.
Custom = tuple[Resource, Mapping[str, Any]]


class OpenApi:
    """The documents for one Kubernetes minor and one set of custom resources."""

    def __init__(
        self,
        minor: str,
        custom: Sequence[Custom] = (),
        built_in: Sequence[Resource] = BUILT_IN,
        *,
        of: OpenApi | None = None,
    ) -> None:
        self.minor, self.custom, self.built_in = minor, tuple(custom), tuple(built_in)
        self._schemas = Schemas.for_version(minor)
        # Documents of built-in groups do not change with the custom resources: they are shared.
        self._documents: dict[str, bytes] = {}
        self._shared: dict[str, bytes] = of._shared if of else {}
        self._components: dict[str, Obj] = of._components if of else {}

    def with_custom(self, custom: Sequence[Custom]) -> OpenApi:
        """The documents for other custom resources; what is already made of the built-in ones is kept."""
        return OpenApi(self.minor, custom, self.built_in, of=self)

    def index(self) -> Obj:
        """``/openapi/v3``: where each group's document is; the hash changes when the document does."""
        served = dict.fromkeys(r.api_version for r in (*self.built_in, *(resource for resource, _ in self.custom)))
        return {"paths": {prefix(v).lstrip("/"): {"serverRelativeURL": self._url(v)} for v in served}}

    def _url(self, api_version: str) -> str:
        text = json.dumps(
            [self.minor, api_version, [schema for r, schema in self.custom if r.api_version == api_version]]
        )
        digest = hashlib.sha256(text.encode()).hexdigest().upper()
        return f"/openapi/v3{prefix(api_version)}?hash={digest}"

    def document(self, api_version: str) -> bytes | None:
        """``/openapi/v3/apis/<group>/<version>`` as JSON, or None when nothing of that version is served."""
        custom = [c for c in self.custom if c[0].api_version == api_version]
        cache = self._documents if custom else self._shared
        if api_version not in cache:
            built_in = [r for r in self.built_in if r.api_version == api_version]
            if not built_in and not custom:
                return None
            cache[api_version] = json.dumps(self._document(built_in, custom), separators=(",", ":")).encode()
        return cache[api_version]

    def _document(self, built_in: Sequence[Resource], custom: Sequence[Custom]) -> Obj:
        served: Obj = {}
        wanted: list[str] = list(_ALWAYS)
        for resource in built_in:
            name = self._schemas.definition_name(resource.group, resource.version, resource.kind)
            served |= paths(resource, name, custom=False)
            wanted += [n for n in (name, f"{name}List") if n in self._schemas.definitions]
            wanted += [self._schemas.definition_name(*kind) for _, kind in resource.subresources]
        schemas: Obj = {}
        for resource, schema in custom:
            name = _custom_name(resource)
            served |= paths(resource, name, custom=True)
            schemas[name] = _custom_schema(resource, schema)
            schemas[f"{name}List"] = _list_schema(resource, name)
            wanted += [META + "ObjectMeta", META + "ListMeta"]
        for name in self._reachable(wanted):
            schemas[name] = self._component(name)
        info = {"title": "Kubernetes", "version": f"v{self.minor}.0"}
        components = {"schemas": dict(sorted(schemas.items()))}
        return {"openapi": "3.0.0", "info": info, "paths": dict(sorted(served.items())), "components": components}

    def _reachable(self, names: Sequence[str]) -> Iterator[str]:
        """The definitions that the named ones are made of, themselves included."""
        seen: set[str] = set()
        waiting = [name for name in names if name in self._schemas.definitions]
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            yield name
            waiting += _references(self._schemas.definitions[name])

    def _component(self, name: str) -> Obj:
        if name not in self._components:
            self._components[name] = _by_hand(name) or _converted(self._schemas.definitions[name], name)
        return self._components[name]

    def v2(self) -> Obj:
        """``/openapi/v2`` as JSON: every definition, and the paths in the shape of Swagger 2."""
        names = self._reachable([*self._schemas.definitions])
        definitions = {name: self._component(name) for name in names}
        served: Obj = {}
        for resource in self.built_in:
            served |= _v2_paths(paths(resource, "", custom=False))
        for resource, schema in self.custom:
            served |= _v2_paths(paths(resource, "", custom=True))
            name = _custom_name(resource)
            definitions[name] = _for_v2(_custom_schema(resource, schema))
            definitions[f"{name}List"] = _list_schema(resource, name)
        document: Obj = json.loads(json.dumps(dict(sorted(definitions.items()))).replace(_REF, "#/definitions/"))
        info = {"title": "Kubernetes", "version": f"v{self.minor}.0"}
        return {"swagger": "2.0", "info": info, "paths": served, "definitions": document}


def _by_hand(name: str) -> Obj | None:
    return dict(_BY_HAND[name]) if name in _BY_HAND else None


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                yield value.removeprefix("#/$defs/")
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _references(item)


def _converted(definition: Mapping[str, Any], name: str) -> Obj:
    """A definition (JSON schema) as an OpenAPI v3 schema."""
    result = {
        key: value
        for key, value in definition.items()
        if key not in ("type", "properties", "additionalProperties", "items")
    }
    if "type" in definition:
        result["type"] = _plain_type(definition["type"])
    if "properties" in definition:
        result["properties"] = {
            key: _property(value, f"{name}.{key}") for key, value in definition["properties"].items()
        }
    for key in ("items", "additionalProperties"):
        if key in definition:
            result[key] = _property(definition[key], "")
    return result


def _property(schema: Mapping[str, Any], path: str) -> Obj:
    if "$ref" in schema:
        reference = {"$ref": schema["$ref"].replace("#/$defs/", _REF)}
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        # OpenAPI v3 ignores what stands beside a reference.
        return {**beside, "allOf": [reference]} if beside else reference
    # The package adds the enums of kind and apiVersion; the server does not publish them.
    result = _converted({key: value for key, value in schema.items() if key != "enum"}, "")
    if path in ENUMS:
        result["description"] = documented(result.get("description", ""), ENUMS[path])
        result["enum"] = list(ENUMS[path])
    return result


def _plain_type(declared: Any) -> str:
    return next(t for t in declared if t != "null") if isinstance(declared, list) else str(declared)


def _custom_name(resource: Resource) -> str:
    """``rec.example.com/v1 Widget`` is ``com.example.rec.v1.Widget``."""
    return ".".join([*reversed(resource.group.split(".")), resource.version, resource.kind])


def _gvk(resource: Resource, suffix: str = "") -> list[Obj]:
    return [{"group": resource.group, "kind": resource.kind + suffix, "version": resource.version}]


_OF_OBJECTS: Obj = {
    "apiVersion": {"description": _API_VERSION, "type": "string"},
    "kind": {"description": _KIND, "type": "string"},
    "metadata": {"description": _METADATA, "allOf": [{"$ref": _REF + META + "ObjectMeta"}]},
}
#: What Swagger 2 cannot say, or kubectl would not understand (``openapi/v2/conversion.go`` of apiextensions).
_NOT_IN_V2 = ("oneOf", "anyOf", "allOf", "not", "nullable", "default", "x-kubernetes-validations")


def _custom_schema(resource: Resource, schema: Mapping[str, Any]) -> Obj:
    own = {key: _with_embedded(value) for key, value in schema.get("properties", {}).items()} | _OF_OBJECTS
    return {**schema, "properties": own, "type": "object", "x-kubernetes-group-version-kind": _gvk(resource)}


def _with_embedded(schema: Any) -> Any:
    """A schema in which embedded objects have the fields that every object has."""
    if not isinstance(schema, Mapping):
        return schema
    made = dict(schema)
    if isinstance(made.get("properties"), Mapping):
        made["properties"] = {key: _with_embedded(value) for key, value in made["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in made:
            made[key] = _with_embedded(made[key])
    if made.get("x-kubernetes-embedded-resource"):
        made["properties"] = {**made.get("properties", {}), **_OF_OBJECTS}
    return made


def _for_v2(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    if schema == _OF_OBJECTS["metadata"]:
        return schema
    made = {key: value for key, value in schema.items() if key not in _NOT_IN_V2}
    if schema.get("nullable") or schema.get("x-kubernetes-int-or-string"):
        made = {key: value for key, value in made.items() if key in ("description", "x-kubernetes-int-or-string")}
    if isinstance(made.get("properties"), Mapping):
        made["properties"] = {key: _for_v2(value) for key, value in made["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in made:
            made[key] = _for_v2(made[key])
    return made


def _list_schema(resource: Resource, name: str) -> Obj:
    return {
        "description": f"{resource.kind}List is a list of {resource.kind}",
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": {"description": _API_VERSION, "type": "string"},
            "items": {"type": "array", "items": {"$ref": _REF + name}},
            "kind": {"description": _KIND, "type": "string"},
            "metadata": {"allOf": [{"$ref": _REF + META + "ListMeta"}]},
        },
        "x-kubernetes-group-version-kind": _gvk(resource, "List"),
    }


def _v2_paths(served: Mapping[str, Any]) -> Obj:
    """Swagger 2 keeps the type of a parameter beside its name, and media types in lists of their own."""
    return {path: {key: _v2_entry(value) for key, value in item.items()} for path, item in served.items()}


def _v2_entry(value: Any) -> Any:
    if isinstance(value, list):
        return [_v2_parameter(parameter) for parameter in value]
    result = {key: item for key, item in value.items() if key not in ("requestBody", "responses")}
    result["responses"] = {"200": {"description": "OK"}}
    if "parameters" in result:
        result["parameters"] = [_v2_parameter(parameter) for parameter in result["parameters"]]
    if "requestBody" in value:
        result["consumes"] = list(value["requestBody"]["content"])
    return result


def _v2_parameter(parameter: Mapping[str, Any]) -> Obj:
    return {key: item for key, item in parameter.items() if key != "schema"} | dict(parameter["schema"])
