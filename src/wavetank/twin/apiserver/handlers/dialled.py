"""Connections that somebody else opens, in the form in which httpcore takes them: for requests that go to pods."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpcore

from wavetank.kube.errors import ApiError
from wavetank.twin.cluster.streaming import Connection

Dial = Callable[[int], Awaitable[Connection]]


class DialledBackend(httpcore.AsyncNetworkBackend):
    """Every connection is what ``dial`` gives for a port; the host of the URL does not matter."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            reader, writer = await self._dial(port)
        except (OSError, ApiError) as error:
            raise httpcore.ConnectError(str(error)) from error
        return _Stream(reader, writer)


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return await self._reader.read(max_bytes)
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            self._writer.write(buffer)
            await self._writer.drain()
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        self._writer.close()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.UnsupportedProtocol("pods of this computer are reached over plain connections")

    def get_extra_info(self, info: str) -> Any:
        return self._writer.get_extra_info(info)
