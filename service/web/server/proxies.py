"""Which machine a request really comes from, and whether a proxy stands in front that nobody
configured."""

from __future__ import annotations

import threading
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from service.errors import StorageError
from service.logs import Log
from service.storage.proxy_sightings import note_proxy
from service.values import MAX_LINE

if TYPE_CHECKING:
    from service.bootstrap import Loa

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
"""What proxies say of who asks."""
NOTED_EVERY_S = 3600.0

log = Log(__name__)


def peer_of(environ: dict[str, Any]) -> str:
    """The other end of the connection, whatever headers say."""
    original = environ.get("werkzeug.proxy_fix.orig") or {}
    return str(original.get("REMOTE_ADDR") or environ.get("REMOTE_ADDR") or "")


def is_forwarded(environ: dict[str, Any]) -> bool:
    return any(environ.get(name) for name in FORWARDED)


def is_from_this_machine(environ: dict[str, Any]) -> bool:
    """Asked over the loopback, and not on behalf of another by a proxy on this machine."""
    address = _address(peer_of(environ))
    return address is not None and address.is_loopback and not is_forwarded(environ)


def named_by_proxy(environ: dict[str, Any], header: str, proxies: int) -> str:
    """Whom a trusted proxy names in this header; empty: nobody.

    Only a neighbour is believed, and only a request that passed all of the proxies that are
    trusted; a name said twice, by a client and by a proxy that does not overwrite it, is none.
    """
    if not header or not proxies:
        return ""
    address = _address(peer_of(environ))
    passed = list(filter(str.strip, str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")))
    if address is None or not (address.is_loopback or address.is_private) or len(passed) < proxies:
        return ""
    said = str(environ.get(f"HTTP_{header.upper().replace('-', '_')}", ""))
    name = said.encode("latin-1", "replace").decode("utf-8", "replace").strip()
    return name if name.isprintable() and "," not in name and len(name) <= MAX_LINE else ""


class ProxyWatch:
    """Notes, at most once an hour, that a proxy is in front while none is configured.

    Only what a neighbour says counts: a stranger who writes such a header himself comes from afar.
    """

    def __init__(self, loa: Loa) -> None:
        self._loa = loa
        self._noted_at: float | None = None
        self._lock = threading.Lock()

    def look(self, environ: dict[str, Any]) -> None:
        if self._loa.settings.server.trusted_proxies or not is_forwarded(environ):
            return
        address = _address(peer_of(environ))
        if (
            address is None
            or not (address.is_loopback or address.is_private)
            or not self._is_time()
        ):
            return
        try:
            with self._loa.database.writing() as conn:
                note_proxy(conn, self._loa.clock())
        except StorageError as error:
            log.warning("cannot note that a proxy is in front", error=str(error))

    def _is_time(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if self._noted_at is not None and now - self._noted_at < NOTED_EVERY_S:
                return False
            self._noted_at = now
            return True


def _address(said: str) -> Any:
    try:
        address = ip_address(said)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
