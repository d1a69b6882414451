"""Opens a connection to a host: the first of its addresses that answers, each of them guarded
before any is tried.

As RFC 8305 has it ("Happy Eyeballs"): the families in turn, the next address a moment after the
last, so that one that is dead costs a quarter of a second and not the whole deadline.
"""

from __future__ import annotations

import errno
import os
import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from itertools import chain, zip_longest
from typing import Any

from service.errors import FetchError
from service.portals.addresses import is_nobodys, is_public_ip
from service.portals.request_budget import OUR_NETWORK, RequestBudget, translate
from service.types import Outcome
from service.words import coded

NEXT_AFTER_S = 0.25
"""RFC 8305, section 5: the recommended Connection Attempt Delay."""
_MOST_ADDRESSES = 16

NewSocket = Callable[[int, int, int], socket.socket]


def dial(budget: RequestBudget, host: str, port: int, new_socket: NewSocket) -> socket.socket:
    """A connected socket. Raises FetchError: OWN_NETWORK only where no address of any family has a
    route."""
    rows = _look_up(budget, host, port)[:_MOST_ADDRESSES]
    for row in rows:
        _guard(budget, host, port, row[4][0])
    race = _Race(budget, new_socket)
    try:
        return race.run(_in_turn(rows))
    finally:
        race.close()


def _look_up(budget: RequestBudget, host: str, port: int) -> list[tuple[Any, ...]]:
    """Resolves in a thread of its own: getaddrinfo knows no deadline."""
    answer: queue.SimpleQueue[list[tuple[Any, ...]] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(budget.resolve(host, port))
        except (OSError, UnicodeError) as error:
            answer.put(error)

    threading.Thread(target=ask, daemon=True, name="loa-resolve").start()
    try:
        found = answer.get(timeout=budget.left_s())
    except queue.Empty:
        raise FetchError(
            coded("fetch.name_silent", url=budget.url, host=host), Outcome.NETWORK
        ) from None
    if isinstance(found, OSError) and found.errno in OUR_NETWORK:
        raise translate(budget, found) from found
    if isinstance(found, Exception):
        is_silent = isinstance(found, socket.gaierror) and found.errno == socket.EAI_AGAIN
        code = "fetch.name_not_now" if is_silent else "fetch.name_unknown"
        raise FetchError(coded(code, url=budget.url, host=host), Outcome.NETWORK) from found
    return found


def _guard(budget: RequestBudget, host: str, port: int, address: str) -> None:
    is_trusted = (host.lower(), port) in budget.trusted and not is_nobodys(address)
    if not is_trusted and not is_public_ip(address):
        raise FetchError(
            coded("fetch.private", url=budget.url, host=host),
            Outcome.REDIRECTED,
            location=budget.url,
        )


def _in_turn(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The addresses as they came, the families by turns (RFC 8305, section 4)."""
    first = [row for row in rows if row[0] == rows[0][0]]
    others = [row for row in rows if row[0] != rows[0][0]]
    return [row for row in chain.from_iterable(zip_longest(first, others)) if row is not None]


class _Race:
    """Attempts to connect that run side by side; the first to succeed wins, the others are
    closed."""

    def __init__(self, budget: RequestBudget, new_socket: NewSocket) -> None:
        self._budget = budget
        self._new_socket = new_socket
        self._ready = selectors.DefaultSelector()
        self._failures: list[tuple[int, OSError]] = []
        """The family of an address, and why it could not be connected to."""

    def run(self, rows: list[tuple[Any, ...]]) -> socket.socket:
        waiting: Iterator[tuple[Any, ...]] = iter(rows)
        next_at = 0.0
        while True:
            row = (
                next(waiting, None)
                if time.monotonic() >= next_at or not self._ready.get_map()
                else None
            )
            if row is not None:
                next_at = time.monotonic() + NEXT_AFTER_S
                self._begin(row)
            elif not self._ready.get_map():
                break
            left_s = self._budget.left_s()
            winner = self._await(min(left_s, max(0.0, next_at - time.monotonic()) or NEXT_AFTER_S))
            if winner is not None:
                return winner
        raise self._verdict()

    def _begin(self, row: tuple[Any, ...]) -> None:
        family, kind, protocol, _, address = row
        try:
            sock = self._new_socket(family, kind, protocol)
        except OSError as error:  # a family that this machine does not know
            self._failures.append((family, error))
            return
        sock.setblocking(False)
        code = sock.connect_ex(address)
        if code not in (0, errno.EINPROGRESS):
            sock.close()
            self._failed(family, code)
            return
        self._ready.register(sock, selectors.EVENT_WRITE, address)

    def _await(self, wait_s: float) -> socket.socket | None:
        if not self._ready.get_map():
            return None
        for key, _ in self._ready.select(wait_s):
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            self._ready.unregister(sock)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code == 0:
                sock.setblocking(True)
                sock.settimeout(self._budget.left_s())
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._budget.peer = key.data
                self._budget.has_dialled = True
                return sock
            self._failed(sock.family, code)
            sock.close()
        return None

    def _failed(self, family: int, code: int) -> None:
        self._failures.append((family, OSError(code, os.strerror(code))))

    def _verdict(self) -> FetchError:
        """What the host did counts before what we could not: one address that refuses proves that
        we are connected.

        No route to an address of version 6 is none: many a machine has none to any.
        """
        url = self._budget.url
        theirs = [error for _, error in self._failures if error.errno not in OUR_NETWORK]
        if theirs:
            return translate(self._budget, theirs[0])
        if any(family == socket.AF_INET for family, _ in self._failures):
            return translate(self._budget, self._failures[0][1])
        return FetchError(coded("fetch.no_way", url=url), Outcome.NETWORK)

    def close(self) -> None:
        for key in list(self._ready.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._ready.close()
