"""What a worker does: it polls, sends, and goes its round, which is all that is looked after beside
that. A worker wakes each job so often; `loa poll` and `loa deliver` run those of the round once, so
that cron may stand in for a worker.

Refuses to know when a job was last run: each finds out itself what is due.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING, Protocol

from service.errors import DatabaseVersionError
from service.heartbeat import Pulse
from service.schedule import Job, run_worker
from service.services.context import Context

if TYPE_CHECKING:  # each is slow to import, and made by who hands it over
    from service.delivery.deliverer import Deliverer
    from service.poll import Poller
    from service.poll.first_pages import FirstPages
    from service.poll.looking import PortalLooker
    from service.services.diary_job import Diary
    from service.storage.archive_store import Archive
    from service.storage.clock_guard import ClockGuard
    from service.storage.engine import Database
    from service.storage.queue import Fence
    from service.supervisor import HangReport

POLL_LOOK_S = 5.0
"""How late a poll may be; half the interval where that is shorter."""
BACKFILL_WITHIN_S = 3600.0
"""Between two pages of a walk back; before the first, a portal is polled and its articles read."""


LOOKS_WITHIN_S = 600.0
"""Of one portal that is looked at: each page that is read ends by limits of its own."""
PAGES_LOOK_S = 5.0
PAGES_AT_ONCE = 5
"""Files drawn or read in one waking, one after the other."""
PAGES_WITHIN_S = 1800.0
"""Of as many files, each of which ends by limits of its own."""


class RoundParts(Context, Protocol):
    """The parts of a Loa that a round works with."""

    @property
    def database(self) -> Database: ...
    @property
    def archive(self) -> Archive: ...


class WorkerParts(RoundParts, Protocol):
    """The parts of a Loa that a worker works with."""

    @property
    def poller(self) -> Poller: ...
    @property
    def deliverer(self) -> Deliverer: ...
    @property
    def fence(self) -> Fence: ...
    @property
    def clock_guard(self) -> ClockGuard: ...
    @property
    def diary(self) -> Diary: ...
    @property
    def first_pages(self) -> FirstPages: ...
    @property
    def looker(self) -> PortalLooker: ...
    @property
    def ask_reload(self) -> Callable[[], object]: ...
    @property
    def pulse(self) -> Pulse: ...
    def ready_to_send(self) -> None: ...


def work(parts: WorkerParts, stop: Event, more_jobs: Sequence[Job] = ()) -> None:
    """Polls and delivers until `stop` is set. A fault of delivery ends all, so that a supervisor
    sees it."""
    from service.storage.engine import require_version

    faults: list[BaseException] = []
    parts.fence.check()
    parts.ready_to_send()

    def deliver() -> None:
        try:
            parts.deliverer.run(stop)
        except BaseException as fault:  # told by the main thread below
            faults.append(fault)
        finally:
            stop.set()

    def look_at_version() -> None:
        try:
            with parts.database.reading() as conn:
                require_version(conn, parts.settings.database.url)
        except DatabaseVersionError as fault:  # told by the main thread below
            faults.append(fault)
            stop.set()

    version = Job("version", 5, look_at_version)
    jobs = [version, *worker_jobs(parts, stop.is_set), *more_jobs]
    sending = Thread(target=deliver, name="deliver")
    sending.start()
    try:
        run_worker(stop, jobs, pulse=parts.pulse)
    finally:
        stop.set()
        sending.join()
    if faults:
        raise faults[0]


def worker_jobs(parts: WorkerParts, is_stopping: Callable[[], bool]) -> list[Job]:
    """What a worker does besides delivering, and how often it is woken to look."""
    look_s = min(POLL_LOOK_S, parts.settings.polling.interval_s / 2)
    return [
        Job("poll", look_s, lambda: poll_due(parts), within_s=60),
        backfill_job(parts, is_stopping),
        pages_job(parts),
        Job("looks", 2, partial(step_looks, parts, is_stopping), within_s=LOOKS_WITHIN_S),
        Job("portal files", 5, FilesWatch(parts).look),
        *round_jobs(parts),
        Job("fence", 1, parts.fence.move_on),
        Job("clock", 2, parts.clock_guard.look, within_s=60),
        Job("diary", 5, parts.diary.write),
    ]


def poll_due(parts: WorkerParts) -> int:
    """Polls what is due and tells the operator what there is to tell; returns how much that was."""
    try:
        parts.poller.poll_due()
    finally:
        told = tell_listings(parts)
    return told


def backfill_job(parts: WorkerParts, is_stopping: Callable[[], bool] = lambda: False) -> Job:
    """Of a worker, and of `loa poll`; not of a round, which polls nothing."""
    run = partial(run_backfills, parts, is_stopping)
    return Job("backfill", 10, run, within_s=BACKFILL_WITHIN_S)


def pages_job(parts: WorkerParts) -> Job:
    """Likewise: what is read from a scan is made known to its post as polling would."""
    run = partial(parts.first_pages.run, PAGES_AT_ONCE)
    return Job("pages", PAGES_LOOK_S, run, within_s=PAGES_WITHIN_S)


def step_looks(parts: WorkerParts, is_stopping: Callable[[], bool]) -> int:
    """Looks at the portals of which somebody asked what they are like; returns at how many."""
    from service.services.look_acts import run_looks as run

    return run(parts.database, parts, parts.looker.look, is_stopping)


class FilesWatch:
    """Has the configuration read again when a door, here or elsewhere, changed the portal files."""

    def __init__(self, parts: WorkerParts) -> None:
        self._parts = parts
        self._known: str | None = None

    def look(self) -> None:
        from service.services.portal_acts import changed_at

        with self._parts.database.reading() as conn:
            now = changed_at(conn)
        if self._known not in (None, now):
            self._parts.ask_reload()
        self._known = now


def run_backfills(parts: WorkerParts, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Reads back, one after the other, the portals for which that was asked; returns how many."""
    from service.services.backfill_acts import run_next

    def beat() -> None:
        parts.pulse.beat("job backfill", BACKFILL_WITHIN_S)

    done = 0
    while not is_stopping() and run_next(
        parts.database, parts, parts.poller.backfill, is_stopping, beat
    ):
        done += 1
    return done


def quarantine_hung(parts: RoundParts, hung: Sequence[HangReport]) -> None:
    """Remembers the pages that a process before this one had in hand when it hung or died."""
    from service.storage.quarantine import quarantine_page as remember

    by_loop = {f"poll {portal.id}": portal.id for portal in parts.settings.portals}
    pages = [(by_loop[one.loop], one) for one in hung if one.loop in by_loop]
    if pages:
        with parts.database.writing() as conn:
            for portal_id, one in pages:
                remember(conn, portal_id, one.doing, one.at, is_sure=one.is_sure)


def round_jobs(parts: RoundParts) -> list[Job]:
    """The jobs, in the order in which one round runs them."""
    from service.services.address_acts import tell_unmailable
    from service.services.alarm_acts import tell_alarms
    from service.services.bounce_acts import probe_suspended
    from service.services.daily import tell_decisions
    from service.services.digest_acts import send_digests
    from service.services.hearing_again import tell_living_contacts, tell_returns
    from service.services.hub_acts import end_leases
    from service.services.late_acts import tell_late
    from service.services.loss_acts import tell_asks_nothing, tell_losses
    from service.services.outage_acts import tell_outages
    from service.services.reminders import remind, remind_in_time
    from service.services.token_acts import revoke_ended
    from service.services.urgent_reminders import remind_urgent

    def act(do: Callable[[Database, RoundParts], object]) -> Callable[[], object]:
        return lambda: do(parts.database, parts)

    return [
        Job("listings", 60, lambda: tell_listings(parts), within_s=60),
        Job("digests", 60, act(send_digests), within_s=600),
        Job("reminders", 900, act(remind), within_s=600),
        Job("reminders in time", 5, act(remind_in_time), within_s=600),
        Job("urgent reminders", 20, act(remind_urgent), within_s=120),
        Job("losses", 10, act(tell_losses), within_s=60),
        Job("returns", 10, act(tell_returns), within_s=60),
        Job("living contacts", 300, act(tell_living_contacts), within_s=60),
        Job("asks nothing", 300, act(tell_asks_nothing), within_s=600),
        Job("outages", 60, act(tell_outages), within_s=60),
        Job("decisions", 300, act(tell_decisions), within_s=60),
        Job("late receipts", 300, act(tell_late), within_s=600),
        Job("watch", 60, act(tell_alarms), within_s=60),
        Job("probe suspended", 3600, act(probe_suspended), within_s=600),
        Job("addresses", 3600, act(tell_unmailable), within_s=600),
        Job("ended tokens", 300, act(revoke_ended), within_s=60),
        Job("hub", 60, act(end_leases), within_s=600),
        Job("archive", 60, lambda: step_archive(parts), within_s=3600),
        Job("forget", 3600, lambda: step_forgetting(parts), within_s=3600),
    ]


def tell_listings(parts: RoundParts) -> int:
    """Tells the operator which listings turned bad or well; returns how many."""
    from service.poll.notice import tell_of_listings
    from service.services.operator import tell_operator

    return tell_of_listings(
        parts.database,
        parts.settings,
        lambda conn, *letter: tell_operator(conn, parts.settings, *letter),
        parts.clock(),
    )


def step_forgetting(parts: RoundParts) -> int:
    """Deletes what was done with long ago; acknowledgements and posts stay. Returns how many
    messages that were."""
    from service.storage.retention import Retention, forget_all

    days = {name: timedelta(days=n) for name, n in parts.settings.retention}
    kept = Retention(
        days["messages_days"],
        days["polls_days"],
        days["files_days"] or None,
        days["posts_days"] or None,
        days["audit_days"],
    )
    return forget_all(parts.database, parts.archive.folder, kept, parts.clock())


def step_archive(parts: RoundParts) -> int:
    """One step of the archive's; returns how many files left the database."""
    from service.poll.archive_care import care_for_archive as care
    from service.services.operator import tell_operator

    return care(
        parts.database,
        parts.archive,
        lambda conn, *letter: tell_operator(conn, parts.settings, *letter),
        parts.clock(),
    )
