"""What a request for exec, attach or port-forward is about, whether it may be served, and who serves it in which form.

Called by ``app`` for WebSockets and for plain requests (an upgrade to SPDY, or nothing that can be served). Refusals come
before the handshake and have the words of the API server (``registry/core/pod/strategy.go``, ``streamLocation``); what
goes wrong on the machine is told within the connection, as upstream's translator does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qsl

from wavetank.kube.errors import ApiError, bad_request
from wavetank.twin.cluster.authorization import Asked
from wavetank.twin.cluster.streaming import Connection, Terminal, Wanted

from ..edge import Edge, method_not_allowed
from ..exchange import Exchange
from ..handlers.subresources import container_of
from ..identity import refused
from . import remote_command
from .channels import PORT_FORWARD, REMOTE_COMMAND, ChannelLink, chosen
from .hijacked import HIJACK, Hijacked
from .port_forward import PROTOCOL, TUNNEL, ChannelForwarding, SpdyForwarding
from .spdy_command import PROTOCOLS, SpdyLink
from .websocket import WebSocket

SUBRESOURCES = frozenset({"exec", "attach", "portforward"})
SPDY = "spdy/3.1"
VERSION_HEADER = "x-stream-protocol-version"
#: Since 1.35 a WebSocket, which is a GET, needs the right to create as well (AuthorizePodWebsocketUpgradeCreatePermission).
CREATE_NEEDED_SINCE = 35
Serve = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Command:
    """exec, or attach when ``argv`` is None."""

    namespace: str
    pod: str
    container: str
    argv: tuple[str, ...] | None
    wanted: Wanted


@dataclass(frozen=True)
class Forward:
    namespace: str
    pod: str
    ports: tuple[int, ...]


Request = Command | Forward


# What ----------------------------------------------------------------------------------------------------------------


def request_of(edge: Edge, exchange: Exchange) -> Request:
    """ApiError for a pod or a container that is not there, takes no connections, or is not said clearly."""
    target = exchange.target
    _require_create(edge, exchange)
    query = parse_qsl(exchange.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    pod = edge.cluster.get("pods", target.namespace, target.name)
    is_forward = target.subresource == "portforward"
    container = "" if is_forward else container_of(pod, exchange.query.get("container", ""))
    if not pod["spec"].get("nodeName"):
        raise bad_request(f"pod {target.name} does not have a host assigned")
    refusal = edge.streams.refusal(target.namespace, target.name, container or pod["spec"]["containers"][0]["name"])
    if refusal is not None:
        raise refusal
    if is_forward:
        return Forward(target.namespace, target.name, _ports(value for key, value in query if key == "ports"))
    argv = tuple(value for key, value in query if key == "command") if target.subresource == "exec" else None
    return Command(target.namespace, target.name, container, argv, _wanted(exchange))


def _require_create(edge: Edge, exchange: Exchange) -> None:
    target = exchange.target
    if target.verb != "get" or int(edge.cluster.version.split(".")[1]) < CREATE_NEEDED_SINCE:
        return
    asked = Asked("create", target.group, target.plural, target.subresource, target.namespace, target.name)
    if not edge.cluster.authorizer.decide(exchange.user, asked).allowed:
        raise refused(exchange.user, asked)


def _wanted(exchange: Exchange) -> Wanted:
    tty = exchange.flag("tty")
    stdin, stdout, stderr = (exchange.flag(name) for name in ("stdin", "stdout", "stderr"))
    if not (stdin or stdout or stderr):
        raise bad_request("you must specify at least 1 of stdin, stdout, stderr")
    return Wanted(stdin, stdout, stderr and not tty, tty)


def _ports(values: Iterable[str]) -> tuple[int, ...]:
    ports = []
    for text in (part for value in values for part in value.split(",")):
        if not text.isdigit() or not 0 < int(text) < 65536:
            raise bad_request(f'strconv.ParseUint: parsing "{text}": invalid syntax')
        ports.append(int(text))
    return tuple(ports)


# WebSockets ----------------------------------------------------------------------------------------------------------


def over_websocket(edge: Edge, request: Request, socket: WebSocket) -> Serve:
    """How a request is served on a WebSocket that is not accepted yet; ApiError when the client offers no protocol of ours."""
    match request:
        case Forward() if TUNNEL in socket.offered:
            return partial(_serve_tunnel, edge, request, socket)
        case Forward():
            protocol = chosen(socket.offered, PORT_FORWARD)
            if protocol is None:
                raise _unknown_protocol(socket.offered, [TUNNEL, *(p.name for p in PORT_FORWARD)])
            if not request.ports:
                raise bad_request('query parameter "ports" is required')
            return partial(
                _serve_ports, socket, ChannelForwarding(socket, protocol, request.ports, _dial(edge, request))
            )
        case Command():
            protocol = chosen(socket.offered, REMOTE_COMMAND)
            if protocol is None:
                raise _unknown_protocol(socket.offered, [p.name for p in REMOTE_COMMAND])
            return partial(_serve_channels, edge, request, socket, ChannelLink(socket, protocol, request.wanted))


def _unknown_protocol(offered: Sequence[str], known: Sequence[str]) -> ApiError:
    words = f"unable to negotiate protocol: client supports [{' '.join(offered)}], server accepts [{' '.join(known)}]"
    return ApiError(403, "Forbidden", words)


async def _serve_tunnel(edge: Edge, request: Forward, socket: WebSocket) -> None:
    await socket.accept(TUNNEL)
    await SpdyForwarding(socket, _dial(edge, request)).run()


async def _serve_ports(socket: WebSocket, forwarding: ChannelForwarding) -> None:
    await socket.accept(forwarding.protocol.name)
    await forwarding.run()


async def _serve_channels(edge: Edge, request: Command, socket: WebSocket, link: ChannelLink) -> None:
    await socket.accept(link.protocol.name)
    await link.greet()
    await _run(edge, request, link)


def _dial(edge: Edge, request: Forward) -> Callable[[int], Awaitable[Connection]]:
    return partial(edge.streams.dial, request.namespace, request.pod)


async def _run(edge: Edge, request: Command, link: remote_command.Link) -> None:
    try:
        terminal = await _terminal(edge, request)
    except ApiError as error:
        await link.finish(error.status())
        return
    await remote_command.run(terminal, link)


async def _terminal(edge: Edge, request: Command) -> Terminal:
    address = request.namespace, request.pod, request.container
    if request.argv is None:
        return await edge.streams.attach(*address, request.wanted)
    if not request.argv or not request.argv[0]:
        text = "error executing command in container: command is empty"
        raise ApiError(500, "InternalError", f"Internal error occurred: {text}")
    return await edge.streams.execute(*address, request.argv, request.wanted)


# SPDY upgrades -------------------------------------------------------------------------------------------------------


def over_upgrade(edge: Edge, exchange: Exchange, request: Request) -> Serve:
    """How a plain request is served: an upgrade to SPDY, or not at all (ApiError)."""
    hijack: Callable[[], Hijacked] | None = exchange.scope.get(HIJACK)
    if hijack is None or exchange.header("upgrade").lower() != SPDY:
        raise bad_request("Upgrade request required")
    offered = [name.strip() for k, v in exchange.headers if k.lower() == VERSION_HEADER for name in v.split(",")]
    known = (PROTOCOL,) if isinstance(request, Forward) else PROTOCOLS
    version = next((name for name in offered if name in known), known[-1] if not offered else None)
    if version is None:
        raise _unknown_protocol(offered, known)
    return partial(_serve_spdy, edge, request, hijack, version)


async def _serve_spdy(edge: Edge, request: Request, hijack: Callable[[], Hijacked], version: str) -> None:
    line = hijack()
    head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
    await line.send(f"{head}X-Stream-Protocol-Version: {version}\r\n\r\n".encode())
    match request:
        case Forward():
            await SpdyForwarding(line, _dial(edge, request)).run()
        case Command():
            link = SpdyLink(line, version, request.wanted)
            try:
                if await link.open():
                    await _run(edge, request, link)
            except OSError:
                return  # the client has gone
            finally:
                await link.close()


def is_stream(exchange: Exchange) -> bool:
    """Whether a request is for one of the subresources that are served here."""
    target = exchange.target
    if target.subresource not in SUBRESOURCES:
        return False
    if target.verb not in ("get", "create") or not target.name:
        raise method_not_allowed()
    return True
