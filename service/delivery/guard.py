"""The guard at the door: what may really be dialled.

Asked for each address at the moment of dialling, for a name may have turned private since it was
added (`alerts.target` says what may be).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

import pycurl

from service.alerts.target import is_public


def is_allowed(addresses: Sequence[str], *, allow_private_networks: bool) -> bool:
    """Whether all of a name's addresses may be dialled: one private one among them is an attempt at
    us."""
    return allow_private_networks or all(is_public(address) for address in addresses)


class _DialledSocket:
    """A socket that pycurl asks for its number and duplicates; ours is closed when pycurl lets go
    of it."""

    def __init__(self, address: Any) -> None:
        self._socket = socket.socket(address.family, address.socktype, address.protocol)

    def fileno(self) -> int:
        return self._socket.fileno()

    def __del__(self) -> None:
        self._socket.close()


def guard_for(
    refuse: Callable[[], None], opened: Callable[[], None], *, allow_private_networks: bool
) -> Callable[[int, Any], Any]:
    """libcurl's OPENSOCKETFUNCTION: opens a socket to an address that may be dialled, and says so;
    else `refuse`."""

    def open_socket(_purpose: int, address: Any) -> Any:
        if not allow_private_networks and not is_public(str(address.addr[0])):
            refuse()
            return pycurl.SOCKET_BAD
        opened()
        return _DialledSocket(address)

    return open_socket
