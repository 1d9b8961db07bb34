"""Requests that the API passes on to a port of a pod, or of a pod behind a service: the subresource ``proxy``.

Only real pods answer; the words for all others are those of the machine. Nodes have no such port here. Upstream:
``registry/core/service/storage/storage.go`` and ``pod/strategy.go`` (``ResourceLocation``), ``apimachinery/pkg/util/proxy``.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterator
from dataclasses import dataclass
from functools import partial

import httpcore

from wavetank.kube.errors import ApiError, bad_request
from wavetank.kube.types import Obj, Resource

from ..edge import Edge
from ..exchange import Answer, Exchange
from .dialled import DialledBackend

_UNAVAILABLE = "ServiceUnavailable"
#: Headers of one hop, and those that are for the API alone (RFC 9110, section 7.6.1).
_HOP = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


@dataclass(frozen=True)
class Place:
    """A port of a pod."""

    namespace: str
    pod: str
    port: int


async def answer(edge: Edge, exchange: Exchange, resource: Resource) -> Answer:
    """The pod's answer as it is; ApiError 503 when nothing takes the connection."""
    edge.pacer.freshen()
    place = _place(edge, exchange, resource)
    pod = edge.cluster.get("pods", place.namespace, place.pod)
    refusal = edge.streams.refusal(place.namespace, place.pod, pod["spec"]["containers"][0]["name"])
    if refusal is not None:
        raise refusal
    body = await exchange.body()
    backend = DialledBackend(partial(edge.streams.dial, place.namespace, place.pod))
    try:
        async with httpcore.AsyncConnectionPool(network_backend=backend) as pool:
            request = httpcore.Request(exchange.method, _url(exchange, place), headers=_headers(exchange), content=body)
            response = await pool.handle_async_request(request)
            return _answer_of(response.status, response.headers, await _whole(response.aiter_stream()))
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        ip = pod.get("status", {}).get("podIP", "")
        why = f"dial tcp {ip}:{place.port}: connect: connection refused" if _is_refused(error) else str(error) or "EOF"
        raise ApiError(503, _UNAVAILABLE, f"error trying to reach service: {why}") from error


def _is_refused(error: Exception) -> bool:
    return isinstance(error, httpcore.ConnectError)


def _url(exchange: Exchange, place: Place) -> httpcore.URL:
    _, _, path = exchange.path.partition("/proxy")
    query = exchange.scope["query_string"]
    target = (path or "/").encode() + (b"?" + query if query else b"")
    return httpcore.URL(scheme=b"http", host=b"pod", port=place.port, target=target)


def _headers(exchange: Exchange) -> list[tuple[bytes, bytes]]:
    kept = [(k.encode("latin-1"), v.encode("latin-1", "replace")) for k, v in exchange.headers if k.lower() not in _HOP]
    forwarded = [(b"X-Forwarded-Uri", exchange.path.encode()), (b"X-Forwarded-Proto", b"https")]
    host = exchange.header("host").encode()
    return [(b"Host", host), *kept, (b"X-Forwarded-Host", host), *forwarded]


async def _whole(chunks: AsyncIterable[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


def _answer_of(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> Answer:
    told = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in headers]
    media_type = next((value for key, value in told if key.lower() == "content-type"), "application/octet-stream")
    kept = tuple((k, v) for k, v in told if k.lower() not in _HOP and k.lower() != "content-type")
    return Answer(body, status, media_type, kept)


# Where --------------------------------------------------------------------------------------------------------------


def _place(edge: Edge, exchange: Exchange, resource: Resource) -> Place:
    namespace = exchange.target.namespace
    scheme, name, port = _address(exchange.target.name)
    if scheme not in ("", "http"):
        raise ApiError(503, _UNAVAILABLE, "error trying to reach service: only http reaches pods of this computer")
    match resource.key:
        case "pods":
            return _of_pod(edge.cluster.get("pods", namespace, name), port)
        case "services":
            return _of_service(edge, edge.cluster.get("services", namespace, name), port)
        case _:
            raise ApiError(501, "NotImplemented", "this cluster does not offer proxy to nodes: they have no such port")


def _address(text: str) -> tuple[str, str, str]:
    """[SCHEME:]NAME[:PORT], as ``net.SplitSchemeNamePort`` reads it."""
    parts = text.split(":")
    match parts:
        case [name]:
            return "", name, ""
        case [name, port]:
            return "", name, port
        case [scheme, name, port] if scheme in ("http", "https", ""):
            return scheme, name, port
        case _:
            raise bad_request(f'invalid service request "{text}"')


def _of_pod(pod: Obj, port: str) -> Place:
    metadata = pod["metadata"]
    ports = [each["containerPort"] for c in pod["spec"]["containers"] for each in c.get("ports") or ()]
    number = int(port) if port.isdigit() else next(iter(ports), 80)
    return Place(metadata["namespace"], metadata["name"], number)


def _of_service(edge: Edge, service: Obj, port: str) -> Place:
    """The first ready pod behind a service; upstream takes one at random."""
    namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
    wanted = _port_name(service, port)
    for slice_ in edge.cluster.list("endpointslices.discovery.k8s.io", namespace):
        if (slice_["metadata"].get("labels") or {}).get("kubernetes.io/service-name") != name:
            continue
        number = next((p["port"] for p in slice_.get("ports") or () if (p.get("name") or "") == wanted), None)
        pod = next(_ready_pods(slice_), None)
        if number is not None and pod is not None:
            return Place(namespace, pod, number)
    raise ApiError(503, _UNAVAILABLE, f'no endpoints available for service "{name}"')


def _port_name(service: Obj, port: str) -> str:
    """The name of a port of a service, by name or by number; "" is the one without a name."""
    if not port.isdigit():
        return port
    for each in service["spec"].get("ports") or ():
        if each["port"] == int(port):
            return str(each.get("name") or "")
    raise ApiError(503, _UNAVAILABLE, f'no service port {port} found for service "{service["metadata"]["name"]}"')


def _ready_pods(slice_: Obj) -> Iterator[str]:
    for endpoint in slice_.get("endpoints") or ():
        reference = endpoint.get("targetRef") or {}
        if (endpoint.get("conditions") or {}).get("ready") is not False and reference.get("kind") == "Pod":
            yield str(reference["name"])
