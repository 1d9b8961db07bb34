"""OpenAPI: v3 per group and version, v2 in one piece. Made on first use; made anew when custom resources change."""

from __future__ import annotations

from wavetank.kube.openapi import OpenApi
from wavetank.twin.cluster.registry import no_such_resource

from .. import swagger
from ..content import json_bytes, media_types
from ..edge import Edge
from ..exchange import Answer, Exchange, answer_of


class Documents:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._documents = OpenApi(edge.cluster.version)
        self._swagger: tuple[OpenApi, bytes] | None = None

    def _current(self) -> OpenApi:
        """The documents for the custom resources that are served now."""
        custom = [(v.resource, v.schema) for v in self._edge.cluster.custom.versions()]
        if tuple(custom) != self._documents.custom:
            self._documents = self._documents.with_custom(custom)
        return self._documents

    def answer(self, exchange: Exchange) -> Answer:
        path = exchange.path.rstrip("/")
        if path == "/openapi/v3":
            return answer_of(self._current().index(), exchange.accepted(tables=False))
        if path == "/openapi/v2":
            return self._version_2(exchange)
        body = self._current().document(_api_version(path.removeprefix("/openapi/v3/")))
        if body is None:
            raise no_such_resource()
        return Answer(body)

    def _version_2(self, exchange: Exchange) -> Answer:
        documents = self._current()
        if not any(
            wanted.name in (swagger.ACCEPTED, swagger.MEDIA_TYPE) for wanted in media_types(exchange.header("accept"))
        ):
            return Answer(json_bytes(documents.v2()))
        if self._swagger is None or self._swagger[0] is not documents:
            self._swagger = documents, swagger.document(documents.v2())
        return Answer(self._swagger[1], media_type=swagger.MEDIA_TYPE)


def _api_version(path: str) -> str:
    """``api/v1`` is ``v1``; ``apis/apps/v1`` is ``apps/v1``."""
    root, _, rest = path.partition("/")
    return rest if root in ("api", "apis") else path
