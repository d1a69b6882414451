"""Which network addresses are anybody's, by IANA's registries; and how a host is written plainly.

Pure. Who dials asks this of the address that is really dialled; who takes an address down asks it
of what is written.
"""

from __future__ import annotations

import unicodedata
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_UNICAST = IPv6Network("2000::/3")
"""All that IANA has given out of IPv6 (RFC 4291, 2.4, and the registry "IPv6 Global Unicast Address
Space")."""

_NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        # protocol assignments (RFC 2928), Teredo and ORCHID among them: nobody's service is there
        "2001::/23",
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4 (RFC 3056): ends in any IPv4 address
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # shared by a provider's customers (RFC 6598)
        "127.0.0.0/8",  # loopback (RFC 1122)
        "169.254.0.0/16",  # link-local (RFC 3927)
        "172.16.0.0/12",  # private (RFC 1918)
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "192.168.0.0/16",  # private (RFC 1918)
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "198.51.100.0/24",  # documentation (RFC 5737)
        "203.0.113.0/24",  # documentation (RFC 5737)
        "224.0.0.0/4",  # multicast (RFC 1112)
        "240.0.0.0/4",  # reserved (RFC 1112), broadcast (RFC 919)
    )
)
"""IANA's registries of special-purpose addresses for IPv4 and IPv6, those that are not globally
reachable."""

_DOTS = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61\u2024\ufe52", "."))
"""What look-ups take for a dot (RFC 3490, 3.1), and what they fold into one (UTS 46)."""


def is_public_address(address: IPv4Address | IPv6Address) -> bool:
    """Whether anybody on the internet may have it. No IPv6 address that holds one of IPv4 is:
    mapped, NAT64, 6to4.

    >>> is_public_address(ip_address("2606:4700::1")), is_public_address(ip_address("fec0::1"))
    (True, False)
    """
    if isinstance(address, IPv6Address):
        return address in _UNICAST and not any(address in network for network in _NOT_PUBLIC_6)
    return not any(address in network for network in _NOT_PUBLIC_4)


def plain_host(host: str) -> str:
    """A host as a look-up would read it: other dots are dots, wide and circled digits are digits.

    >>> plain_host("１２７。0｡0．①")
    '127.0.0.1'
    """
    return unicodedata.normalize("NFKC", host.translate(_DOTS)).translate(_DOTS).rstrip(".").lower()


def is_disguised(host: str) -> bool:
    """Whether a host is not written as it is looked up: with other dots, or an address in other
    digits.

    >>> is_disguised("127。0。0。1"), is_disguised("１２７.0.0.1"), is_disguised("bắcninh.vn")
    (True, True, False)
    """
    if host.isascii():
        return False
    plain = plain_host(host)
    return any(ord(char) in _DOTS for char in host) or (
        plain.rpartition(".")[2].isdecimal() and plain.isascii()
    )


def parse_address(host: str) -> IPv4Address | IPv6Address | None:
    """An address of either kind, its zone left out; None for what is none."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None
