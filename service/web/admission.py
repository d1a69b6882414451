"""The door for requests with a body: reads each whole before the application sees it, so many at once.

The server has no deadline for a body, and a read of one that stalls cannot be interrupted: it holds a thread until
its client hangs up. So the places are few, and one client has few of them. What remains: clients at BODIES / A_CLIENT
different addresses that all stall close the door for as long as they like; only a proxy in front that takes in bodies
before it passes them on (most do) helps against those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import Any

BODIES = 16
"""So many threads the server has beside those that answer (see `front`)."""

A_CLIENT = 4
MAX_BODY_BYTES = 1 << 20
"""Of any request. The API has a tighter limit of its own; no form comes near this one."""


class Door:
    """Places for the bodies that are being read; `proxies` is how many proxies in front are trusted."""

    def __init__(self, bodies: int = BODIES, a_client: int = A_CLIENT, proxies: int = 0) -> None:
        self._bodies = bodies
        self._a_client = a_client
        self._proxies = proxies
        self._reading: Counter[str] = Counter()
        self._lock = Lock()

    def take_in(self, environ: dict[str, Any]) -> bool:
        """Reads the body, and leaves it in the environ for the application; False when there is no place for it."""
        with self._place(client_of(environ, self._proxies)) as is_admitted:
            if is_admitted:
                environ["wsgi.input"] = BytesIO(_read(environ))
            return is_admitted

    @contextmanager
    def _place(self, client: str) -> Iterator[bool]:
        with self._lock:
            is_admitted = self._reading.total() < self._bodies and self._reading[client] < self._a_client
            self._reading[client] += is_admitted
        try:
            yield is_admitted
        finally:
            with self._lock:
                self._reading[client] -= is_admitted
                if not self._reading[client]:
                    del self._reading[client]


def client_of(environ: dict[str, Any], proxies: int) -> str:
    """Who asks, as the outermost of the trusted proxies saw it. A /64 of IPv6 is one client.

    >>> client_of({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "1.1.1.1, 192.0.2.7"}, 1)
    '192.0.2.7'
    >>> client_of({"REMOTE_ADDR": "2001:db8::1"}, 0)
    '2001:db8::'
    """
    peer = str(environ.get("REMOTE_ADDR", ""))
    forwarded = [one.strip() for one in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    said = forwarded[-proxies] if 0 < proxies <= len(forwarded) else peer
    try:
        address = ip_address(said or peer)
    except ValueError:
        return peer
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return str(address)


def _read(environ: dict[str, Any]) -> bytes:
    """All of it, or as much of one that is too long as shows it to be so; of one that says so itself, nothing."""
    said = environ.get("CONTENT_LENGTH", "")
    if said.isdecimal():
        wanted = int(said) if int(said) <= MAX_BODY_BYTES else 0
    else:
        wanted = MAX_BODY_BYTES + 1 if environ.get("wsgi.input_terminated") else 0
    body: bytes = environ["wsgi.input"].read(wanted) if wanted else b""
    return body
