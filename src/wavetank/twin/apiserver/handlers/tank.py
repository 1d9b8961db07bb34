"""What a twin tells beyond Kubernetes: a table of routes below ``/wavetank/v1``, authorised as non-resource paths are.

``world`` and ``bare`` register what their assembly can answer (``ApiServer.serve``); ``app`` finds the commands of the running
cluster here. A real control plane answers 404 on all of them, which is how a client tells a twin from one.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote

from ..exchange import Answer, Exchange, Stream

ROOT = ("wavetank", "v1")
Parameters: TypeAlias = Mapping[str, str]
#: Gets the request and the values of the path's ``{parts}``. ApiErrors that it raises are answered as ``Status``.
Handler: TypeAlias = Callable[[Exchange, Parameters], Answer | Stream | Awaitable[Answer | Stream]]


@dataclass(frozen=True)
class Route:
    """One path below the root, such as ``explain/namespaces/{namespace}/pods/{name}``."""

    method: str
    path: str
    handler: Handler

    def match(self, parts: list[str]) -> Parameters | None:
        """The values of the path's variables; None for another path."""
        own = self.path.split("/")
        if len(own) != len(parts):
            return None
        found: dict[str, str] = {}
        for pattern, part in zip(own, parts, strict=True):
            if pattern.startswith("{"):
                found[pattern.strip("{}")] = unquote(part)
            elif pattern != part:
                return None
        return found


class Routes:
    """The table of one API server; a later route of the same path wins."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def add(self, *routes: Route) -> None:
        self._routes[:0] = reversed(routes)

    async def answer(self, exchange: Exchange) -> Answer | Stream | None:
        """None when no route has this method and path."""
        parts = [part for part in exchange.path.split("/") if part]
        if tuple(parts[: len(ROOT)]) != ROOT:
            return None
        method = "GET" if exchange.method == "HEAD" else exchange.method
        for route in self._routes:
            parameters = route.match(parts[len(ROOT) :]) if route.method == method else None
            if parameters is not None:
                answer = route.handler(exchange, parameters)
                return await answer if inspect.isawaitable(answer) else answer
        return None
