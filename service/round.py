"""The round: what is looked after beside polling and sending. A worker wakes each job so often;
`loa poll` and `loa deliver` run all of them once, so that cron may stand in for a worker.

Refuses to know when a job was last run: each finds out itself what is due.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from service.schedule import Job
from service.services.context import Context

if TYPE_CHECKING:  # each is slow to import, and made by who hands it over
    from service.storage.archive_store import Archive
    from service.storage.engine import Database


class RoundParts(Context, Protocol):
    """The parts of a Loa that a round works with."""

    @property
    def database(self) -> Database: ...
    @property
    def archive(self) -> Archive: ...


def round_jobs(parts: RoundParts) -> list[Job]:
    """The jobs, in the order in which one round runs them."""
    from service.services.alarm_acts import tell_alarms
    from service.services.bounce_acts import probe_suspended
    from service.services.daily import tell_decisions
    from service.services.digest_acts import send_digests
    from service.services.loss_acts import tell_losses
    from service.services.outage_acts import tell_outages
    from service.services.reminders import remind, remind_urgent

    def act(do: Callable[[Database, RoundParts], object]) -> Callable[[], object]:
        return lambda: do(parts.database, parts)

    return [
        Job("listings", 60, lambda: tell_listings(parts), within_s=60),
        Job("digests", 60, act(send_digests), within_s=600),
        Job("reminders", 900, act(remind), within_s=600),
        Job("urgent reminders", 20, act(remind_urgent), within_s=120),
        Job("losses", 10, act(tell_losses), within_s=60),
        Job("outages", 60, act(tell_outages), within_s=60),
        Job("decisions", 300, act(tell_decisions), within_s=60),
        Job("watch", 60, act(tell_alarms), within_s=60),
        Job("probe suspended", 3600, act(probe_suspended), within_s=600),
        Job("archive", 60, lambda: care_for_archive(parts), within_s=3600),
        Job("forget", 3600, lambda: forget_done(parts), within_s=3600),
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


def forget_done(parts: RoundParts) -> int:
    """Deletes what was done with long ago; acknowledgements and posts stay. Returns how many
    messages that were."""
    from service.storage.retention import Retention, forget_all

    days = {name: timedelta(days=n) for name, n in parts.settings.retention}
    kept = Retention(
        days["messages_days"],
        days["polls_days"],
        days["files_days"] or None,
        days["posts_days"] or None,
    )
    return forget_all(parts.database, parts.archive.folder, kept, parts.clock())


def care_for_archive(parts: RoundParts) -> int:
    """One step of the archive's; returns how many files left the database."""
    from service.poll.archive_care import care_for_archive as care
    from service.services.operator import tell_operator

    return care(
        parts.database,
        parts.archive,
        lambda conn, *letter: tell_operator(conn, parts.settings, *letter),
        parts.clock(),
    )
