"""What came of one request, as values: the fetcher raises nothing for what a foreign server does.

Named by what to do next: use it (`Fetched`), keep what we have (`NotModified`), believe it (`Gone`, `Missing`), try later
(`Failed`), never (`Refused`).
"""

from collections.abc import Mapping
from datetime import timedelta

import msgspec


class Fetched(msgspec.Struct, frozen=True):
    """A 2xx answer. Header names are lower case; `body` is decompressed and complete.

    `url` is where it was found in the end; `permanent_url` the address that permanent redirects (301, 308) led to
    before any temporary one, None if there was none.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    permanent_url: str | None = None


class NotModified(msgspec.Struct, frozen=True):
    """304: what we have is current."""

    headers: Mapping[str, str]
    url: str
    permanent_url: str | None = None


class Gone(msgspec.Struct, frozen=True):
    """410: the publisher says that it will not come back."""

    url: str


class Missing(msgspec.Struct, frozen=True):
    """404: not there now."""

    url: str


class Refused(msgspec.Struct, frozen=True):
    """Our own rules forbid it, or what came broke them; asking again changes nothing.

    `reason`: scheme, url_invalid, address_not_public, address_invalid, robots, too_large, too_many_redirects,
    redirect_invalid, encoding, protocol.
    """

    reason: str
    url: str


class Failed(msgspec.Struct, frozen=True):
    """Try later, not before `retry_after` if the server asked for that.

    `reason`: dns, connect, tls, timeout, connection_lost, host_waiting, robots_unreachable, or http_NNN.
    `detail`: the first 1,000 bytes of the answer's body, for the operator.
    """

    reason: str
    url: str
    retry_after: timedelta | None = None
    status: int | None = None
    detail: bytes = b""


Outcome = Fetched | NotModified | Gone | Missing | Refused | Failed
