"""What one request to a portal may still use up, and what a foreign exception during it means."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from service.errors import FetchError
from service.types import Outcome
from service.words import coded

Resolve = Callable[[str, int], list[tuple[Any, ...]]]
"""(host, port) → rows as `socket.getaddrinfo` returns them; raises OSError."""

OUR_NETWORK = frozenset({100, 101, 51, 50})
"""ENETDOWN and ENETUNREACH, on Linux and on BSD."""


def resolve_name(host: str, port: int) -> list[tuple[Any, ...]]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


@dataclass(slots=True)
class RequestBudget:
    """What one request may still use up; every socket of the request asks it."""

    url: str
    deadline: float
    """On the monotonic clock."""
    wire_left: int
    trusted: frozenset[tuple[str, int]]
    """(host, port) that may be on a private network."""
    resolve: Resolve
    timeout_s: float
    peer: tuple[Any, ...] | None = field(default=None)
    """The address that was dialled last; None before."""
    has_dialled: bool = False
    """Whether the present exchange opened a connection; False while it uses one that was kept
    alive."""

    def left_s(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise FetchError(
                coded("fetch.late", url=self.url, timeout_s=self.timeout_s), Outcome.NETWORK
            )
        return left

    def count(self, received: int) -> int:
        self.wire_left -= received
        if self.wire_left < 0:
            raise FetchError(coded("fetch.too_much", url=self.url), Outcome.TOO_BIG)
        return received


def translate(budget: RequestBudget, error: BaseException) -> FetchError:
    """What a foreign exception means, in one line and one outcome."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        reason = getattr(cause, "reason", None)
        nested = reason if isinstance(reason, BaseException) else next(iter(inside(cause)), None)
        cause = nested or cause.__cause__ or cause.__context__
    for known in seen:
        if isinstance(known, FetchError):
            return known
        if (
            isinstance(known, OSError)
            and known.errno in OUR_NETWORK
            and not isinstance(known, ssl.SSLError)
        ):
            return FetchError(coded("fetch.own_network", url=budget.url), Outcome.OWN_NETWORK)
    innermost = seen[-1]
    said = str(innermost) or type(innermost).__name__
    return FetchError(coded("fetch.failed", url=budget.url, said=said), Outcome.NETWORK)


def inside(error: BaseException) -> Iterator[BaseException]:
    """The exceptions that one was made of: urllib3 puts them into its arguments."""
    return (arg for arg in error.args if isinstance(arg, BaseException))
