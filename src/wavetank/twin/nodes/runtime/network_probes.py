"""HTTP and TCP probes over real sockets, with the words that a kubelet's events have (``pkg/probe/http``, ``pkg/probe/tcp``).

Redirects are not followed: a 3xx answer is a success, as it is for a kubelet when the target is another host.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

from .port import Outcome

USER_AGENT = "kube-probe/1.36"
#: Of a failing answer's body nothing is quoted; reading its first line is enough.
LIMIT_BYTES = 16 * 1024


@dataclass(frozen=True)
class HttpGet:
    scheme: str
    host: str
    port: int
    path: str
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}{self.path}"


async def http_outcome(request: HttpGet, timeout_seconds: float) -> Outcome:
    """Success is a status from 200 to 399 within the time."""
    try:
        code = await asyncio.wait_for(_status_code(request), timeout_seconds)
    except TimeoutError:
        why = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        return Outcome(False, f'Get "{request.url}": {why}')
    except (OSError, EOFError, ValueError) as error:
        return Outcome(False, f'Get "{request.url}": {_words(error, request.host, request.port)}')
    if 200 <= code < 400:
        return Outcome(True)
    return Outcome(False, f"HTTP probe failed with statuscode: {code}")


async def tcp_outcome(host: str, port: int, timeout_seconds: float) -> Outcome:
    """Success is a connection within the time."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), timeout_seconds)
    except TimeoutError:
        return Outcome(False, f"dial tcp {host}:{port}: i/o timeout")
    except OSError as error:
        return Outcome(False, _words(error, host, port))
    writer.close()
    return Outcome(True)


async def _status_code(request: HttpGet) -> int:
    context = _unverified() if request.scheme == "https" else None
    reader, writer = await asyncio.open_connection(request.host, request.port, ssl=context, limit=LIMIT_BYTES)
    try:
        writer.write(_request_bytes(request))
        line = await reader.readline()
        if not line:
            raise EOFError
        version, _, rest = line.decode("latin-1").partition(" ")
        if not version.startswith("HTTP/"):
            raise ValueError(f'malformed HTTP response "{line.decode("latin-1").strip()}"')
        return int(rest[:3])
    finally:
        writer.close()


def _request_bytes(request: HttpGet) -> bytes:
    headers = {"Host": f"{request.host}:{request.port}", "User-Agent": USER_AGENT, "Accept": "*/*"}
    headers |= {"Connection": "close"} | dict(request.headers)
    lines = [f"GET {request.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _unverified() -> ssl.SSLContext:
    """A kubelet does not verify certificates of probes."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _words(error: Exception, host: str, port: int) -> str:
    match error:
        case ConnectionRefusedError():
            return f"dial tcp {host}:{port}: connect: connection refused"
        case ConnectionResetError() | BrokenPipeError():
            return f"read tcp {host}:{port}: read: connection reset by peer"
        case EOFError():
            return "EOF"
        case OSError(strerror=str(text)):
            return f"dial tcp {host}:{port}: {text.lower()}"
        case _:
            return str(error)


def headers_of(pairs: Iterable[dict[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((pair["name"], pair["value"]) for pair in pairs)
