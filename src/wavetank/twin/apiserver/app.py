"""From an HTTP request to its answer: who is it, may they, what do they want. The ASGI application.

Refusals become ``Status`` answers here, and so does a mistake of ours: it is logged, and the client gets a 500 without details.
"""

from __future__ import annotations

import base64
import contextlib
import logging
from collections.abc import Sequence
from typing import Any

from wavetank.kube.errors import ApiError, bad_request
from wavetank.kube.kinds import verbs_of_subresource
from wavetank.kube.types import Resource
from wavetank.twin.cluster import SubscriberFailedError
from wavetank.twin.cluster.authorization import Asked
from wavetank.twin.cluster.registry import is_stored, no_such_resource

from .edge import EXTERNAL_METRICS_GROUP, METRICS_GROUP, Edge, method_not_allowed
from .exchange import Answer, Exchange, Receive, Scope, Send, Sender, Stream, Upgrade, pretty, refusal
from .handlers import components, discovery, health, metrics, proxy, reading, subresources, watching, writing
from .handlers.documents import Documents
from .handlers.tank import Routes
from .identity import TokenAuthenticator, impersonated, refused, unauthorized, user_of_request
from .listener import CERTIFICATE
from .paths import target_of
from .streams import opening
from .streams.websocket import TOKEN_PREFIX, WebSocket

log = logging.getLogger(__name__)

_DEPRECATED = {
    "endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    "componentstatuses": "v1 ComponentStatus is deprecated in v1.19+",
}


class Application:
    """The ASGI callable. ``authenticators`` are asked in order for bearer tokens."""

    def __init__(self, edge: Edge, authenticators: Sequence[TokenAuthenticator]) -> None:
        self._edge = edge
        self._authenticators = tuple(authenticators)
        self._documents = Documents(edge)
        #: What is told of the twin itself; filled by who assembled it.
        self.routes = Routes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(Exchange({**scope, "method": "GET"}, receive), WebSocket(scope, receive, send))
            return
        assert scope["type"] == "http", f"nothing but HTTP is spoken here, not {scope['type']}"
        exchange = Exchange(scope, receive)
        sender = Sender(send, exchange.warnings)
        try:
            answer = await self._answer(exchange)
            if isinstance(answer, Stream):
                await exchange.drained()
                await sender.stream(answer, exchange.disconnected())
            elif isinstance(answer, Upgrade):
                sender.started = True
                await answer.serve()
            else:
                await sender.answer(pretty(answer, exchange), with_body=exchange.method != "HEAD")
        except Exception as error:
            if sender.started:
                log.exception("%s %s broke off", exchange.method, exchange.path)
                raise
            if isinstance(error, SubscriberFailedError):
                self._edge.pacer.fail(error)
            await sender.answer(_status_of(error, exchange))

    async def _websocket(self, exchange: Exchange, socket: WebSocket) -> None:
        try:
            _take_token(exchange, socket)
            self._admit(exchange)
            if not exchange.target.is_resource or not opening.is_stream(exchange):
                raise bad_request("this is not served on a WebSocket; only exec, attach and portforward are")
            self._edge.resource(exchange)
            serve = opening.over_websocket(self._edge, opening.request_of(self._edge, exchange), socket)
        except ApiError as error:
            await socket.refuse(refusal(error))
            return
        except Exception:
            log.exception("%s failed", exchange.path)
            await socket.refuse(refusal(_our_mistake()))
            return
        with contextlib.suppress(OSError):  # the client has gone
            await serve()

    def _admit(self, exchange: Exchange) -> None:
        self._identify(exchange)
        self._edge.pacer.freshen()
        self._parse(exchange)
        self._authorize(exchange)

    async def _answer(self, exchange: Exchange) -> Answer | Stream | Upgrade:
        self._admit(exchange)
        if exchange.target.is_resource:
            return await self._resource_answer(exchange)
        return await self.routes.answer(exchange) or self._other_answer(exchange)

    # --- who ---------------------------------------------------------------------------------------------------

    def _identify(self, exchange: Exchange) -> None:
        certificate: Any = exchange.scope.get(CERTIFICATE)
        user = user_of_request(certificate, exchange.header("authorization"), self._authenticators)
        if user is not None:
            exchange.user = impersonated(user, exchange.headers, self._edge.cluster)
        elif not discovery.is_public(exchange.path):
            raise unauthorized()

    def _parse(self, exchange: Exchange) -> None:
        query = exchange.query
        exchange.target = target_of(
            exchange.method,
            exchange.path,
            watch=exchange.flag("watch"),
            name_selector=_name_selector(query.get("fieldSelector", "")),
        )

    def _authorize(self, exchange: Exchange) -> None:
        target = exchange.target
        if discovery.is_public(exchange.path):
            return
        if not target.is_resource:
            asked = Asked(target.verb, path=exchange.path)
        else:
            asked = Asked(target.verb, target.group, target.plural, target.subresource, target.namespace, target.name)
        if not self._edge.cluster.authorizer.decide(exchange.user, asked).allowed:
            raise refused(exchange.user, asked)

    # --- what --------------------------------------------------------------------------------------------------

    def _other_answer(self, exchange: Exchange) -> Answer:
        edge, path = self._edge, exchange.path.rstrip("/")
        parts = [part for part in path.split("/") if part]
        if exchange.method not in ("GET", "HEAD"):
            raise no_such_resource()
        match parts:
            case ["api"] | ["apis"]:
                return discovery.roots(edge, exchange)
            case ["api", version]:
                return discovery.resources(edge, exchange, "", version)
            case ["apis", group]:
                return discovery.group(edge, exchange, group)
            case ["apis", group, version]:
                return discovery.resources(edge, exchange, group, version)
            case ["version"]:
                return discovery.version(edge, exchange)
            case ["openapi", *_]:
                return self._documents.answer(exchange)
            case []:
                return discovery.paths(edge, exchange)
            case ["metrics"]:
                return health.metrics(edge)
            case [word, *_] if word in health.ROOTS:
                return health.health(exchange)
            case _:
                raise no_such_resource()

    async def _resource_answer(self, exchange: Exchange) -> Answer | Stream | Upgrade:
        edge, target = self._edge, exchange.target
        if target.group == EXTERNAL_METRICS_GROUP:
            return metrics.external_answer(edge, exchange)
        resource = edge.resource(exchange)
        if resource.key in _DEPRECATED:
            exchange.warnings.append(_DEPRECATED[resource.key])
        deprecation = edge.deprecation(resource)
        if deprecation:
            exchange.warnings.append(deprecation)
        if resource.group == METRICS_GROUP:
            return metrics.answer(edge, exchange, resource)
        if resource.key == components.KEY:
            return components.answer(edge, exchange, resource)
        if target.subresource:
            return await self._subresource_answer(exchange, resource)
        edge.require_verb(resource, target.verb)
        # A collection takes new objects; changes go to objects by their names.
        if (target.verb == "create") == bool(target.name) and target.verb in ("create", "update", "patch"):
            raise method_not_allowed()
        match target.verb:
            case "create":
                return await writing.create(edge, exchange, resource)
            case "update":
                return await writing.update(edge, exchange, resource)
            case "patch":
                return await writing.patch(edge, exchange, resource)
            case "delete":
                return await writing.delete(edge, exchange, resource)
            case "deletecollection":
                return await writing.delete_collection(edge, exchange, resource)
            case _:
                return await self._read(exchange, resource)

    async def _read(self, exchange: Exchange, resource: Resource) -> Answer | Stream:
        edge = self._edge
        match exchange.target.verb:
            case "get" if is_stored(resource):
                return reading.get(edge, exchange, resource)
            case "watch":
                await exchange.drained()  # before anything is subscribed to
                return watching.watch(edge, exchange, resource)
            case _:
                return await reading.listed(edge, exchange, resource)

    async def _subresource_answer(self, exchange: Exchange, resource: Resource) -> Answer | Stream | Upgrade:
        edge, target = self._edge, exchange.target
        if opening.is_stream(exchange):
            return Upgrade(opening.over_upgrade(edge, exchange, opening.request_of(edge, exchange)))
        if target.subresource == "proxy" and target.name:
            return await proxy.answer(edge, exchange, resource)
        if target.verb not in verbs_of_subresource(target.subresource) or not target.name:
            raise method_not_allowed()
        match target.subresource, target.verb:
            case "log", "get":
                return await subresources.log(edge, exchange)
            case _, "create":
                return await subresources.create(edge, exchange, resource)
            case _, "get":
                return reading.get(edge, exchange, resource)
            case "scale", "update":
                return await subresources.update_scale(edge, exchange, resource)
            case _, "update":
                return await writing.update(edge, exchange, resource)
            case _, "patch":
                return await writing.patch(edge, exchange, resource)
            case _:
                raise method_not_allowed()


def _take_token(exchange: Exchange, socket: WebSocket) -> None:
    """A bearer token that came as a sub-protocol is one that came as a header."""
    token = next((name for name in socket.offered if name.startswith(TOKEN_PREFIX)), None)
    if token is not None and not exchange.header("authorization"):
        socket.offered.remove(token)
        exchange.headers.append(("authorization", f"Bearer {_decoded(token.removeprefix(TOKEN_PREFIX))}"))


def _decoded(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except ValueError as error:
        raise unauthorized() from error


def _name_selector(selector: str) -> str:
    """The name that a field selector pins; authorization by name looks at it."""
    for term in selector.split(","):
        key, _, value = term.partition("=")
        if key == "metadata.name":
            return value.removeprefix("=")
    return ""


def _status_of(error: Exception, exchange: Exchange) -> Answer:
    if isinstance(error, ApiError):
        return refusal(error)
    log.error("%s %s failed", exchange.method, exchange.path, exc_info=error)
    return refusal(_our_mistake())


def _our_mistake() -> ApiError:
    return ApiError(500, "InternalError", "Internal error occurred: the server made a mistake; its log says which")
