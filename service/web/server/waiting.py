"""Clients that wait for what they are owed, without a thread each: one thread looks for all.

Holds their exchanges and answers each once: when something became due for it, when its time is
over, or when the server ends. A client that hung up is forgotten; what was leased for it meanwhile
is handed out again when the lease ends. Refuses to know what is handed out: it asks `PullSource`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from werkzeug.exceptions import TooManyRequests

from service.delivery.prepare import SignedMessage
from service.delivery.pull_source import PullRequest
from service.errors import LoaError
from service.heartbeat import Pulse
from service.web.server.exchange import Headers, plain_answer
from service.words import coded

log = logging.getLogger(__name__)

EXTENSION = "loa.waits"
MAX_WAIT_S = 55.0
"""Proxies give up after 60 s."""

LOOK_EVERY_S = 0.1
A_TOKEN = 8
"""Clients that wait with one token: an office has one or two, and a mistake in a loop not 8,192."""

_SWEEP_EVERY_S = 1.0
_AT_ONCE = 250
"""Clients that one transaction hands out to: some 20 ms on SQLite, whose writer others wait for."""

Answer = tuple[int, Headers, bytes]


class MessageSource(Protocol):
    """What `service.delivery.pull_source.PullSource` is to who waits."""

    def due(self) -> set[str]: ...

    def hand_out(self, asks: list[PullRequest]) -> list[list[SignedMessage]]: ...

    def write_notes(self) -> None: ...


Show = Callable[[SignedMessage], dict[str, str]]


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """`owner`: the id of the token that asks. `wait_s`: how long, at most MAX_WAIT_S."""

    owner: str
    ask: PullRequest
    wait_s: float


_STREAM = {"PATH_INFO": "/api/v1/stream"}
"""All that wait here: programs."""


@dataclass(slots=True, eq=False)
class _HeldRequest:
    exchange: Any
    empty: Answer
    owner: str
    ask: PullRequest
    until: float


class LongPolls:
    """All that wait in this process. `show` makes a message what the answer holds of it."""

    def __init__(
        self,
        hands: MessageSource,
        show: Show,
        pulse: Pulse | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hands = hands
        self._show = show
        self._pulse = pulse or Pulse()
        self._now = now
        self._lock = threading.Lock()
        self._held: dict[str, list[_HeldRequest]] = defaultdict(list)
        self._of_owner: Counter[str] = Counter()
        self._empty: dict[bytes, Answer] = {}
        self._is_ending = False
        self._swept_at = now()

    def require_room(self, wait: WaitingRequest) -> None:
        """Raises 429 where as many wait with this token as may."""
        with self._lock:
            is_full = self._of_owner[wait.owner] >= A_TOKEN
        if is_full:
            raise TooManyRequests(coded("refused.many_waiting", limit=A_TOKEN), retry_after=5)

    def hold(self, wait: WaitingRequest, exchange: Any, empty: Answer) -> None:
        """Takes over an exchange, and its answer for when nothing comes."""
        held = _HeldRequest(
            exchange, self._shared(empty), wait.owner, wait.ask, self._now() + wait.wait_s
        )
        with self._lock:
            is_full = self._of_owner[wait.owner] >= A_TOKEN  # several may have found room at once
            is_held = not (self._is_ending or is_full)
            if is_held:
                self._of_owner[held.owner] += 1
                for key in held.ask.keys:
                    self._held[key].append(held)
        if is_full:
            exchange.response_bytes(*plain_answer(_STREAM, 429, ("Retry-After", "5")))
        elif not is_held:
            exchange.response_bytes(*empty)

    def _shared(self, empty: Answer) -> Answer:
        """One and the same for all: their answers differ in nothing."""
        key = repr(empty[1]).encode() + empty[2]
        if len(self._empty) > 100:
            self._empty.clear()
        return self._empty.setdefault(key, empty)

    @property
    def count(self) -> int:
        with self._lock:
            return self._of_owner.total()

    def keep_looking(self, is_ending: Callable[[], bool]) -> None:
        """Looks until the server ends; then lets everybody go, and returns."""
        pause = threading.Event()
        while not is_ending():
            self._pulse.beat("waiting clients")
            try:
                self.look()
            except LoaError as error:  # the database is away: they wait on
                log.warning("cannot look for what waiting clients are owed: %s", error)
                pause.wait(1)
            except Exception:  # a bug, logged whole: the others must not wait for ever
                log.exception("cannot look for what waiting clients are owed")
                pause.wait(1)
            pause.wait(LOOK_EVERY_S)
        self.end()

    def end(self) -> None:
        """Answers all that wait, with nothing; whoever asks from now on does not wait."""
        with self._lock:
            self._is_ending = True
            rest = {id(one): one for held in self._held.values() for one in held}
        self._let_go(rest.values())
        self._pulse.rest("waiting clients")

    def look(self) -> None:
        """Once: who is owed something gets it, whose time is over nothing; who is gone, goes."""
        self._hands.write_notes()
        if self._now() - self._swept_at >= _SWEEP_EVERY_S:
            self._sweep()
        with self._lock:
            has_any = bool(self._held)
        if has_any:
            self._give(self._hands.due())

    def _sweep(self) -> None:
        now = self._swept_at = self._now()
        with self._lock:
            over = {
                id(one): one
                for held in self._held.values()
                for one in held
                if one.exchange.is_gone or one.until <= now
            }
        self._let_go(over.values())

    def _let_go(self, held: Iterable[_HeldRequest]) -> None:
        for one in self._taken(held):
            if not one.exchange.is_gone:
                one.exchange.response_bytes(*one.empty)

    def _taken(self, held: Iterable[_HeldRequest]) -> list[_HeldRequest]:
        """Those of them that are still held, which from now on are not."""
        taken = []
        with self._lock:
            for one in held:
                if not any(one in self._held.get(key, ()) for key in one.ask.keys):
                    continue
                taken.append(one)
                self._forget_owner(one.owner)
                for key in one.ask.keys:
                    self._held[key].remove(one)
                    if not self._held[key]:
                        del self._held[key]
        return taken

    def _forget_owner(self, owner: str) -> None:
        self._of_owner[owner] -= 1
        if not self._of_owner[owner]:
            del self._of_owner[owner]

    def _give(self, due: set[str]) -> None:
        """The one who has waited longest for each endpoint first."""
        with self._lock:
            first = {id(self._held[key][0]): self._held[key][0] for key in due & set(self._held)}
        waiting = list(first.values())
        for start in range(0, len(waiting), _AT_ONCE):
            self._pulse.beat("waiting clients")
            some = [one for one in waiting[start : start + _AT_ONCE] if not one.exchange.is_gone]
            found = self._hands.hand_out([one.ask for one in some])
            for one, messages in zip(some, found, strict=True):
                if messages and self._taken((one,)):
                    self._send(one, messages)

    def _send(self, held: _HeldRequest, messages: list[SignedMessage]) -> None:
        status, headers, _ = held.empty
        body = orjson.dumps({"messages": [self._show(one) for one in messages]})
        length = ("Content-Length", str(len(body)))
        rest = [(name, value) for name, value in headers if name != "Content-Length"]
        held.exchange.response_bytes(status, [*rest, length], body)
