"""The processes of `loa serve` and `loa web`: a parent that supervises, a web child that serves, a worker child.

Owns sockets, signals and the order in which processes start and end. Refuses to know what the worker does and how the
application is made: both are handed in. What the web child needs is imported in the parent and then forked: what both
children need they share, and the worker imports the rest while the web child makes its feeds.

The server is Granian, chosen by measurement (`loa bench feeds`, the same thin layer on each): it answers a feed at 9
to 11 times the rate of gunicorn (gthread), cheroot and waitress with 304, and 5 to 8 times with 200, for a sixth of
their CPU or less.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server import mp
from granian.wsgi import _callback_wrapper

from service.errors import ConfigurationError
from service.web.front import SERVER_THREADS, Front
from service.web.hot import ThinLayer
from service.web.memory import give_back, limit_arenas, settle

log = logging.getLogger(__name__)

BACKPRESSURE = 1024
"""Open connections, idle ones too, before new clients wait."""

HEADER_TIMEOUT_MS = 10_000
STOP_WITHIN_S = 6
"""Of the ten seconds that a stop may take."""

WORKER_STARTS = 6
WORKER_STARTS_WITHIN_S = 30.0
"""A worker that dies this often within this time is not started again: the whole service ends, and says so."""

RunWorker = Callable[[threading.Event], None]
MakeApp = Callable[[], ThinLayer]

SECRET_PREFIX = "LOA_"  # noqa: S105  # of names in the environment, no secret itself


def probe(host: str, port: int) -> None:
    """Raises ConfigurationError when the port is taken: the server itself would share it without a word."""
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


def free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as found:
        found.bind((host, 0))
        return int(found.getsockname()[1])


def serve(
    make_app: MakeApp,
    *,
    host: str,
    port: int,
    run_worker: RunWorker | None = None,
    preload: Iterable[Callable[[], object]] = (),
    reload: Callable[[], bool] = lambda: True,
) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code.

    `make_app` is called in the web child and gives the application with its thin layer; `run_worker` runs in a child
    of its own until its event is set, None for no such child. `preload` imports what both need, opens nothing.
    `reload` is asked on SIGHUP, in the parent: where it says yes, both children are started afresh.
    Raises ConfigurationError when the port is taken.
    """
    probe(host, port)
    limit_arenas()
    multiprocessing.set_start_method("fork", force=True)
    for load in preload:
        load()
    forget_secrets()
    worker = _Worker(run_worker) if run_worker is not None else None
    server = _Server(worker, host, port, reload)
    gc.collect()
    give_back()
    gc.freeze()
    try:
        server.serve(target_loader=_loader(make_app))
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    return 1 if worker is not None and worker.has_given_up else 0


def _loader(make_app: MakeApp) -> Callable[[str], ThinLayer]:
    def load(_target: str) -> ThinLayer:
        """In the web child, before the server sets its own signal handlers."""
        os.setpgid(0, 0)  # Ctrl-C reaches the parent alone, which passes it on once: a third signal hangs the child
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        settle()
        vars(mp)["_wsgi_call_wrap"] = _front  # in this child alone; the server has no other place for it
        return make_app()

    return load


def _front(layer: ThinLayer, options: dict[str, Any], log_format: str | None) -> Front:
    """What the server calls, in place of its own way into a WSGI application, which waits for the slow ones."""
    return Front(layer, _callback_wrapper(layer.admitted, options, log_format))


class _Server(mp.MPServer):
    """Granian's supervisor, which starts and ends the worker child too."""

    def __init__(self, worker: _Worker | None, host: str, port: int, reload: Callable[[], bool]) -> None:
        super().__init__(
            "loa",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=1,
            blocking_threads=SERVER_THREADS,
            backpressure=BACKPRESSURE,
            respawn_failed_workers=True,
            workers_kill_timeout=STOP_WITHIN_S,
            websockets=False,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
            log_dictconfig=_log_config(),
        )
        self._loa_worker = worker
        self._may_reload = reload
        self.on_startup(settle)
        if worker is not None:
            worker.give_up = self.signal_handler_interrupt
            self.on_startup(worker.start)
            self.on_shutdown(worker.join_or_kill)

    def _spawn_worker(self, *args: Any, **kwargs: Any) -> Any:
        """A signal between the fork and the child's own handlers would be lost: it waits for the loader."""
        child = super()._spawn_worker(*args, **kwargs)
        start = child.inner.start
        child.inner.start = lambda: _masked(start)
        return child

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call] # granian leaves it untyped
        if self._loa_worker is not None:
            self._loa_worker.terminate()  # now, so that both children drain at the same time

    def signal_handler_reload(self, *args: Any, **kwargs: Any) -> None:
        if not self._may_reload():
            return
        super().signal_handler_reload(*args, **kwargs)  # type: ignore[no-untyped-call] # granian leaves it untyped
        if self._loa_worker is not None:
            self._loa_worker.restart()


def _masked(start: Callable[[], None]) -> None:
    old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


def _log_config() -> dict[str, Any]:
    """Granian's own records go where ours go: to the root logger, which writes to stderr."""
    quiet = {"handlers": [], "level": "WARNING", "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"loa": {"()": _WithoutAdvice}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "filters": ["loa"]}},
        "loggers": {
            "_granian": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
            "granian.access": quiet,
        },
    }


class _WithoutAdvice(logging.Filter):
    """Drops the server's advice on the number of threads, which was measured (see BLOCKING_THREADS)."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "seems quite high" not in record.getMessage()


class _Worker:
    """The worker child: started again when it dies, unless it does so again and again."""

    def __init__(self, run: RunWorker) -> None:
        self._run = run
        self._process: Any = None
        self._is_stopping = threading.Event()
        self._is_restarting = threading.Event()
        self._starts: list[float] = []
        self.has_given_up = False
        self.give_up: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._spawn()
        threading.Thread(target=self._watch, name="worker-watch", daemon=True).start()

    def _spawn(self) -> None:
        self._is_restarting.clear()
        self._starts.append(time.monotonic())
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=_run_worker, args=(self._run, os.getpid()), name="loa-worker")
        _masked(self._process.start)
        if self._is_stopping.is_set():
            self._process.terminate()

    def _watch(self) -> None:
        while True:
            self._process.join()
            if self._is_stopping.is_set():
                return
            if self._is_restarting.is_set():
                self._spawn()
                continue
            log.error("the worker ended unexpectedly (exit code %s)", self._process.exitcode)
            now = time.monotonic()
            self._starts = [at for at in self._starts if now - at < WORKER_STARTS_WITHIN_S]
            if len(self._starts) >= WORKER_STARTS:
                log.error(
                    "the worker ended %s times within %s s: giving up", len(self._starts), WORKER_STARTS_WITHIN_S
                )
                self.has_given_up = True
                self.give_up()
                return
            if self._is_stopping.wait(min(5.0, 0.2 * 2 ** (len(self._starts) - 1))):
                return
            self._spawn()

    def restart(self) -> None:
        """Ends the child in order; another takes its place."""
        self._is_restarting.set()
        if self._process is not None and self._process.is_alive():
            self._process.terminate()

    def terminate(self) -> None:
        self._is_stopping.set()
        if self._process is not None and self._process.is_alive():
            self._process.terminate()

    def join_or_kill(self) -> None:
        """Runs after the web child has ended; both were told to stop at the same time."""
        self._is_stopping.set()
        if self._process is None:
            return
        self._process.join(STOP_WITHIN_S / 2)
        if self._process.is_alive():
            log.warning("the worker did not stop in time and is killed; what it held is due again")
            self._process.kill()
            self._process.join()


def _run_worker(run: RunWorker, parent_pid: int) -> None:
    """In the worker child: until SIGTERM, or until the parent is gone."""
    os.setpgid(0, 0)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    threading.Thread(target=_watch_parent, args=(stop, parent_pid), name="parent-watch", daemon=True).start()
    settle()
    run(stop)


def _watch_parent(stop: threading.Event, parent_pid: int) -> None:
    while not stop.wait(0.5):
        if os.getppid() != parent_pid:
            stop.set()
