"""Reads an answer's body piece by piece, decompresses it, and stops the moment it is too large: a gzip bomb costs nothing."""

import zlib
from collections.abc import Iterable, Mapping
from typing import Protocol

_AUTOMATIC = zlib.MAX_WBITS | 32
"""gzip or zlib, whichever the header says."""


class TooLarge(Exception):
    """The body is larger than allowed, on the wire or decompressed."""


class BadEncoding(Exception):
    """Compressed in a way that we did not ask for, twice, or not as declared."""


class _Decoder(Protocol):
    def feed(self, chunk: bytes, most: int) -> bytes: ...

    def complete(self) -> bool: ...


class _Identity:
    def feed(self, chunk: bytes, most: int) -> bytes:
        return chunk[:most]

    def complete(self) -> bool:
        return True


class _Inflating:
    """gzip (several members), zlib, and the bare deflate that some servers send instead."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_AUTOMATIC)
        self._started = False

    def feed(self, chunk: bytes, most: int) -> bytes:
        out = bytearray()
        while chunk and len(out) < most:
            out += self._step(chunk, most - len(out))
            chunk = self._inner.unconsumed_tail
            if self._inner.eof:
                chunk = self._inner.unused_data
                if not chunk.startswith(b"\x1f\x8b"):
                    break
                self._inner = zlib.decompressobj(_AUTOMATIC)
        return bytes(out)

    def _step(self, chunk: bytes, most: int) -> bytes:
        try:
            out = self._inner.decompress(chunk, most)
        except zlib.error as error:
            if self._started:
                raise BadEncoding(str(error)) from error
            self._started, self._inner = True, zlib.decompressobj(-zlib.MAX_WBITS)
            return self._step(chunk, most)
        self._started = True
        return out

    def complete(self) -> bool:
        return self._inner.eof


def read_body(chunks: Iterable[bytes], headers: Mapping[str, str], most: int) -> bytes:
    """The whole body, decompressed. Raises TooLarge as soon as more than `most` bytes come or come out, or BadEncoding."""
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise TooLarge
    encodings = [name for part in headers.get("content-encoding", "").split(",") if (name := part.strip().lower())]
    decoder = _decoder([name for name in encodings if name != "identity"])
    body, came = bytearray(), 0
    for chunk in chunks:
        came += len(chunk)
        body += decoder.feed(chunk, most + 1 - len(body))
        if len(body) > most or came > most:
            raise TooLarge
    if came and not decoder.complete():
        raise BadEncoding("the compressed stream ends too early")
    return bytes(body)


def _decoder(encodings: list[str]) -> _Decoder:
    if not encodings:
        return _Identity()
    if len(encodings) > 1 or encodings[0] not in ("gzip", "x-gzip", "deflate"):
        raise BadEncoding(", ".join(encodings))
    return _Inflating()
