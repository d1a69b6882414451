"""Places for what must not be done by all at once: so many in all, so many of them for one
client."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import Any


class AdmissionSlots:
    """Taken and given back from any thread. Nobody waits here: who finds none is sent away."""

    def __init__(self, most: int, a_client: int) -> None:
        self._most = most
        self._a_client = a_client
        self._taken: Counter[str] = Counter()
        self._lock = Lock()

    def take(self, client: str) -> bool:
        """Whether there was a place; it is to be given back."""
        with self._lock:
            is_free = self._taken.total() < self._most and self._taken[client] < self._a_client
            self._taken[client] += is_free
            if not self._taken[client]:
                del self._taken[client]
            return is_free

    def give_back(self, client: str) -> None:
        with self._lock:
            self._taken[client] -= 1
            if not self._taken[client]:
                del self._taken[client]


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
    return network_of(said or peer) or peer


def network_of(address: str) -> str | None:
    """The name under which one address is counted: its /64, since whoever has one IPv6 address has
    as many as he likes (RFC 6177); None for what is no address.

    >>> network_of("::ffff:192.0.2.7"), network_of("fe80::1%eth0"), network_of("x")
    ('192.0.2.7', 'fe80::', None)
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
