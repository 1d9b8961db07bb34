"""What objects of each kind may look like: reading bodies, defaults, validation, for built-in and custom kinds alike.

The pipeline asks here and nowhere else; the algorithms are those of ``wavetank.kube``. Holds no objects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from wavetank.kube import decoding, defaults, structural
from wavetank.kube.errors import ApiError, Cause, bad_request, invalid
from wavetank.kube.schema import META, Node, Schemas, node_of_json_schema
from wavetank.kube.types import Obj, Resource
from wavetank.kube.validation import validate_create, validate_update
from wavetank.kube.validation.ephemeral import ephemeral_containers_update

from .calls import Call

#: The minor whose kinds ``kube.kinds`` lists.
NEWEST = "1.36"


class Meanings:
    """The schemas of one Kubernetes minor, and those of the custom kinds that definitions have added."""

    def __init__(self, minor: str) -> None:
        self.schemas = Schemas.for_version(minor)
        self._custom: dict[tuple[str, str], Node] = {}

    def served(self, resources: Iterable[Resource]) -> tuple[Resource, ...]:
        """Those that this minor has: a kind that the newest defines and this one does not came later."""
        newest = Schemas.for_version(NEWEST)

        def came_later(resource: Resource) -> bool:
            kind = (resource.group, resource.version, resource.kind)
            return newest.has(*kind) and not self.schemas.has(*kind)

        return tuple(resource for resource in resources if not came_later(resource))

    def learn(self, key: str, version: str, schema: Obj) -> None:
        """Know a custom kind's version by its structural schema."""
        metadata = self.schemas.defined(META + "ObjectMeta")
        self._custom[key, version] = node_of_json_schema(schema, metadata)

    def forget(self, key: str) -> None:
        self._custom = {k: node for k, node in self._custom.items() if k[0] != key}

    def custom_node(self, resource: Resource) -> Node | None:
        return self._custom.get((resource.key, resource.version))

    def node(self, resource: Resource) -> Node | None:
        """The structure of a kind; None when it has none to speak of."""
        return self.custom_node(resource) or self.schemas.node(resource.group, resource.version, resource.kind)

    # --- reading bodies ----------------------------------------------------------------------------------------

    def read(self, body: Obj, resource: Resource, call: Call) -> Obj:
        """A body as the server understands it, or ApiError 400; unknown fields are refused, warned of or dropped."""
        check_kind(body, resource)
        return self.read_as(body, resource, self.node(resource), call, _cannot_be_handled)

    def read_as(
        self,
        body: Obj,
        resource: Resource,
        node: Node | None,
        call: Call,
        refusal: Callable[[Resource, str], ApiError],
    ) -> Obj:
        """As ``read``, with the refusal that a patch, say, makes of the same mistakes."""
        if node is None:
            return body
        result = decoding.decoded(body, node)
        if result.error:
            raise _cannot_be_handled(resource, result.error)
        if result.unknown_fields and call.field_validation == "Strict":
            raise refusal(resource, result.strict_error)
        if call.field_validation == "Warn":
            for warning in result.warnings:
                call.warn(warning)
        return {**result.value, "apiVersion": resource.api_version, "kind": resource.kind}

    def read_action(self, body: Obj, kind: tuple[str, str, str]) -> Obj:
        """The body of an action or of a subresource (Scale, Eviction, DeleteOptions ...) by group, version and kind."""
        group, version, name = kind
        node = self.schemas.node(group, version, name)
        assert node is not None, f"{name} is not in the definitions"
        result = decoding.decoded(body, node)
        if result.error:
            raise bad_request(f'{name} in version "{version}" cannot be handled as a {name}: {result.error}')
        return result.value

    # --- defaults and validation -------------------------------------------------------------------------------

    def defaulted(self, obj: Obj, resource: Resource) -> Obj:
        """``obj`` with every default that the server fills in."""
        node = self.custom_node(resource)
        if node is not None:
            return dict(structural.defaulted(obj, node))
        return defaults.defaulted(obj, resource)

    def as_read(self, obj: Obj, resource: Resource) -> Obj:
        """A stored custom object as its schema shows it now: without unknown fields, with defaults."""
        node = self.custom_node(resource)
        if node is None:
            return obj
        pruned = {**decoding.decoded(obj, node).value, "metadata": obj["metadata"]}
        return dict(structural.defaulted(pruned, node))

    def causes_of_creation(self, obj: Obj, resource: Resource, also: Callable[[], list[Cause]] = list) -> list[Cause]:
        """``also`` finds what is wrong with a custom object beside its schema."""
        node = self.custom_node(resource)
        by_schema = structural.violations(obj, node, also=also) if node is not None else []
        return [*validate_create(obj, resource), *by_schema]

    def causes_of_update(
        self,
        obj: Obj,
        old: Obj,
        resource: Resource,
        subresource: str = "",
        also: Callable[[], list[Cause]] = list,
        warn: Callable[[str], None] = lambda _: None,
    ) -> list[Cause]:
        node = self.custom_node(resource)
        by_schema = structural.violations(obj, node, old, also=also, warn=warn) if node is not None else []
        if subresource == "ephemeralcontainers":
            return ephemeral_containers_update(obj, old)
        # The rules of updates are those of the object itself; its subresources may change what they forbid.
        return by_schema if subresource else [*validate_update(obj, old, resource), *by_schema]


_VERSION = re.compile(r"^v[0-9]")


def check_kind(body: Obj, resource: Resource) -> None:
    """ApiError 400 when a body says that it is something else than its URL."""
    kind, api_version = body.get("kind"), body.get("apiVersion")
    if not kind and not api_version:
        return
    if kind == resource.kind and api_version == resource.api_version:
        return
    version = str(api_version or "").rpartition("/")[2]
    group = resource.group.split(".")[0] or "core"
    raise bad_request(
        f'{kind} in version "{version}" cannot be handled as a {resource.kind}: '
        f"converting ({version}.{kind}) to ({group}.{resource.kind}): unknown conversion"
    )


def _cannot_be_handled(resource: Resource, why: str) -> ApiError:
    return bad_request(f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {why}')


def check(resource: Resource, name: str, causes: list[Cause]) -> None:
    """ApiError 422 with all causes, if there are any."""
    if causes:
        raise invalid(resource.group, resource.kind, name, causes)
