"""Queues in front of the application: what is in memory is answered by two threads of the server, all else by many.

Threads that hold the interpreter for microseconds hinder each other when they are many, and a slow page would hinder
them all. So no more than two take requests and answer what the thin layer has at once; the rest they hand on. Owns
the threads of the rest, and who of the server's threads takes requests.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from service.heartbeat import Pulse
from service.web.admission import BODIES
from service.web.hot import REFUSED, ThinLayer

log = logging.getLogger(__name__)

FRONT_THREADS = 2
"""Beside nginx with the same feed, 200 with gzip: 0.8 to 1.1 of its rate, its p99 times 0.7 to 1.8; with 32 threads
0.6 of its rate and its p99 times 3 to 6, with one 0.7 and 1.8."""

SERVER_THREADS = FRONT_THREADS + BODIES
"""A body can only be read in the server's own thread: it is gone when that returns."""

SLOW_THREADS = 32
"""Requests that read the database; each thread is started when it is needed."""

ANSWER_WITHIN_S = 12.0
"""An answer that takes longer stands still; what it waits for in the database ends before that."""

FILE_THREADS = 96
"""Files that are sent at once; each reader that takes nothing holds a place until it is cut off (see `sockets`)."""

FILE_WITHIN_S = 3600.0
FILES_PATH = "/attachments/"

Task = Callable[[Any, dict[str, Any]], object]


class Front:
    """What the server calls for a request: with its `protocol`, to be answered once, and its `scope` (a WSGI environ
    without what is the same for all). `slowly` answers what the layer has not at once, in a thread of its own."""

    def __init__(self, layer: ThinLayer, slowly: Task, pulse: Pulse | None = None) -> None:
        self._layer = layer
        self._turns = _Turns(FRONT_THREADS)
        self._pool = _Pool(slowly, SLOW_THREADS, pulse or Pulse(), ANSWER_WITHIN_S)
        self._files = _Pool(self._send_file, FILE_THREADS, pulse or Pulse(), FILE_WITHIN_S)
        self._slowly = slowly
        self._file_places = threading.Semaphore(FILE_THREADS)

    def __call__(self, protocol: Any, scope: dict[str, Any]) -> None:
        found = self._layer.at_once(scope)
        if found is not None:
            protocol.response_bytes(*found)
        elif scope["PATH_INFO"].startswith(FILES_PATH):
            self._answer_file(protocol, scope)
        elif self._take_in(scope):
            self._pool.run(protocol, scope)
        else:
            protocol.response_bytes(*REFUSED)
        self._turns.wait()

    def _answer_file(self, protocol: Any, scope: dict[str, Any]) -> None:
        """A reader of a file holds a thread until it has taken it, so these are others than those of pages."""
        if scope["REQUEST_METHOD"] in ("GET", "HEAD") and self._file_places.acquire(blocking=False):
            self._files.run(protocol, scope)
        else:
            protocol.response_bytes(*REFUSED)

    def _send_file(self, protocol: Any, scope: dict[str, Any]) -> None:
        try:
            self._slowly(protocol, scope)
        finally:
            self._file_places.release()

    def _take_in(self, scope: dict[str, Any]) -> bool:
        if scope["REQUEST_METHOD"] in ("GET", "HEAD"):
            return True
        scope["wsgi.input_terminated"] = True
        self._turns.give_up()
        return self._layer.take_in(scope)


class _Turns:
    """So many threads take requests; one that is about to wait gives its turn to another, and waits for the next."""

    def __init__(self, turns: int) -> None:
        self._free = threading.Semaphore(turns)
        self._own = threading.local()

    def wait(self) -> None:
        """Returns when it is this thread's turn, which it then keeps."""
        if not hasattr(self._own, "turn"):
            self._free.acquire()
            self._own.turn = _Turn(self._free)

    def give_up(self) -> None:
        if hasattr(self._own, "turn"):
            del self._own.turn


class _Turn:
    """Free again when its thread gives it up, or ends: the server ends threads that had nothing to do for a while."""

    def __init__(self, free: threading.Semaphore) -> None:
        self._free = free

    def __del__(self) -> None:
        self._free.release()


class _Pool:
    """Threads that end with the process, whatever they wait for: the server has drained them as long as it may."""

    def __init__(self, act: Task, most: int, pulse: Pulse, within_s: float) -> None:
        self._act = act
        self._within_s = within_s
        self._pulse = pulse
        self._tasks: SimpleQueue[tuple[Any, dict[str, Any]]] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._may_grow = threading.Semaphore(most)

    def run(self, protocol: Any, scope: dict[str, Any]) -> None:
        self._tasks.put((protocol, scope))
        if not self._idle.acquire(blocking=False) and self._may_grow.acquire(blocking=False):
            threading.Thread(target=self._work, name="slow", daemon=True).start()

    def _work(self) -> None:
        while True:
            protocol, scope = self._tasks.get()
            name = f"request {threading.get_ident()}"
            self._pulse.beat(name, self._within_s)
            try:
                self._act(protocol, scope)
            except Exception:  # a bug in one answer, logged whole: the next ones are made
                log.exception("cannot answer a request")
                protocol.response_bytes(500, [], b"")
            self._pulse.rest(name)
            self._idle.release()
