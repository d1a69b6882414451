"""The processes of `loa serve` and `loa web`: a parent that supervises, a web child that serves, a
worker child.

Owns sockets, signals and the order in which processes start and end. Refuses to know what the
worker does and how the application is made: both are handed in. What the web child needs is
imported in the parent and then forked: what both children need they share, and the worker imports
the rest while the web child makes its feeds.

The server is Granian, chosen by measurement (`loa bench feeds`, the same thin layer on each): it
answers a feed at 9 to 11 times the rate of gunicorn (gthread), cheroot and waitress with 304, and 5
to 8 times with 200, for a sixth of their CPU or less.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from granian._granian import CallbackScheduler
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server import mp

from service.errors import ConfigurationError
from service.heartbeat import PROCESS, Pulse
from service.supervisor import (
    LOOK_EVERY_S,
    START_S,
    HangDetector,
    RunWorker,
    Worker,
    accuse,
    begin_child,
    end_stuck,
    with_signals_blocked,
)
from service.web.server.exchange import (
    MAX_FIELDS_BYTES,
    Environ,
    Exchange,
    answer_wsgi,
    complete_environ,
    plain_answer,
    read_environ,
)
from service.web.server.front import FRONT_THREADS, Front
from service.web.server.hot import ThinLayer
from service.web.server.memory import give_back, give_back_startup_memory, limit_arenas
from service.web.server.sockets import limit_sending

log = logging.getLogger(__name__)

BACKPRESSURE = 12288
"""Open connections, idle ones too, before new clients wait; each takes some kB until
HEADER_TIMEOUT_MS ends it."""

FILES = BACKPRESSURE + 1024
"""File descriptors: one for each connection, and what the process needs itself."""

HEADER_TIMEOUT_MS = 10_000
STOP_WITHIN_S = 6
"""Of the ten seconds that a stop may take."""

MakeApp = Callable[[Pulse, Pulse | None, Callable[[], bool]], ThinLayer]
"""From the beats of its own process, those of the worker beside it, and whether it is to end."""

SECRET_PREFIX = "LOA_"  # noqa: S105  # of names in the environment, no secret itself


def probe_port(host: str, port: int) -> None:
    """Raises ConfigurationError when the port is taken: the server itself would share it without a
    word."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {host}:{port} (server.host, server.port): {error.strerror}; "
                "stop what uses it, or configure another port"
            ) from error


def forget_secrets() -> None:
    """Takes Loa's settings out of the environment: every request's environ would hold a copy."""
    for name in [name for name in os.environ if name.upper().startswith(SECRET_PREFIX)]:
        del os.environ[name]


def allow_files() -> None:
    """Asks for as many open files as the connections need, as far as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as found:
        found.bind((host, 0))
        return int(found.getsockname()[1])


def serve_processes(
    make_app: MakeApp,
    *,
    host: str,
    port: int,
    run_worker: RunWorker | None = None,
    preload: Iterable[Callable[[], object]] = (),
    reload: Callable[[], bool] = lambda: True,
) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code.

    `make_app` is called in the web child and returns the application with its thin layer;
    `run_worker` runs in a child of its own until its event is set, None for no such child.
    `preload` imports what both need, opens nothing.
    `reload` is asked on SIGHUP, in the parent: where it says yes, both children are started afresh.
    Raises ConfigurationError when the port is taken.
    """
    probe_port(host, port)
    limit_arenas()
    multiprocessing.set_start_method("fork", force=True)
    for load in preload:
        load()
    forget_secrets()
    worker = Worker(run_worker, give_back_startup_memory) if run_worker is not None else None
    server = _WebServer(worker, host, port, reload)
    allow_files()
    gc.collect()
    give_back()
    gc.freeze()
    try:
        server.serve(target_loader=_loader(make_app, server))
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    return 1 if worker is not None and worker.has_given_up else 0


def _loader(make_app: MakeApp, server: _WebServer) -> Callable[[str], ThinLayer]:
    parent_pid = os.getpid()

    def load(_target: str) -> ThinLayer:
        """In the web child, before the server sets its own signal handlers."""
        begin_child(parent_pid)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        give_back_startup_memory()
        pulse = server.pulse
        layer = make_app(pulse, server.worker_pulse, server.ending.is_set)
        vars(mp)["_new_cbscheduler"] = partial(
            _RequestThreads, layer, pulse
        )  # in this child; there is no other place for it
        pulse.tick()
        limit_sending()
        return layer

    return load


class _RequestThreads(CallbackScheduler):
    """What the server calls for a request, in a thread of its own: in place of a coroutine on an
    event loop. The loop that it has runs what tells of bodies and of clients who hang up."""

    def __new__(
        cls, _layer: ThinLayer, _pulse: Pulse, loop: Any, *_args: Any, **_options: Any
    ) -> _RequestThreads:
        return super().__new__(cls, loop, None, None, None, None)  # type: ignore[no-any-return,call-arg,unused-ignore]

    def __init__(
        self, layer: ThinLayer, pulse: Pulse, loop: Any, *_args: Any, **_options: Any
    ) -> None:
        super().__init__()

        def later(seconds: float, act: Callable[[], object]) -> None:
            loop.call_soon_threadsafe(loop.call_later, seconds, act)

        self._schedule_fn = partial(_take, Front(layer, partial(_answer, layer), later, pulse))


def _answer(layer: ThinLayer, exchange: Any, environ: dict[str, Any]) -> None:
    answer_wsgi(layer, exchange, complete_environ(environ, environ.pop("loa.scope")))


def _take(front: Front, request: Any) -> None:
    """Must not raise: nobody would hear of it."""
    scope = request.scope
    exchange, environ = Exchange(request.proto, scope["headers"]), Environ()
    try:
        environ, refusal = read_environ(scope)
        if refusal != 200:
            exchange.response_bytes(*plain_answer(environ, refusal))
        else:
            environ["loa.scope"] = scope
            front(exchange, environ)
    except Exception:  # a bug, logged whole: the next request is taken
        log.exception("cannot take a request")
        if not exchange.is_started:
            exchange.response_bytes(*plain_answer(environ, 500))


class _WebServer(mp.MPServer):
    """Granian's supervisor, which starts and ends the worker child too."""

    def __init__(
        self, worker: Worker | None, host: str, port: int, reload: Callable[[], bool]
    ) -> None:
        super().__init__(
            "loa",
            address=host,
            port=port,
            interface=Interfaces.ASGINL,
            loop=Loops.asyncio,
            http=HTTPModes.http1,  # with a choice of two it would wait for ever for the first byte
            workers=1,
            backpressure=BACKPRESSURE,
            respawn_failed_workers=True,
            workers_kill_timeout=STOP_WITHIN_S,
            websockets=False,
            http1_settings=HTTP1Settings(
                header_read_timeout=HEADER_TIMEOUT_MS, max_buffer_size=MAX_FIELDS_BYTES
            ),
            log_dictconfig=_log_config(),
        )
        self._loa_worker = worker
        self._may_reload = reload
        self._is_ending = threading.Event()
        self.ending = multiprocessing.Event()
        """Of the web child that was begun last: set before it is told to end."""
        self._judge = HangDetector()
        self.pulse = Pulse()
        self.on_startup(give_back_startup_memory)
        if worker is not None:
            worker.give_up = self.signal_handler_interrupt
            self.on_startup(worker.start)
            self.on_shutdown(partial(worker.join_or_kill, STOP_WITHIN_S / 2))
        self.on_startup(
            threading.Thread(target=self._keep_judging, name="judge", daemon=True).start
        )

    @property
    def worker_pulse(self) -> Pulse | None:
        return self._loa_worker.pulse if self._loa_worker is not None else None

    def _keep_judging(self) -> None:
        while not self._is_ending.wait(LOOK_EVERY_S):
            if self._loa_worker is not None:
                self._loa_worker.judge()
            try:
                self._look()
            except Exception:  # whatever it is, the next look is made
                log.exception("cannot judge the web process by its beats")

    def _look(self) -> None:
        stuck = self._judge.look(self.pulse)
        if stuck and self.wrks:
            pid = self.wrks[-1].inner.pid
            accuse("web process", pid, self.pulse, stuck)
            end_stuck(pid)  # granian begins another

    def _spawn_worker(self, *args: Any, **kwargs: Any) -> Any:
        """A signal between the fork and the child's own handlers would be lost: it waits for the
        loader."""
        self.pulse = Pulse()  # an old child that drains still writes to its own
        self.pulse.beat(PROCESS, START_S)
        self.blocking_threads = (
            FRONT_THREADS  # granian refuses more than one where coroutines run; none do
        )
        self.ending = multiprocessing.Event()
        child = super()._spawn_worker(*args, **kwargs)
        start, terminate, ending = child.inner.start, child.inner.terminate, self.ending

        def end() -> None:
            ending.set()  # so that who waits is answered, before it stops to take requests
            terminate()

        child.inner.start = lambda: with_signals_blocked(start)
        child.inner.terminate = end
        return child

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        self._is_ending.set()
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call] # granian leaves it untyped
        if self._loa_worker is not None:
            self._loa_worker.terminate()  # now, so that both children drain at the same time

    def signal_handler_reload(self, *args: Any, **kwargs: Any) -> None:
        if not self._may_reload():
            return
        super().signal_handler_reload(*args, **kwargs)  # type: ignore[no-untyped-call] # granian leaves it untyped
        if self._loa_worker is not None:
            self._loa_worker.restart()


def _log_config() -> dict[str, Any]:
    """Granian's own records go where ours go: to the root logger, which writes to stderr."""
    quiet = {"handlers": [], "level": "WARNING", "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"loa": {"()": _WithoutAdvice}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "filters": ["loa"],
            }
        },
        "loggers": {
            "_granian": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
            "granian.access": quiet,
        },
    }


class _WithoutAdvice(logging.Filter):
    """Drops the server's advice on the number of threads, which was measured (see
    BLOCKING_THREADS)."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "seems quite high" not in record.getMessage()
