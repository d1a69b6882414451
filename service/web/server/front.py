"""Queues in front of the application: what is in memory is answered at once, all else waits for
threads of its kind.

Threads that hold the interpreter for microseconds hinder each other when they are many, and a slow
page would hinder them all. So the server has two, which answer what the thin layer has; the rest
they hand on. Owns the threads of the rest. Whoever has hung up meanwhile is not answered.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from service.heartbeat import Pulse
from service.storage.patience import impatient
from service.web.server.admission import Door, Later
from service.web.server.admission_slots import AdmissionSlots, client_of
from service.web.server.exchange import plain_answer
from service.web.server.hot import ThinLayer
from service.web.server.queues import QUEUES, Queue, queue_of

log = logging.getLogger(__name__)

FRONT_THREADS = 2
"""Beside nginx with the same feed, 200 with gzip: 0.8 to 1.1 of its rate, its p99 times 0.7 to 1.8;
with 32 threads 0.6 of its rate and its p99 times 3 to 6, with one 0.7 and 1.8."""

AGAIN_IN_S = "5"

Environ = dict[str, Any]
Act = Callable[[Any, Environ], object]


class Front:
    """What answers a request: an `Exchange` and its WSGI environ. `slowly` answers what the layer
    has not at once, in a thread of its queue."""

    def __init__(
        self,
        layer: ThinLayer,
        slowly: Act,
        later: Later,
        pulse: Pulse | None = None,
        door: Door | None = None,
    ) -> None:
        self._layer = layer
        self._door = door or Door(later)
        self._pools = {queue.name: _ThreadPool(slowly, queue, pulse or Pulse()) for queue in QUEUES}

    def __call__(self, exchange: Any, environ: Environ) -> None:
        found = self._layer.at_once(environ)
        if found is not None:
            exchange.response_bytes(*found)
            return
        pool = self._pools[queue_of(environ).name]
        client = client_of(environ, self._layer.proxies)
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            pool.run(exchange, environ, client)
        else:
            self._door.take_in(
                exchange, environ, client, lambda: pool.run(exchange, environ, client)
            )


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    exchange: Any
    environ: Environ
    client: str
    since: float


class _ThreadPool:
    """Threads that end with the process, whatever they wait for: the server has drained them as
    long as it may."""

    def __init__(self, act: Act, queue: Queue, pulse: Pulse) -> None:
        self._act = act
        self._queue = queue
        self._pulse = pulse
        self._places = AdmissionSlots(queue.threads + queue.waiting, queue.a_client)
        self._tasks: deque[_Task] = deque()
        self._changed = threading.Condition()
        self._idle = 0
        self._threads = 0

    def run(self, exchange: Any, environ: Environ, client: str) -> None:
        if not self._places.take(client) and not (
            self._forget_gone() and self._places.take(client)
        ):
            exchange.response_bytes(*plain_answer(environ, 503, ("Retry-After", AGAIN_IN_S)))
            return
        exchange.follow()
        with self._changed:
            self._tasks.append(_Task(exchange, environ, client, time.monotonic()))
            if len(self._tasks) <= self._idle:
                self._changed.notify()
            elif self._threads < self._queue.threads:
                self._threads += 1
                threading.Thread(target=self._work, name=self._queue.name, daemon=True).start()

    def _forget_gone(self) -> bool:
        """Frees the places of those who hung up while they waited; whether there were any."""
        with self._changed:
            gone = [task for task in self._tasks if task.exchange.is_gone]
            for task in gone:
                self._tasks.remove(task)
                self._places.give_back(task.client)
        return bool(gone)

    def _next(self) -> _Task:
        with self._changed:
            while not self._tasks:
                self._idle += 1
                self._changed.wait()
                self._idle -= 1
            return self._tasks.popleft()

    def _work(self) -> None:
        while True:
            self._do(self._next())

    def _do(self, task: _Task) -> None:
        name = f"request {threading.get_ident()}"
        self._pulse.beat(name, self._queue.answer_within_s)
        try:
            self._answer(task)
        except Exception:  # a bug in one answer, logged whole: the next ones are made
            log.exception("cannot answer a request")
            if not task.exchange.is_started:
                task.exchange.response_bytes(*plain_answer(task.environ, 500))
        self._pulse.rest(name)
        self._places.give_back(task.client)

    def _answer(self, task: _Task) -> None:
        if task.exchange.is_gone:
            return
        if time.monotonic() - task.since > self._queue.patience_s:
            again = ("Retry-After", AGAIN_IN_S)
            task.exchange.response_bytes(*plain_answer(task.environ, 503, again))
            return
        most_s = self._queue.search_within_s
        with (
            impatient(most_s, lambda: task.exchange.is_gone)
            if most_s is not None
            else nullcontext()
        ):
            self._act(task.exchange, task.environ)
