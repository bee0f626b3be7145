"""Which addresses the fetcher may connect to: none that leads back into our own networks, however it is written.

The judgement is on the address that is about to be connected to, never on the host's spelling: `127.1`, `0x7f000001` and
`①②⑦.0.0.1` are all 127.0.0.1 once resolved.
"""

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)
_REFUSED = tuple(
    ip_network(text)
    for text in (
        "64:ff9b:1::/48",  # local-use NAT64 (RFC 8215): leads wherever the local translator likes
        "fec0::/10",  # site-local, deprecated (RFC 3879), still routed by some
        "192.88.99.0/24",  # 6to4 relays, deprecated (RFC 7526)
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598)
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "0.0.0.0/8",
        "240.0.0.0/4",
    )
)
"""Networks that Python's `is_global` does not, or did not always, count among the special ones."""


def refusal(address: str, allowed: Sequence[Network] = ()) -> str | None:
    """Why this IP address must not be connected to, as a stable code; None if it may be.

    IPv4 addresses wrapped in IPv6 (mapped, compatible, 6to4, Teredo, NAT64, ISATAP) are judged by what is inside as well.
    `allowed` are the networks that the operator vouches for; they are compared with the address as given and unwrapped.
    """
    try:
        outer = ip_address(address.partition("%")[0])
    except ValueError:
        return "address_invalid"
    faces = [outer, *_inside(outer)]
    if any(face in network for face in faces for network in allowed if face.version == network.version):
        return None
    return None if all(_public(face) for face in faces) else "address_not_public"


def _inside(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address carries."""
    if isinstance(address, IPv4Address):
        return []
    found: list[Address] = []
    if address.ipv4_mapped is not None:
        found.append(address.ipv4_mapped)
    if address.sixtofour is not None:
        found.append(address.sixtofour)
    if address.teredo is not None:
        found.extend(address.teredo)
    low = int(address) & 0xFFFFFFFF
    if address in _NAT64 or address in _COMPATIBLE or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        found.append(IPv4Address(low))
    return found


def _public(address: Address) -> bool:
    if address.is_multicast or address.is_unspecified or address.is_loopback:
        return False
    if any(address in network for network in _REFUSED if network.version == address.version):
        return False
    mapped = isinstance(address, IPv6Address) and address.ipv4_mapped is not None
    return mapped or address.is_global
