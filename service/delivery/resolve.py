"""Names to addresses by c-ares, which needs no thread for a name: forty that hang delay no other.

One look-up a name at a time; answers are kept for a minute, failures for twenty seconds.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import pycares

KEPT_S = 60.0
FAILED_KEPT_S = 20.0
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class ResolvedName:
    """The addresses of a name; none when it could not be resolved."""

    name: str
    addresses: tuple[str, ...]


class Resolver:
    """`ask` gives an answer that is known, or starts a look-up; `answers` gives those that have
    come since."""

    def __init__(self, *, servers: list[str] | None = None, port: int | None = None) -> None:
        self._channel = pycares.Channel(
            timeout=3, tries=2, servers=servers, udp_port=port, tcp_port=port
        )
        self._arrived: SimpleQueue[ResolvedName] = SimpleQueue()
        self._known: OrderedDict[str, tuple[ResolvedName, float]] = OrderedDict()
        self._asked: set[str] = set()

    def ask(self, name: str) -> ResolvedName | None:
        """The answer, or None: it will be among `answers` later."""
        known = self._known.get(name)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        if name not in self._asked:
            self._asked.add(name)
            self._channel.getaddrinfo(name, None, callback=self._callback(name))
        return None

    def answers(self) -> list[ResolvedName]:
        """What has arrived; never waits."""
        found: list[ResolvedName] = []
        while True:
            try:
                answer = self._arrived.get_nowait()
            except Empty:
                return found
            self._keep(answer)
            found.append(answer)

    def close(self) -> None:
        self._channel.close()

    def _keep(self, answer: ResolvedName) -> None:
        self._asked.discard(answer.name)
        kept_s = KEPT_S if answer.addresses else FAILED_KEPT_S
        self._known[answer.name] = (answer, time.monotonic() + kept_s)
        self._known.move_to_end(answer.name)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)

    def _callback(self, name: str) -> Callable[[Any, int | None], None]:
        def arrived(result: Any, error: int | None) -> None:
            nodes = [] if error or result is None else result.nodes
            addresses = tuple(dict.fromkeys(_text(node.addr[0]) for node in nodes))
            self._arrived.put(ResolvedName(name, addresses))

        return arrived


def _text(address: bytes | str) -> str:
    return address.decode() if isinstance(address, bytes) else address
