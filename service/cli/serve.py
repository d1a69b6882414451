"""`loa serve`, `loa web`, `loa worker`: Loa at work, until SIGTERM; SIGHUP reads the configuration
again."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

from service.cli.common import config_option, config_path, open_configured_loa, warn
from service.cli.parsing import LoaCommand
from service.errors import DatabaseVersionError, LoaError
from service.supervisor import FINAL

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.heartbeat import Pulse
    from service.schedule import Job
    from service.supervisor import HangReport


new_database_option = click.option(
    "--new-database",
    "may_replace",
    is_flag=True,
    help="Make a new, empty database where the one that was there is gone.",
)


class RunningService:
    """The Loa in force. A reload that fails leaves it as it is: a service keeps its last good
    configuration."""

    def __init__(self, *, may_replace: bool) -> None:
        self._config = config_path()
        self._environ = dict(os.environ)  # the server takes secrets out of the environment later
        self.loa = open_configured_loa(is_verbose=True)
        self.loa.may_replace = may_replace
        self.loa.prepare()

    def reload(self) -> bool:
        """Whether there is a new Loa in force."""
        from service import bootstrap
        from service.logs import Log

        log = Log("service")
        try:
            fresh = bootstrap.open_loa(self._config, self._environ)
            fresh.prepare()
        except LoaError as error:
            log.error("configuration not reloaded, the last good one stays", error=str(error))
            return False
        self.loa = fresh
        log.info("configuration reloaded")
        return True


@click.command(cls=LoaCommand)
@new_database_option
@config_option
def serve(may_replace: bool) -> None:
    """Poll, deliver and serve: everything under one command.

    Ends on SIGTERM within ten seconds. SIGHUP reads the configuration again; a broken one is
    refused and the last good one stays.

    \b
    Example:
      loa serve --config /etc/loa/loa.toml
    """
    running = RunningService(may_replace=may_replace)
    _serve(running, has_worker=True)


@click.command(cls=LoaCommand)
@new_database_option
@config_option
def web(may_replace: bool) -> None:
    """Only serve feeds, pages and the API; any number of them on PostgreSQL, beside any number of
    workers.

    \b
    Example:
      LOA_DATABASE__URL=postgresql+psycopg://loa@db/loa loa web
    """
    _serve(RunningService(may_replace=may_replace), has_worker=False)


def _serve(running: RunningService, *, has_worker: bool) -> None:
    from service.web.server import processes as server

    host = running.loa.settings.server.host
    port = running.loa.settings.server.port or server.free_port(host)
    click.echo(f"loa: serving http://{f'[{host}]' if ':' in host else host}:{port}", err=True)
    code = server.serve_processes(
        lambda pulse, worker, is_ending: _make_app(
            running.loa.for_child(pulse, {"worker": worker} if worker else None), is_ending
        ),
        host=host,
        port=port,
        run_worker=partial(_work, running) if has_worker else None,
        preload=[_import_web],
        reload=running.reload,
    )
    raise click.exceptions.Exit(code)


def _make_app(loa: Loa, is_ending: Callable[[], bool]):  # type: ignore[no-untyped-def] # importing its type would import the server for every command
    from service.web.api.api_stream import shown_message
    from service.web.app import create_app
    from service.web.feeds.feed_routes import EXTENSION
    from service.web.server.hot import ThinLayer
    from service.web.server.waiting import EXTENSION as WAITS
    from service.web.server.waiting import LongPolls

    loa.ask_reload = _reload_parent
    app = create_app(loa)
    store = app.extensions[EXTENSION]
    store.follow(threading.Event(), os.getppid())
    waits = app.extensions[WAITS] = LongPolls(loa.handing, shown_message, loa.pulse)
    looking = partial(waits.keep_looking, is_ending)
    threading.Thread(target=looking, name="waits", daemon=True).start()
    return ThinLayer(app, store, loa.settings.server.trusted_proxies)


def _reload_parent() -> None:
    """In a child: as `kill -HUP` of the service does."""
    os.kill(os.getppid(), signal.SIGHUP)


def _work(
    running: RunningService,
    stop: threading.Event,
    pulse: Pulse,
    hung: Sequence[HangReport],
    *,
    is_alone: bool = False,
) -> None:
    """In the worker child: polls and delivers until `stop`, and keeps the exported files up to date
    where they are configured. `hung`: what those before it stood still with. `is_alone`: no web
    process shares its memory."""
    from service.round import quarantine_hung

    loa = running.loa.for_child(pulse)
    loa.ask_reload = _reload_parent
    try:
        quarantine_hung(loa, hung)
        with ExitStack() as stack:
            jobs = [stack.enter_context(_beating(loa))] if is_alone else []
            loa.work(stop, [*_export_jobs(loa), *jobs])
    except DatabaseVersionError as error:
        warn(str(error))
        raise SystemExit(FINAL) from error
    finally:
        loa.close()


@contextmanager
def _beating(loa: Loa) -> Iterator[Job]:
    """The job that beats in the database, for web processes elsewhere."""
    from service.heartbeat import beat_text
    from service.schedule import Job
    from service.storage.beats import EVERY_S, BeatRow

    row = BeatRow(loa.database, f"{socket.gethostname()}:{os.getppid()}")
    yield Job(
        "heartbeat", EVERY_S, lambda: row.write([beat_text(beat) for beat in loa.pulse.standing()])
    )
    row.drop()


def _export_jobs(loa: Loa) -> list[Job]:
    if not loa.settings.feeds.export_dir:
        return []
    from service.export import export_job

    return [export_job(loa)]


def _import_web() -> None:
    """What the web child needs, imported before the fork: what both need they share. What the
    worker alone needs it imports itself, beside the web child that makes its feeds: so the service
    is ready sooner."""
    from service.web.app import blueprint_modules

    blueprint_modules()


@click.command(cls=LoaCommand)
@new_database_option
@config_option
def worker(may_replace: bool) -> None:
    """Only poll and deliver; any number of them on PostgreSQL, one at a time on SQLite.

    \b
    Example:
      LOA_DATABASE__URL=postgresql+psycopg://loa@db/loa loa worker
    """
    from service.supervisor import Worker, supervise

    running = RunningService(may_replace=may_replace)
    warn("working; SIGTERM ends, SIGHUP reads the configuration again")
    code = supervise(Worker(partial(_work, running, is_alone=True)), running.reload)
    warn("stopped")
    raise click.exceptions.Exit(code)
