"""Which hosts and network addresses a portal may lead us to.

A configured base_url may be anywhere, a private network too. What a portal's pages or redirects
name may not.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from service.alerts.networks import is_public_address, plain_host
from service.errors import FetchError
from service.types import Outcome
from service.words import coded

_PORTS = {"http": 80, "https": 443}


def is_public_ip(address: str) -> bool:
    """Whether an IP address is one of the public network, after every disguise is taken off."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return is_public_address(mapped or ip)


_NOBODYS = tuple(map(ipaddress.ip_network, ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "::/128",
                                            "fe80::/10", "ff00::/8")))  # fmt: skip
"""No portal is there, whoever wrote it down: this host by another name, what a cloud tells its own
machines, and what is no single host."""


def is_nobodys(address: str) -> bool:
    """Whether an IP address is that of no host that anybody could mean."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return any((mapped or ip) in network for network in _NOBODYS)


def is_private_literal(host: str) -> bool:
    """Whether a host is written as an address that is not public, or is `localhost`."""
    name = plain_host(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return not is_public_ip(name)
    except ValueError:
        return False


def split_address(url: str) -> SplitResult:
    """The parts of an http address. Raises FetchError for everything else, user info included."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - the property itself raises for a port that is none
    except ValueError as error:
        raise FetchError(coded("fetch.no_address", url=url), Outcome.NETWORK) from error
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise FetchError(coded("fetch.not_http", url=url), Outcome.NETWORK)
    return parts


def port_of(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


def host_key(parts: SplitResult) -> str:
    """scheme://host:port, the name under which a host is remembered."""
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port_of(parts)}"


def bare_host(host: str) -> str:
    """The host without `www.` and without the root's dot: two names of one site."""
    return host.lower().rstrip(".").removeprefix("www.")


def refuse_redirect(source: str, target: str) -> str | None:
    """Why a redirect may not be followed, as a code; None when it stays within the host."""
    old, new = urlsplit(source), urlsplit(target)
    if new.scheme not in _PORTS or not new.hostname:
        return "redirect.not_http"
    if is_private_literal(new.hostname) and (old.hostname or "").lower() != new.hostname.lower():
        return "redirect.private"
    if bare_host(old.hostname or "") != bare_host(new.hostname):
        return "redirect.another_host"
    if old.scheme == "https" and new.scheme == "http":
        return "redirect.cleartext"
    if port_of(new) != (port_of(old) if old.scheme == new.scheme else _PORTS[new.scheme]):
        return "redirect.another_port"
    return None
