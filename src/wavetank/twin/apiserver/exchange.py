"""One HTTP request and its answer, in ASGI terms: what handlers read from and what they return.

Handlers return an ``Answer`` or a ``Stream``; only this module and ``app`` speak ASGI.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import orjson

from wavetank.kube.errors import ApiError, Cause, bad_request, invalid
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Call, User
from wavetank.twin.cluster.calls import FieldValidation

from .content import MOST_BYTES, Accepted, accepted, body_value, json_bytes, yaml_bytes
from .paths import Target

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

#: A long answer is handed over in pieces: the connection takes one after the other, and others have their turn.
PIECE_BYTES = 256 * 1024
#: A client that takes nothing of a stream for so long is let go.
STUCK_SECONDS = 60.0
_PEOPLE = ("curl", "Wget", "Mozilla/5.0")
_OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}
MOST_MANAGER_BYTES = 128
_VALIDATIONS: dict[str, FieldValidation] = {"Ignore": "Ignore", "Warn": "Warn", "Strict": "Strict"}


@dataclass(frozen=True)
class Answer:
    body: bytes
    status: int = 200
    media_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Stream:
    """An answer without an end known in advance. ``chunks`` is closed when the client goes away.

    No chunk is empty. ``release`` is called in any case, also when ``chunks`` was never begun.
    """

    chunks: AsyncIterator[bytes]
    media_type: str = "application/json"
    release: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Upgrade:
    """The connection stops speaking HTTP: ``serve`` takes it over and returns when it is done with it."""

    serve: Callable[[], Awaitable[None]]


class Exchange:
    """What handlers know of a request. ``user`` is whoever it is done for (after impersonation)."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self._receive = receive
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers = [(k.decode("latin-1"), v.decode("utf-8", "replace")) for k, v in scope["headers"]]
        self.query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        self.target = Target(self.path, self.method.lower())
        self.user = User("")
        self.warnings: list[str] = []
        self._is_read = False

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    def accepted(self, *, tables: bool = True) -> Accepted:
        return accepted(self.header("accept"), tables=tables)

    def number(self, name: str) -> int | None:
        """A whole number of the query; ApiError 400 when it is none."""
        text = self.query.get(name, "")
        if not text:
            return None
        try:
            return int(text)
        except ValueError as error:
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in ("true", "1")

    async def body(self) -> bytes:
        """The whole body; ApiError 413 when it is too long."""
        too_long = ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {MOST_BYTES}")
        length = self.header("content-length") or "0"
        if not length.isdecimal():
            raise bad_request(f"invalid Content-Length {length!r}")
        if int(length) > MOST_BYTES:
            raise too_long
        self._is_read = True
        chunks, size, more = [], 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise bad_request("unexpected EOF")
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
            if size > MOST_BYTES:
                raise too_long
        return b"".join(chunks)

    async def object(self, kind: str) -> Obj:
        """The body as an object; ``kind`` is what is expected and only goes into the refusal."""
        value = body_value(await self.body(), self.header("content-type"), kind)
        if not isinstance(value, dict):
            word = {list: "array", str: "string", bool: "bool", type(None): "null"}.get(type(value), "number")
            raise bad_request(
                f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse "
                f"error: json: cannot unmarshal {word} into Go value of type struct {{ APIVersion string; Kind string }}"
            )
        return value

    async def drained(self) -> None:
        """Read what is left of the request, so that what is received next is the disconnect."""
        if not self._is_read:
            await self.body()

    async def disconnected(self) -> None:
        """Return when the client has gone. The request's own end comes first and is not that."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    @property
    def is_dry_run(self) -> bool:
        return "All" in self.query.get("dryRun", "")

    def _check_options(self) -> None:
        """ApiError 422 for options of a write that do not exist (``ValidateCreateOptions`` and its like of apimachinery)."""
        dry_run, manager, found = self.query.get("dryRun", ""), self.query.get("fieldManager", ""), []
        if dry_run not in ("", "All"):
            text = f'Unsupported value: ["{dry_run}"]: supported values: "All"'
            found.append(Cause("FieldValueNotSupported", text, "dryRun"))
        if len(manager.encode()) > MOST_MANAGER_BYTES:
            text = f"Too long: may not be more than {MOST_MANAGER_BYTES} bytes"
            found.append(Cause("FieldValueTooLong", text, "fieldManager"))
        if not manager.isprintable():
            text = f"Invalid value: {orjson.dumps(manager).decode()}: should only contain printable characters"
            found.append(Cause("FieldValueInvalid", text, "fieldManager"))
        if found:
            raise invalid("meta.k8s.io", _OPTIONS.get(self.method, "DeleteOptions"), "", found)

    def call(self, default_validation: FieldValidation = "Warn") -> Call:
        """How the request wants something written; ApiError 400 for values that do not exist."""
        validation = self.query.get("fieldValidation", "") or default_validation
        if validation not in _VALIDATIONS:
            raise bad_request(
                f'fieldValidation parameter unsupported: {validation}; supported values: "Ignore", "Strict", "Warn"'
            )
        self._check_options()
        manager = self.query.get("fieldManager") or self.header("user-agent").split("/")[0] or "unknown"
        return Call(
            self.user,
            manager,
            self.is_dry_run,
            _VALIDATIONS[validation],
            external=True,
            warnings=self.warnings,
        )


def answer_of(value: Any, wanted: Accepted, status: int = 200) -> Answer:
    body = yaml_bytes(value) if wanted.yaml else json_bytes(value)
    return Answer(body, status, wanted.media_type)


def pretty(answer: Answer, exchange: Exchange) -> Answer:
    """The answer with line breaks, for people: those who ask for it, and browsers, curl and wget (``isPrettyPrint``)."""
    asked = exchange.query.get("pretty")
    wanted = exchange.header("user-agent").startswith(_PEOPLE) if asked is None else asked in ("", "1", "true")
    if not wanted or not answer.media_type.startswith("application/json") or not answer.body:
        return answer
    body = orjson.dumps(orjson.loads(answer.body), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return replace(answer, body=body)


def refusal(error: ApiError) -> Answer:
    headers: tuple[tuple[str, str], ...] = ()
    if error.retry_after_seconds:
        headers = (("retry-after", str(error.retry_after_seconds)),)
    return Answer(json_bytes(error.status()), error.code, headers=headers)


def text_answer(text: str, status: int = 200) -> Answer:
    return Answer(text.encode(), status, "text/plain; charset=utf-8")


@dataclass
class Sender:
    """Writes one answer. ``warnings`` become headers, so they must be complete when the answer begins."""

    send: Send
    warnings: list[str] = field(default_factory=list)
    started: bool = False

    async def answer(self, answer: Answer, *, with_body: bool = True) -> None:
        headers = [("content-type", answer.media_type), ("content-length", str(len(answer.body))), *answer.headers]
        await self._start(answer.status, headers)
        body = answer.body if with_body else b""
        sent = 0
        while len(body) - sent > PIECE_BYTES:
            piece = body[sent : sent + PIECE_BYTES]
            await self.send({"type": "http.response.body", "body": piece, "more_body": True})
            sent += len(piece)
        await self.send({"type": "http.response.body", "body": body[sent:] if sent else body})

    async def stream(self, stream: Stream, gone: Awaitable[None]) -> None:
        """Send chunks until they end or the client goes away (``gone``)."""
        waiting = asyncio.ensure_future(gone)
        try:
            await self._start(200, [("content-type", stream.media_type)])
            await self._chunks(stream.chunks, waiting)
        finally:
            waiting.cancel()
            stream.release()

    async def _chunks(self, chunks: AsyncIterator[bytes], gone: asyncio.Future[None]) -> None:
        await self.send({"type": "http.response.body", "body": b"", "more_body": True})
        iterator = chunks.__aiter__()
        try:
            while chunk := await _unless(gone, _next(iterator)):
                async with asyncio.timeout(STUCK_SECONDS):
                    await self.send({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            close = getattr(iterator, "aclose", None)
            if close is not None:
                await close()
        await self.send({"type": "http.response.body", "body": b""})

    async def _start(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.started = True
        warned = [("warning", f'299 - "{_quoted(text)}"') for text in self.warnings]
        raw = [(k.encode(), v.encode("utf-8")) for k, v in (*headers, *warned)]
        raw.append((b"cache-control", b"no-cache, private"))
        await self.send({"type": "http.response.start", "status": status, "headers": raw})


async def _unless(gone: asyncio.Future[None], coming: Coroutine[Any, Any, bytes | None]) -> bytes | None:
    """What comes; None when the client goes first."""
    following = asyncio.ensure_future(coming)
    try:
        await asyncio.wait((following, gone), return_when=asyncio.FIRST_COMPLETED)
        return following.result() if following.done() else None
    finally:
        if not following.done():
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def _next(iterator: AsyncIterator[bytes]) -> bytes | None:
    try:
        return await iterator.__anext__()
    except StopAsyncIteration:
        return None


def _quoted(text: str) -> str:
    clean = "".join(" " if ord(c) < 32 or ord(c) == 127 else c for c in text)
    return clean.replace("\\", "\\\\").replace('"', '\\"')
