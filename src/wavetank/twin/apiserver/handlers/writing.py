"""POST, PUT, PATCH and DELETE of objects."""

from __future__ import annotations

from typing import Any

from wavetank.kube.errors import ApiError, Cause, bad_request, invalid
from wavetank.kube.types import Obj, Resource
from wavetank.twin.cluster import patching, reviews, views
from wavetank.twin.cluster.registry import is_stored

from ..content import body_value, patch_value, yaml_value
from ..edge import Edge
from ..exchange import Answer, Exchange, answer_of
from .reading import matcher, shaped

_OPTIONS = ("", "v1", "DeleteOptions")
#: Kinds that a PUT creates when they do not exist (``AllowCreateOnUpdate`` of their strategies).
_CREATED_BY_UPDATE = frozenset(
    {
        "services",
        "endpoints",
        "events",
        "limitranges",
        "leases.coordination.k8s.io",
        "roles.rbac.authorization.k8s.io",
        "rolebindings.rbac.authorization.k8s.io",
        "clusterroles.rbac.authorization.k8s.io",
        "clusterrolebindings.rbac.authorization.k8s.io",
    }
)
#: Kinds whose deletion answers with the object as it was (``ReturnDeletedObject`` of their stores), others with a Status.
_TELL_WHAT_WENT = frozenset(
    {
        "pods",
        "podtemplates",
        "services",
        "serviceaccounts",
        "resourcequotas",
        "persistentvolumes",
        "persistentvolumeclaims",
        "storageclasses.storage.k8s.io",
        "csidrivers.storage.k8s.io",
        "csinodes.storage.k8s.io",
        "volumeattachments.storage.k8s.io",
        "volumeattributesclasses.storage.k8s.io",
        "deviceclasses.resource.k8s.io",
        "resourceclaims.resource.k8s.io",
        "resourceclaimtemplates.resource.k8s.io",
        "resourceslices.resource.k8s.io",
    }
)


def _placed(obj: Obj, exchange: Exchange, resource: Resource) -> Obj:
    """``obj`` in the namespace of the URL; ApiError 400 when it says that it is in another one."""
    metadata = obj.get("metadata")
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, dict):
        return obj  # reading it against the schema says what is wrong
    if not resource.namespaced:
        return {**obj, "metadata": metadata}
    namespace = exchange.target.namespace
    if not namespace:
        raise bad_request("an empty namespace may not be set during creation")
    patching.check_namespace(metadata, namespace)
    return {**obj, "metadata": {**metadata, "namespace": namespace}}


def _with_kind(obj: Obj, resource: Resource) -> Obj:
    return {
        **obj,
        "apiVersion": obj.get("apiVersion") or resource.api_version,
        "kind": obj.get("kind") or resource.kind,
    }


async def create(edge: Edge, exchange: Exchange, resource: Resource) -> Answer:
    body = await exchange.object(resource.kind)
    if not is_stored(resource):
        return _answer_review(edge, exchange, resource, body)
    obj = _placed(_with_kind(body, resource), exchange, resource)
    edge.pacer.freshen()
    created = edge.cluster.create(obj, call=exchange.call(), resource=resource)
    return shaped(edge, exchange, resource, created, exchange.accepted(), 201)


def _answer_review(edge: Edge, exchange: Exchange, resource: Resource, body: Obj) -> Answer:
    namespace, wanted = exchange.target.namespace, exchange.accepted(tables=False)
    if resource.key == "bindings":
        binding = edge.cluster.meanings.read_action(body, ("", "v1", "Binding"))
        node = (binding.get("target") or {}).get("name", "")
        edge.cluster.bind(namespace, (binding.get("metadata") or {}).get("name", ""), node, call=exchange.call())
        return answer_of(success(), wanted, 201)
    checked = edge.cluster.meanings.read(_with_kind(body, resource), resource, exchange.call())
    answered = reviews.answered(edge.cluster, resource, namespace, checked, exchange.user)
    return answer_of(answered, wanted, 201)


async def update(edge: Edge, exchange: Exchange, resource: Resource) -> Answer:
    target = exchange.target
    body = _with_kind(await exchange.object(resource.kind), resource)
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        namespace = target.namespace if resource.namespaced else ""
        patching.check_address(metadata, namespace, target.name)
        body = {**body, "metadata": {**metadata, "name": target.name} | ({"namespace": namespace} if namespace else {})}
    else:
        body = {
            **body,
            "metadata": {"name": target.name, **({"namespace": target.namespace} if resource.namespaced else {})},
        }
    edge.pacer.freshen()
    try:
        updated = edge.cluster.update(body, subresource=target.subresource, call=exchange.call(), resource=resource)
    except ApiError as error:
        if error.code != 404 or resource.key not in _CREATED_BY_UPDATE or target.subresource:
            raise
        created = edge.cluster.create(body, call=exchange.call(), resource=resource)
        return shaped(edge, exchange, resource, created, exchange.accepted(), 201)
    return shaped(edge, exchange, resource, updated, exchange.accepted())


async def patch(edge: Edge, exchange: Exchange, resource: Resource) -> Answer:
    target = exchange.target
    kind = patching.CONTENT_TYPES.get(exchange.header("content-type").split(";")[0].strip().lower())
    if kind is None:
        raise patching.unsupported()
    if kind == "strategic" and edge.cluster.registry.is_custom(resource):
        patching.check_supported(kind, resource, custom=True)
    raw = await exchange.body()
    body: Any = yaml_value(raw) if kind == "apply" else patch_value(raw)
    if kind == "apply" and not exchange.query.get("fieldManager"):
        raise bad_request(
            'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
        )
    edge.pacer.freshen()
    obj, is_new = edge.cluster.patch(
        resource,
        target.namespace if resource.namespaced else "",
        target.name,
        body,
        kind,
        subresource=target.subresource,
        force=exchange.flag("force"),
        call=exchange.call(),
    )
    if target.subresource == "scale":
        return answer_of(obj, exchange.accepted(tables=False))
    return shaped(edge, exchange, resource, obj, exchange.accepted(), 201 if is_new else 200)


# Deletion ----------------------------------------------------------------------------------------------------------


async def _options(edge: Edge, exchange: Exchange) -> Obj:
    """DeleteOptions from the body and the query; the query counts where the body is silent."""
    raw = await exchange.body()
    body = body_value(raw, exchange.header("content-type"), "DeleteOptions") if raw.strip() else {}
    if not isinstance(body, dict):
        raise bad_request("the object provided is unrecognized (must be of type DeleteOptions): it is no object")
    if body.get("kind") not in (None, "", "DeleteOptions"):
        version = body.get("apiVersion") or exchange.target.version
        raise bad_request(f'no kind "{body["kind"]}" is registered for version "{version}" in scheme "DeleteOptions"')
    options: Obj = edge.cluster.meanings.read_action(body, _OPTIONS)
    if exchange.number("gracePeriodSeconds") is not None:
        options.setdefault("gracePeriodSeconds", exchange.number("gracePeriodSeconds"))
    for key in ("propagationPolicy", "orphanDependents"):
        if key in exchange.query:
            options.setdefault(key, exchange.query[key] if key == "propagationPolicy" else exchange.flag(key))
    if exchange.is_dry_run:
        options["dryRun"] = ["All"]
    return options


def _propagation(options: Obj) -> str:
    policy = options.get("propagationPolicy")
    if policy not in (None, "", "Background", "Foreground", "Orphan"):
        raise ApiError(
            422,
            "Invalid",
            f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "{policy}": '
            'supported values: "Background", "Foreground", "Orphan"',
        )
    if options.get("orphanDependents") is not None and policy:
        text = f'Invalid value: "{policy}": orphanDependents and deletionPropagation cannot be both set'
        cause = Cause("FieldValueInvalid", text, "propagationPolicy")
        raise invalid("meta.k8s.io", "DeleteOptions", "", [cause])
    if options.get("orphanDependents") is not None and not policy:
        return "Orphan" if options["orphanDependents"] else "Background"
    return policy or "Background"


def _remove(edge: Edge, exchange: Exchange, resource: Resource, namespace: str, name: str, options: Obj) -> Obj:
    preconditions = options.get("preconditions") or {}
    call = exchange.call()
    if options.get("dryRun"):
        call = type(call)(call.user, call.manager, True, call.field_validation, True, call.warnings)
    return edge.cluster.delete(
        resource.key,
        namespace,
        name,
        grace_seconds=options.get("gracePeriodSeconds"),
        propagation=_propagation(options),
        uid=preconditions.get("uid") or "",
        resource_version=preconditions.get("resourceVersion") or "",
        call=call,
    )


async def delete(edge: Edge, exchange: Exchange, resource: Resource) -> Answer:
    target, options = exchange.target, await _options(edge, exchange)
    namespace = target.namespace if resource.namespaced else ""
    edge.pacer.freshen()
    last = _remove(edge, exchange, resource, namespace, target.name, options)
    remains = edge.cluster.find(resource.key, namespace, target.name) is not None
    if resource.key in _TELL_WHAT_WENT or resource.key == "namespaces" or (remains and not options.get("dryRun")):
        return shaped(edge, exchange, resource, last, exchange.accepted())
    details = {"name": target.name, "group": resource.group, "kind": resource.plural, "uid": last["metadata"]["uid"]}
    return answer_of(success(details), exchange.accepted(tables=False))


async def delete_collection(edge: Edge, exchange: Exchange, resource: Resource) -> Answer:
    options, matches = await _options(edge, exchange), matcher(edge, exchange, resource)
    edge.pacer.freshen()
    removed = []
    for obj in edge.cluster.list(resource.key):
        if matches(obj):
            metadata = obj["metadata"]
            last = _remove(edge, exchange, resource, metadata.get("namespace", ""), metadata["name"], options)
            removed.append(views.served(last, resource))
    answer = {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": {"resourceVersion": str(edge.cluster.store.revision)},
        "items": removed,
    }
    return answer_of(answer, exchange.accepted(tables=False))


def success(details: Obj | None = None) -> Obj:
    status: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    kept = {k: v for k, v in (details or {}).items() if v}
    return {**status, "details": kept} if kept else status
