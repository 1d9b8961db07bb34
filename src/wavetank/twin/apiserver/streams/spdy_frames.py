"""SPDY/3.1 frames as bytes: what clients of exec and port-forward send and expect. Pure but for the two header streams.

Only what Kubernetes clients use (``moby/spdystream``): streams, data, resets, pings and goodbyes; no flow control.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

VERSION = 3
SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY, HEADERS, WINDOW_UPDATE = 1, 2, 3, 4, 6, 7, 8, 9
FIN = 0x01
CANCEL, REFUSED_STREAM = 5, 3
HEAD_BYTES = 8
#: More than any client sends in one frame; the format itself allows 16 MiB.
MOST_FRAME_BYTES = 4 * 1024 * 1024
MOST_HEADER_BYTES = 64 * 1024
_HEADER_WORDS = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
    "authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status"
)
_MORE_WORDS = ("200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin")
_TAIL = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden"
    "404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
    "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)


def _dictionary() -> bytes:
    words = (*_HEADER_WORDS.split(), *_MORE_WORDS)
    return b"".join(struct.pack(">I", len(word)) + word.encode() for word in words) + _TAIL.encode()


#: The dictionary of the header compression, as the protocol's section 2.6.10.1 lists it.
DICTIONARY = _dictionary()


class SpdyError(Exception):
    """The bytes are no SPDY/3.1; the session cannot go on."""


@dataclass(frozen=True)
class Frame:
    """``kind`` 0 is data; ``stream`` is 0 for frames about the whole session (of a PING it is the ping's number)."""

    kind: int
    flags: int
    stream: int
    payload: bytes = b""

    @property
    def is_last(self) -> bool:
        return bool(self.flags & FIN)


class FrameReader:
    """Bytes as they come, in; whole frames out."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def frames(self, data: bytes) -> Iterator[Frame]:
        """SpdyError for what is none."""
        self._buffer += data
        while len(self._buffer) >= HEAD_BYTES:
            first, second = struct.unpack_from(">II", self._buffer)
            size = second & 0xFFFFFF
            if size > MOST_FRAME_BYTES:
                raise SpdyError(f"a frame of {size} bytes")
            if len(self._buffer) < HEAD_BYTES + size:
                return
            payload = bytes(self._buffer[HEAD_BYTES : HEAD_BYTES + size])
            del self._buffer[: HEAD_BYTES + size]
            yield _frame(first, second >> 24, payload)


def _frame(first: int, flags: int, payload: bytes) -> Frame:
    if not first & 0x80000000:
        return Frame(0, flags, first, payload)
    if (first >> 16) & 0x7FFF != VERSION:
        raise SpdyError(f"version {(first >> 16) & 0x7FFF}")
    kind, stream = first & 0xFFFF, 0
    if kind in (SYN_STREAM, SYN_REPLY, RST_STREAM, PING, HEADERS):
        if len(payload) < 4:
            raise SpdyError("a frame that is too short")
        stream = int(struct.unpack_from(">I", payload)[0])
        payload = payload[4:]
    return Frame(kind, flags, stream, payload)


def data_frame(stream: int, data: bytes, flags: int = 0) -> bytes:
    return struct.pack(">II", stream, flags << 24 | len(data)) + data


def control_frame(kind: int, payload: bytes, flags: int = 0) -> bytes:
    return struct.pack(">II", 0x80000000 | VERSION << 16 | kind, flags << 24 | len(payload)) + payload


class HeaderCodec:
    """Headers are compressed over a whole session, one stream in each direction."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def headers(self, block: bytes) -> dict[str, str]:
        """SpdyError for a block that is none."""
        try:
            plain = self._inflate.decompress(block, MOST_HEADER_BYTES)
            return dict(_pairs(plain))
        except (zlib.error, struct.error, UnicodeDecodeError) as error:
            raise SpdyError(f"headers: {error}") from error

    def block(self, headers: Mapping[str, str]) -> bytes:
        plain = struct.pack(">I", len(headers))
        for name, value in headers.items():
            for text in (name.lower().encode(), value.encode()):
                plain += struct.pack(">I", len(text)) + text
        return self._deflate.compress(plain) + self._deflate.flush(zlib.Z_SYNC_FLUSH)


def _pairs(plain: bytes) -> Iterator[tuple[str, str]]:
    """Names are lower-case; of several values of one name, the first."""
    (count,) = struct.unpack_from(">I", plain)
    at = 4
    for _ in range(count):
        name, at = _text(plain, at)
        value, at = _text(plain, at)
        yield name.lower(), value.split("\0")[0]


def _text(plain: bytes, at: int) -> tuple[str, int]:
    (size,) = struct.unpack_from(">I", plain, at)
    end = at + 4 + size
    if end > len(plain):
        raise struct.error("text ends beyond the block")
    return plain[at + 4 : end].decode(), end
