"""Where a webhook may go: the form of its address, and which network addresses are anybody's.

Pure: judges what is written and what was resolved, and looks nothing up. The same rule is asked
when a subscription is added and again for the address that is dialled.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import idna

from service.alerts.networks import is_disguised, is_public_address, parse_address, plain_host
from service.errors import InvalidInput
from service.words import coded

# Ports that speak something other than HTTP: a request written to them could be taken for a
# command.
# The list of the Fetch standard (https://fetch.spec.whatwg.org/#port-blocking), and databases and
# caches.
BAD_PORTS = frozenset(
    {0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109,
     110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445, 465, 512, 513,
     514, 515, 526,
     530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 873, 989, 990, 993, 995, 1433, 1521,
     1719, 1720, 1723,
     2049, 2375, 2376, 2379, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5984, 6000, 6379, 6566,
     6665, 6666,
     6667, 6668, 6669, 6679, 6697, 9042, 9200, 9300, 10080, 11211, 27017}
)  # fmt: skip

_NUMBER = re.compile(
    r"^(0[xX][0-9a-fA-F]*|[0-9]+)$"
)  # what inet_aton takes for a part of an address
_NAME = re.compile(r"^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$")
_LOCAL = ("localhost", "local", "internal", "localdomain", "home.arpa", "intranet", "lan", "onion")


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's address, taken apart. `host` is ASCII, lower case, without brackets or a final
    dot."""

    url: str
    scheme: str
    host: str
    port: int
    endpoint_key: str
    """scheme://host:port/path: what a cap of its own is for."""
    host_key: str
    """scheme://host:port: what endpoints of one machine share."""


def host_of(endpoint_key: str) -> str:
    """The host key of an endpoint: what others may be shown of it, for a path is often what lets
    one in."""
    return "/".join(endpoint_key.split("/", 3)[:3])


_AS_URL = coded("allowed.among", names="https://host/path")
_AS_HTTPS = coded("allowed.among", names="https")


def is_public(address: str) -> bool:
    """Whether an address belongs to the public network, judging what is embedded in IPv6 too."""
    ip = parse_address(address)
    return ip is not None and is_public_address(ip)


def parse_target(url: str, *, allow_private_networks: bool = False) -> Target:
    """Takes a webhook's address apart. Raises InvalidInput (field `url`) for whatever may not be
    sent to."""
    if len(url) > 2000 or any(ord(c) <= 0x20 or 0x7F <= ord(c) <= 0xA0 for c in url) or "\\" in url:
        raise _refused("bad.url", "allowed.url_short")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused("bad.url", _AS_URL) from error
    scheme = parts.scheme.lower()
    if scheme not in ("https", "http"):
        raise _refused(coded("bad.url_scheme", text=scheme), _AS_HTTPS)
    if scheme == "http" and not allow_private_networks:
        raise _refused("bad.url_plain", "allowed.url_https")
    if "@" in parts.netloc:
        raise _refused("bad.url_user", "allowed.url_no_user")
    if parts.fragment:
        raise _refused("bad.url_fragment", "allowed.url_no_fragment")
    host = _host(parts.hostname or "", allow_private_networks)
    port = port if port is not None else (443 if scheme == "https" else 80)
    if port in BAD_PORTS:
        raise _refused(coded("bad.url_port", port=port), "allowed.url_port")
    shown = f"[{host}]" if ":" in host else host
    host_key = f"{scheme}://{shown}:{port}"
    path = _ascii(parts.path or "/")
    netloc = shown if parts.port is None else f"{shown}:{port}"
    whole = urlunsplit((scheme, netloc, path, _ascii(parts.query), ""))
    return Target(whole, scheme, host, port, host_key + path, host_key)


def _ascii(part: str) -> str:
    """Percent-encodes what is not ASCII, and nothing twice."""
    return "".join(
        c if c.isascii() else "".join(f"%{b:02X}" for b in c.encode("utf-8", "replace"))
        for c in part
    )


def _host(written: str, allow_private_networks: bool) -> str:
    host = written.rstrip(".").lower()
    if is_disguised(host) or (not host.isascii() and _is_number(plain_host(host))):
        raise _refused("bad.url_form", "allowed.url_form")
    if not host:
        raise _refused("bad.url_no_host", _AS_URL)
    if ":" in host:
        return _address(host, allow_private_networks)
    labels = host.split(".")
    if _NUMBER.match(labels[-1]):
        if len(labels) != 4 or any(
            not label.isdigit() or (label != "0" and label[0] == "0") for label in labels
        ):
            raise _refused("bad.url_form", "allowed.url_form")
        return _address(host, allow_private_networks)
    return _name(host, labels, allow_private_networks)


def _is_number(host: str) -> bool:
    """Whether a look-up would take it for an address, in whatever form (inet_aton)."""
    return _NUMBER.match(host.rpartition(".")[2]) is not None or ":" in host


def _name(host: str, labels: list[str], allow_private_networks: bool) -> str:
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=False).decode()
        except idna.IDNAError as error:
            raise _refused("bad.url_name", "allowed.url_name") from error
        labels = host.split(".")
    if len(host) > 253 or not all(_NAME.match(label) for label in labels):
        raise _refused("bad.url_name", "allowed.url_name")
    is_local = len(labels) == 1 or any(host == name or host.endswith("." + name) for name in _LOCAL)
    if is_local and not allow_private_networks:
        raise _refused("bad.url_private_host", "allowed.url_public_name")
    return host


def _address(host: str, allow_private_networks: bool) -> str:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError as error:
        raise _refused("bad.url_address", "allowed.url_address") from error
    if not allow_private_networks and not is_public(host):
        raise _refused("bad.url_private_address", "allowed.url_public")
    return str(ip)


def _refused(problem: str, allowed: str) -> InvalidInput:
    return InvalidInput("url", problem, allowed)
