"""What the pages of a portal may make us fetch: files of one site, and no port that nobody named.

The operator's word goes first: what a portal's file names may be anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

from service.alerts.target import BAD_PORTS
from service.errors import FetchError
from service.portals.addresses import bare_host, port_of, split_address
from service.settings import PortalConfig
from service.types import Outcome
from service.values import is_ip_address
from service.words import coded

_WEB = frozenset({80, 443})


@lru_cache(maxsize=1)
def _public_suffixes() -> PublicSuffixList:
    """A megabyte, read from the package when first asked for."""
    return PublicSuffixList()


def registered_domain(host: str) -> str:
    """The domain that somebody registered, with all that is below it, by the public suffix list
    (https://publicsuffix.org/list/, its private part too: blogs of one provider are many sites).

    An address, a single name and a suffix are themselves.
    """
    name = bare_host(host)
    if ":" in name or name.rpartition(".")[2].isdigit():
        return name
    return _public_suffixes().privatesuffix(name) or name


@lru_cache(maxsize=256)
def trusted_origins(portal: PortalConfig) -> frozenset[tuple[str, int]]:
    """(host, port) of all that the operator wrote down: these may be on a private network.

    One that is on the web's own port may be asked over http and https.
    """
    named = (portal.base_url, *(listing.url for listing in portal.listings))
    pairs = {
        (parts.hostname or "", port_of(parts)) for parts in map(urlsplit, named) if parts.hostname
    }
    pairs |= {pair for host in portal.file_hosts for pair in _listed(host)}
    pairs |= {(host, port) for host, own in pairs if own in _WEB for port in _WEB}
    return frozenset((host.lower(), port) for host, port in pairs)


def refuse_address(url: str, portal: PortalConfig) -> None:
    """Raises FetchError for what no page may make us ask: a port of its own host that nobody named,
    or one that is not for the web anywhere."""
    parts = split_address(url)
    host, port = bare_host(parts.hostname or ""), port_of(parts)
    if (host, port) in _bare_origins(portal):
        return
    if port in BAD_PORTS:
        raise _refused("fetch.bad_port", url, host, port)
    if any(host == own for own, _ in _bare_origins(portal)):
        raise _refused("fetch.another_port", url, host, port)


def refuse_file(url: str, portal: PortalConfig) -> None:
    """Raises FetchError for a file that is not on the portal's site, nor on a host that the
    operator listed."""
    refuse_address(url, portal)
    parts = split_address(url)
    host, port = bare_host(parts.hostname or ""), port_of(parts)
    if (host, port) in _bare_origins(portal):
        return
    if registered_domain(host) not in _sites(own for own, _ in _bare_origins(portal)):
        raise _refused("file.other_site", url, host, port)
    if port not in _WEB:
        raise _refused("fetch.another_port", url, host, port)


@lru_cache(maxsize=256)
def _bare_origins(portal: PortalConfig) -> frozenset[tuple[str, int]]:
    """The trusted ones, `www.` or not: as files are named."""
    return frozenset((bare_host(host), port) for host, port in trusted_origins(portal))


def _sites(hosts: Iterable[str]) -> set[str]:
    return {registered_domain(host) for host in hosts if not is_ip_address(host)}


def _listed(host: str) -> list[tuple[str, int]]:
    """What an entry of `file_hosts` names: a host, on the web's ports unless it says another
    one."""
    parts = urlsplit(f"//{host}")
    return [
        (parts.hostname or "", port) for port in ((parts.port,) if parts.port else sorted(_WEB))
    ]


def _refused(code: str, url: str, host: str, port: int) -> FetchError:
    return FetchError(coded(code, url=url, host=host, port=port), Outcome.NETWORK)
