"""Subresources that are actions or have a shape of their own: binding, eviction, token, scale, log; and those not offered."""

from __future__ import annotations

from collections.abc import AsyncIterator

from wavetank.kube.errors import Cause, bad_request, invalid
from wavetank.kube.types import Obj, Resource
from wavetank.twin.cluster import patching
from wavetank.twin.cluster.ports import LogQuery
from wavetank.twin.cluster.scale import KIND as SCALE

from ..edge import Edge, method_not_allowed
from ..exchange import Answer, Exchange, Stream, answer_of, text_answer
from .writing import success


async def create(edge: Edge, exchange: Exchange, resource: Resource) -> Answer:
    target = exchange.target
    kind = dict(resource.subresources)[target.subresource]
    body = edge.cluster.meanings.read_action(await exchange.object(kind[2]), kind)
    edge.pacer.freshen()
    match target.subresource:
        case "binding":
            return _bind(edge, exchange, body)
        case "eviction":
            return _evict(edge, exchange, body)
        case "token":
            answer = edge.cluster.issue_token(target.namespace, target.name, body)
            return answer_of(answer, exchange.accepted(tables=False), 201)
        case _:
            raise method_not_allowed()


def _bind(edge: Edge, exchange: Exchange, body: Obj) -> Answer:
    target, node = exchange.target, (body.get("target") or {}).get("name", "")
    if not node:
        raise bad_request("a binding needs the name of a node in target.name")
    uid = (body.get("metadata") or {}).get("uid", "")
    edge.cluster.bind(target.namespace, target.name, node, uid=uid, call=exchange.call())
    return answer_of(success(), exchange.accepted(tables=False), 201)


def _evict(edge: Edge, exchange: Exchange, body: Obj) -> Answer:
    target, options = exchange.target, body.get("deleteOptions") or {}
    metadata = body.get("metadata") or {}
    if metadata.get("name") and metadata["name"] != target.name:
        raise bad_request("name in URL does not match name in Eviction object")
    call = exchange.call()
    if "All" in (options.get("dryRun") or ()):
        call = type(call)(call.user, call.manager, True, call.field_validation, True, call.warnings)
    edge.cluster.evict(
        target.namespace,
        target.name,
        grace_seconds=options.get("gracePeriodSeconds"),
        uid=(options.get("preconditions") or {}).get("uid") or "",
        call=call,
    )
    return answer_of(success(), exchange.accepted(tables=False), 201)


async def update_scale(edge: Edge, exchange: Exchange, resource: Resource) -> Answer:
    target = exchange.target
    body = edge.cluster.meanings.read_action(await exchange.object("Scale"), SCALE)
    edge.pacer.freshen()
    version = (body.get("metadata") or {}).get("resourceVersion", "")
    replicas = patching.replicas_of(body)
    namespace, name = target.namespace, target.name
    scaled = edge.cluster.set_replicas(resource.key, namespace, name, replicas, version=version, call=exchange.call())
    return answer_of(scaled, exchange.accepted(tables=False))


# Logs --------------------------------------------------------------------------------------------------------------


async def log(edge: Edge, exchange: Exchange) -> Answer | Stream:
    """``kubectl logs``: refusals come before the first byte, as a Status."""
    target = exchange.target
    pod = edge.cluster.get("pods", target.namespace, target.name)
    container = container_of(pod, exchange.query.get("container", ""))
    _check_log_options(exchange)
    if not pod["spec"].get("nodeName"):
        return text_answer("")
    query = LogQuery(
        container=container,
        previous=exchange.flag("previous"),
        follow=exchange.flag("follow"),
        timestamps=exchange.flag("timestamps"),
        tail_lines=exchange.number("tailLines"),
        since_seconds=exchange.number("sinceSeconds"),
        limit_bytes=exchange.number("limitBytes"),
    )
    chunks = edge.logs.read(target.namespace, target.name, query)
    first = await _first(chunks)
    return Stream(_rest(first, chunks), "text/plain")


def _check_log_options(exchange: Exchange) -> None:
    """ApiError 422 for numbers that mean nothing (``ValidatePodLogOptions``)."""
    causes = []
    for name, least, words in (
        ("tailLines", 0, "must be greater than or equal to 0"),
        ("limitBytes", 1, "must be greater than 0"),
        ("sinceSeconds", 1, "must be greater than 0"),
    ):
        value = exchange.number(name)
        if value is not None and value < least:
            causes.append(Cause("FieldValueInvalid", f"Invalid value: {value}: {words}", name))
    if causes:
        raise invalid("", "PodLogOptions", exchange.target.name, causes)


def container_of(pod: Obj, asked: str) -> str:
    """The container that is asked for; ApiError 400 when that is not clear (``pod/strategy.go``, ``LogLocation``)."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    names = [c["name"] for c in spec.get("containers") or ()]
    init = [c["name"] for c in spec.get("initContainers") or ()]
    if not asked and len(names) == 1:
        return str(names[0])
    if not asked:
        text = f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]"
        if init:
            text += f" or one of the init containers: [{' '.join(init)}]"
        raise bad_request(text)
    if asked not in (*names, *init, *(c["name"] for c in spec.get("ephemeralContainers") or ())):
        raise bad_request(f"container {asked} is not valid for pod {name}")
    return asked


async def _first(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)


async def _rest(first: bytes | None, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first is None:
        return
    yield first
    async for chunk in chunks:
        yield chunk
