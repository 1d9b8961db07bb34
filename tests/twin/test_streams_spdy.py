"""SPDY/3.1 as bytes: frames in any pieces, headers over a session, and sessions that end when the bytes make no sense."""

from __future__ import annotations

import asyncio
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.twin.apiserver.streams.spdy import SpdySession, SpdyStream
from wavetank.twin.apiserver.streams.spdy_frames import (
    DICTIONARY,
    FIN,
    PING,
    SYN_REPLY,
    SYN_STREAM,
    Frame,
    FrameReader,
    HeaderCodec,
    SpdyError,
    control_frame,
    data_frame,
)


class Wire:
    """A ``Duplex`` whose other end is a test."""

    def __init__(self, *given: bytes) -> None:
        self.gone = asyncio.Event()
        self.sent = b""
        self._given = list(given)

    async def receive(self) -> bytes:
        return self._given.pop(0) if self._given else b""

    async def send(self, data: bytes) -> None:
        self.sent += data

    async def close(self) -> None:
        self.gone.set()


def syn_stream(codec: HeaderCodec, number: int, **headers: str) -> bytes:
    return control_frame(SYN_STREAM, struct.pack(">IIH", number, 0, 0) + codec.block(headers))


def test_the_dictionary_is_that_of_the_protocol() -> None:
    assert (len(DICTIONARY), zlib.adler32(DICTIONARY)) == (1423, 0xE3C6A7C2)


@given(st.lists(st.binary(max_size=50), max_size=5), st.integers(1, 20))
def test_frames_are_read_in_whatever_pieces_they_come(contents: list[bytes], size: int) -> None:
    stream = b"".join(data_frame(number, data, FIN) for number, data in enumerate(contents, 1))
    reader = FrameReader()
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    read = [frame for piece in pieces for frame in reader.frames(piece)]
    assert read == [Frame(0, FIN, number, data) for number, data in enumerate(contents, 1)]


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["port", "streamtype", "x-y"]), st.sampled_from(["", "data", "8080", "é"]))
    )
)
def test_headers_are_compressed_over_the_whole_session(sets: list[dict[str, str]]) -> None:
    ours, theirs = HeaderCodec(), HeaderCodec()
    assert [ours.headers(theirs.block(headers)) for headers in sets] == sets


@given(st.binary(max_size=200))
def test_any_bytes_are_frames_or_an_end(data: bytes) -> None:
    wire = Wire(data)
    asyncio.run(SpdySession(wire, lambda stream: None).run())


def test_a_block_that_is_no_header_is_refused() -> None:
    with pytest.raises(SpdyError, match="headers"):
        HeaderCodec().headers(b"garbage")


def test_streams_are_answered_fed_and_ended() -> None:
    codec = HeaderCodec()
    opened: list[SpdyStream] = []
    wire = Wire(
        syn_stream(codec, 1, streamtype="data", port="80") + data_frame(1, b"one"),
        data_frame(1, b"two", FIN) + control_frame(PING, struct.pack(">I", 7)),
    )

    async def story() -> list[bytes]:
        await SpdySession(wire, opened.append).run()
        return [await opened[0].receive() for _ in range(3)]

    assert asyncio.run(story()) == [b"one", b"two", b""]
    assert opened[0].headers == {"streamtype": "data", "port": "80"}
    reply, ping = FrameReader().frames(wire.sent)
    assert (reply.kind, reply.stream, ping.kind, ping.stream) == (SYN_REPLY, 1, PING, 7)
