"""Definitions of custom resources: names, versions, columns, subresources, conversion, and what may change.

Upstream: ``pkg/apis/apiextensions/validation/validation.go`` of apiextensions-apiserver. Its internal type keeps what all
versions share (schema, subresources, columns, selectable fields) above the versions, so with one version the paths of
problems begin with ``spec.validation`` and not with ``spec.versions[0].schema``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..conditions import is_true
from ..errors import Cause
from ..types import Obj
from .causes import duplicate, forbidden, invalid, not_supported, required, too_many
from .definition_paths import UnknownPathError, schema_at
from .definition_schemas import schema_causes
from .internal_definitions import internal_versions
from .metadata import immutable, metadata, metadata_update
from .names import dns_1035_label, dns_subdomain

APPROVAL = "api-approved.kubernetes.io"
_SEE = "see https://github.com/kubernetes/enhancements/pull/1111"
_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_MOST_SELECTABLE_FIELDS = 8
_LONGEST_WARNING = 256
#: What versions may share: the key of a version and that of the internal specification.
_SHARED = (
    ("schema", "validation"),
    ("subresources", "subresources"),
    ("additionalPrinterColumns", "additionalPrinterColumns"),
    ("selectableFields", "selectableFields"),
)


def definition(obj: Obj) -> Iterator[Cause]:
    meta, spec = obj.get("metadata") or {}, obj.get("spec") or {}
    yield from metadata(meta)
    names = spec.get("names") or {}
    if meta.get("name") != f"{names.get('plural', '')}.{spec.get('group', '')}":
        yield invalid("metadata.name", meta.get("name"), 'must be spec.names.plural+"."+spec.group')
    yield from _spec(spec)
    if not any(version.get("storage") for version in spec.get("versions") or ()):
        yield invalid("status.storedVersions", None, "must have at least one stored version")
    yield from _approval(obj, None)
    yield from _preserved(spec)


def definition_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    yield from _spec(spec)
    if is_true(old, "Established"):
        yield from immutable(spec.get("scope"), before.get("scope"), "spec.scope")
        yield from _same_name(spec, before, "kind")
    yield from immutable(spec.get("group"), before.get("group"), "spec.group")
    yield from _same_name(spec, before, "plural")
    yield from _stored_versions(spec, (new.get("status") or {}).get("storedVersions") or [])
    yield from _approval(new, old)
    yield from _preserved(spec)


def _same_name(spec: Obj, before: Obj, key: str) -> Iterator[Cause]:
    names, old = spec.get("names") or {}, before.get("names") or {}
    yield from immutable(names.get(key), old.get(key), f"spec.names.{key}")


def _spec(spec: Obj) -> Iterator[Cause]:
    group, versions = spec.get("group", ""), spec.get("versions") or []
    if not group:
        yield required("spec.group")
    elif problems := dns_subdomain(group):
        yield invalid("spec.group", group, ",".join(problems))
    elif "." not in group:
        yield invalid("spec.group", group, "should be a domain with at least one dot")
    yield from _choice("spec.scope", spec.get("scope", ""), ("Cluster", "Namespaced"))
    shared, own = shared_and_own(versions)
    if "validation" not in shared or not (shared["validation"] or {}).get("openAPIV3Schema"):
        for index, version in enumerate(versions):
            if (version.get("schema") or {}).get("openAPIV3Schema") is None:
                yield required(f"spec.versions[{index}].schema.openAPIV3Schema", "schemas are required")
    for index, version in enumerate(own):
        if problems := dns_1035_label(version.get("name", "")):
            yield invalid(f"spec.versions[{index}].name", version.get("name", ""), ",".join(problems))
        yield from _version(version, shared, f"spec.versions[{index}]")
    yield from _versions_together(own)
    yield from _names(spec.get("names") or {})
    yield from _parts(shared, "spec", "validation", shared.get("subresources"))
    yield from _conversion(spec.get("conversion") or {})


def shared_and_own(versions: list[Obj]) -> tuple[Obj, list[Obj]]:
    """What all versions have in common, under its internal name; and the versions without that."""
    if not versions:
        return {}, []
    shared = {
        internal: versions[0].get(key)
        for key, internal in _SHARED
        if all(_same(v.get(key), versions[0].get(key)) for v in versions)
    }
    gone = {key for key, internal in _SHARED if internal in shared}
    return shared, [{k: v for k, v in version.items() if k not in gone} for version in versions]


def _same(a: Any, b: Any) -> bool:
    return (a or None) == (b or None) and json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


def _choice(path: str, value: str, choices: tuple[str, ...]) -> Iterator[Cause]:
    if not value:
        yield required(path)
    elif value not in choices:
        yield not_supported(path, value, choices)


def _versions_together(versions: list[Obj]) -> Iterator[Cause]:
    names = [version.get("name", "") for version in versions]
    if len(set(names)) < len(names):
        yield invalid("spec.versions", internal_versions(versions) or None, "must contain unique version names")
    if sum(bool(version.get("storage")) for version in versions) != 1:
        why = "must have exactly one version marked as storage version"
        yield invalid("spec.versions", internal_versions(versions) or None, why)
    if versions and (problems := dns_1035_label(names[0])):
        yield invalid("spec.version", names[0], ",".join(problems))


def _version(version: Obj, shared: Obj, path: str) -> Iterator[Cause]:
    warning = version.get("deprecationWarning")
    for problem in _warning_problems(bool(version.get("deprecated")), warning):
        yield invalid(f"{path}.deprecationWarning", warning, problem)
    subresources = shared["subresources"] if "subresources" in shared else version.get("subresources")
    yield from _parts(version, path, "schema", subresources)


def _warning_problems(deprecated: bool, warning: str | None) -> Iterator[str]:
    if warning is None:
        return
    if not deprecated:
        yield "can only be set for deprecated versions"
        return
    if len(warning.encode()) > _LONGEST_WARNING:
        yield f"must be <= {_LONGEST_WARNING} characters long"
    if not warning:
        yield "must not be an empty string"
    at = next((i for i, c in enumerate(warning) if not c.isprintable()), None)
    if at is not None:
        found = f"non-printable character found at index {len(warning[:at].encode())}"
        yield f"must only contain printable UTF-8 characters; {found}"


def _parts(holder: Obj, path: str, schema_key: str, subresources: Any) -> Iterator[Cause]:
    """What a version may say itself or share with the others: ``holder`` is the version or the specification."""
    schema = (holder.get(schema_key) or {}).get("openAPIV3Schema")
    if schema is not None:
        has_status = (subresources or {}).get("status") is not None
        yield from schema_causes(schema, f"{path}.{schema_key}.openAPIV3Schema", has_status=has_status)
    yield from _scale((holder.get("subresources") or {}).get("scale"), f"{path}.subresources")
    for index, column in enumerate(holder.get("additionalPrinterColumns") or ()):
        yield from _column(column, f"{path}.additionalPrinterColumns[{index}]")
    yield from _selectable(holder.get("selectableFields") or [], schema, f"{path}.selectableFields")


def _scale(scale: Any, path: str) -> Iterator[Cause]:
    if scale is None:
        return
    for key, start in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        place, value = f"{path}.scale.{key}", scale.get(key) or ""
        if not value:
            yield required(place)
        elif value[0] != ".":
            yield invalid(place, value, "must be a simple json path starting with .")
        elif not value.startswith(start):
            yield invalid(place, value, f"should be a json path under {start[:-1]}")
    place, value = f"{path}.scale.labelSelectorPath", scale.get("labelSelectorPath") or ""
    if value and value[0] != ".":
        yield invalid(place, value, "must be a simple json path starting with .")
    elif value and not value.startswith((".spec.", ".status.")):
        yield invalid(place, value, "should be a json path under either .spec or .status")


def _column(column: Obj, path: str) -> Iterator[Cause]:
    kind, form, json_path = column.get("type", ""), column.get("format", ""), column.get("jsonPath", "")
    if not column.get("name"):
        yield required(f"{path}.name")
    if not kind:
        yield required(f"{path}.type", f"must be one of {','.join(_COLUMN_TYPES)}")
    elif kind not in _COLUMN_TYPES:
        yield invalid(f"{path}.type", kind, f"must be one of {','.join(_COLUMN_TYPES)}")
    if form and form not in _COLUMN_FORMATS:
        yield invalid(f"{path}.format", form, f"must be one of {','.join(_COLUMN_FORMATS)}")
    if not json_path:
        yield required(f"{path}.JSONPath")
    elif json_path[0] != ".":
        yield invalid(f"{path}.JSONPath", json_path, "must be a simple json path starting with .")


def _selectable(fields: list[Obj], schema: Any, path: str) -> Iterator[Cause]:
    if fields and schema is None:
        yield invalid(path, "", "may only be set when validations.schema is included")
        return
    seen: set[str] = set()
    for index, selectable in enumerate(fields):
        place, json_path = f"{path}[{index}].jsonPath", selectable.get("jsonPath") or ""
        if not json_path:
            yield required(place)
            continue
        try:
            normal, found = schema_at(json_path, schema or {}, with_lists=False)
        except UnknownPathError as wrong:
            yield invalid(place, json_path, f"is an invalid path: {wrong}")
            continue
        if normal.split(".")[0] == "metadata":
            yield invalid(place, json_path, "must not point to fields in metadata")
        if found.get("type") not in ("string", "boolean", "integer"):
            types = "must point to a field of type string, boolean or integer. "
            yield invalid(place, json_path, types + "Enum string fields and strings with formats are allowed.")
        if normal in seen:
            yield duplicate(place, json_path)
        seen.add(normal)
    if len(seen) > _MOST_SELECTABLE_FIELDS:
        yield too_many(path, len(seen), _MOST_SELECTABLE_FIELDS)


def _names(names: Obj) -> Iterator[Cause]:
    for key in ("plural", "singular", "kind", "listKind"):
        if not names.get(key):
            yield required(f"spec.names.{key}")
    for key in ("plural", "singular"):
        if names.get(key) and (problems := dns_1035_label(names[key])):
            yield invalid(f"spec.names.{key}", names[key], ",".join(problems))
    for key in ("kind", "listKind"):
        if names.get(key) and (problems := dns_1035_label(names[key].lower())):
            why = "may have mixed case, but should otherwise match: "
            yield invalid(f"spec.names.{key}", names[key], why + ",".join(problems))
    yield from _labels(names, "shortNames")
    if names.get("kind") and names["kind"] == names.get("listKind"):
        yield invalid("spec.names.listKind", names["listKind"], "kind and listKind may not be the same")
    yield from _labels(names, "categories")


def _labels(names: Obj, key: str) -> Iterator[Cause]:
    for index, value in enumerate(names.get(key) or ()):
        if problems := dns_1035_label(value):
            yield invalid(f"spec.names.{key}[{index}]", value, ",".join(problems))


def _conversion(conversion: Obj) -> Iterator[Cause]:
    strategy, webhook = conversion.get("strategy", ""), conversion.get("webhook") or {}
    path = "spec.conversion"
    yield from _choice(f"{path}.strategy", strategy, ("None", "Webhook"))
    client, reviews = webhook.get("clientConfig"), webhook.get("conversionReviewVersions") or []
    if strategy == "Webhook":
        yield from _webhook(client, f"{path}.webhookClientConfig")
        yield from _review_versions(reviews, f"{path}.conversionReviewVersions")
        return
    why = "should not be set when strategy is not set to Webhook"
    if client is not None:
        yield forbidden(f"{path}.webhookClientConfig", why)
    if reviews:
        yield forbidden(f"{path}.conversionReviewVersions", why)


def _webhook(client: Any, path: str) -> Iterator[Cause]:
    if client is None:
        yield required(path, "required when strategy is set to Webhook")
        return
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        yield required(path, "exactly one of url or service is required")
    elif url is not None:
        yield from _url(url, f"{path}.url")
    else:
        yield from _service(service, f"{path}.service")


def _url(url: str, path: str) -> Iterator[Cause]:
    form = "; desired format: https://host[/path]"
    parts = urlsplit(url)
    if parts.scheme != "https":
        yield invalid(path, parts.scheme, f"'https' is the only allowed URL scheme{form}")
    if not parts.netloc:
        yield invalid(path, parts.netloc, f"host must be specified{form}")
    if parts.username is not None:
        yield invalid(path, parts.username, f"user information is not permitted in the URL{form}")
    if parts.fragment:
        yield invalid(path, parts.fragment, "fragments are not permitted in the URL")
    if parts.query:
        yield invalid(path, parts.query, "query parameters are not permitted in the URL")


def _service(service: Obj, path: str) -> Iterator[Cause]:
    if not service.get("name"):
        yield required(f"{path}.name", "service name is required")
    if not service.get("namespace"):
        yield required(f"{path}.namespace", "service namespace is required")
    port = service.get("port", 443)
    if not 1 <= port <= 65535:
        yield invalid(f"{path}.port", port, "port is not valid: must be between 1 and 65535, inclusive")
    inside = service.get("path")
    if not inside or inside == "/":
        return
    if not inside.startswith("/"):
        yield invalid(f"{path}.path", inside, "must start with a '/'")
    steps = inside.removesuffix("/").split("/")[1:]
    for index, step in enumerate(steps):
        if not step:
            yield invalid(f"{path}.path", inside, f"segment[{index}] may not be empty")
        elif problems := dns_subdomain(step):
            yield invalid(f"{path}.path", inside, f"segment[{index}]: {', '.join(problems)}")


def _review_versions(versions: list[str], path: str) -> Iterator[Cause]:
    if not versions:
        yield required(path)
        return
    for index, version in enumerate(versions):
        if version in versions[:index]:
            yield invalid(f"{path}[{index}]", version, "duplicate version")
            continue
        for problem in dns_1035_label(version):
            yield invalid(f"{path}[{index}]", version, problem)
    if not {"v1", "v1beta1"} & set(versions):
        yield invalid(path, versions, "must include at least one of v1, v1beta1")


def _stored_versions(spec: Obj, stored: list[str]) -> Iterator[Cause]:
    path, versions = "status.storedVersions", spec.get("versions") or []
    names = {version.get("name") for version in versions}
    for version in versions:
        if version.get("storage") and version.get("name") not in stored:
            yield invalid(path, stored, f"must have the storage version {version.get('name')}")
    for index, name in enumerate(stored):
        if name not in names:
            why = (
                f"missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until "
                f"a storage migration ensures no data remains persisted in {name} and removes {name} from "
                "status.storedVersions"
            )
            yield invalid(f"{path}[{index}]", name, why)


def is_protected(group: str) -> bool:
    """Whether a group belongs to the Kubernetes community (``IsProtectedCommunityGroup``)."""
    return group in ("k8s.io", "kubernetes.io") or group.endswith((".k8s.io", ".kubernetes.io"))


def approval(annotations: Mapping[str, str] | None) -> tuple[str, str]:
    """The state of a protected group's approval (Missing, Bypassed, Approved, Invalid), and a sentence on it."""
    said = (annotations or {}).get(APPROVAL, "")
    if not said:
        return "Missing", f'protected groups must have approval annotation "{APPROVAL}", {_SEE}'
    if said.startswith("unapproved"):
        return "Bypassed", f'not approved: "{said}"'
    parts = urlsplit(said)
    if parts.scheme and parts.netloc:
        return "Approved", f"approved in {said}"
    wanted = 'with either a URL or a reason starting with "unapproved"'
    return "Invalid", f'protected groups must have approval annotation "{APPROVAL}" {wanted}, {_SEE}'


def _approval(new: Obj, old: Obj | None) -> Iterator[Cause]:
    if not is_protected((new.get("spec") or {}).get("group", "")):
        return
    annotations = new["metadata"].get("annotations") or {}
    state, why = approval(annotations)
    if old is not None and approval(old["metadata"].get("annotations"))[0] == state:
        return
    path = f"metadata.annotations[{APPROVAL}]"
    if state == "Missing":
        yield required(path, why)
    elif state == "Invalid":
        yield invalid(path, annotations[APPROVAL], why)


def _preserved(spec: Obj) -> Iterator[Cause]:
    if spec.get("preserveUnknownFields"):
        why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        yield invalid("spec.preserveUnknownFields", True, why)
