"""Puts Loa together: the only place that picks concrete classes.

A Loa makes each of its parts when it is first asked for, so that a command pays for what it uses.
Refuses to know what the parts do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from service.types import Clock

if TYPE_CHECKING:
    from service.alerts.links import Links
    from service.alerts.signing import SecretBox
    from service.delivery.channel import Channel, StreamingChannel
    from service.delivery.run import Deliverer
    from service.poll import Poller
    from service.portals.fetch import Fetcher
    from service.posts.classify import Rules
    from service.posts.places import Gazetteer
    from service.posts.understand import Understander
    from service.schedule import Job
    from service.settings import Settings
    from service.storage.engine import Database
    from service.storage.fence import Fence
    from service.watchdogs import Diary, Watchdogs


POLL_LOOK_S = 5.0
"""How late a poll may be; half the interval where that is shorter."""

KEPT = timedelta(days=90)
"""How long messages, deliveries and attempts are kept once they are done, and the history of polls."""


def utc_now() -> datetime:
    """The clock of everything that is not a test."""
    return datetime.now(UTC)


class Loa:
    """Everything that commands, jobs and pages work with, for one configuration."""

    def __init__(self, settings: Settings, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.clock = clock
        self._is_prepared = False

    @cached_property
    def database(self) -> Database:
        """Opened, and migrated to the newest version."""
        from service.storage.engine import open_database

        return open_database(self.settings.database.url, is_migrating=not self._is_prepared)

    @cached_property
    def secret_key(self) -> str:
        """As configured; else made once beside the SQLite file.

        Raises ConfigurationError rather than make another one for a database that needs the one it had.
        """
        from service.settings.secret import is_key_missing, missing_key, secret_key

        if is_key_missing(self.settings):
            from service.storage.subscriptions import needs_key

            with self.database.reading() as conn:
                if needs_key(conn):
                    raise missing_key(self.settings)
        return secret_key(self.settings)

    @cached_property
    def links(self) -> Links:
        from service.alerts.links import Links

        return Links(self.secret_key, self.settings.service.public_url)

    @cached_property
    def secret_box(self) -> SecretBox:
        from service.alerts.signing import SecretBox

        return SecretBox(self.secret_key)

    @cached_property
    def rules(self) -> Rules:
        from service.posts.classify import parse_rules
        from service.settings import read_toml

        return parse_rules(read_toml(self.settings.categories_file), str(self.settings.categories_file))

    @cached_property
    def gazetteer(self) -> Gazetteer:
        from service.posts.places import parse_places
        from service.settings import read_toml

        return parse_places(read_toml(self.settings.places_file), str(self.settings.places_file))

    @cached_property
    def understander(self) -> Understander:
        from service.posts.understand import Understander

        return Understander(self.rules, self.gazetteer)

    @cached_property
    def fetcher(self) -> Fetcher:
        from service.portals.fetch import Fetcher
        from service.storage.hosts import StoredHostGate

        gate = StoredHostGate(self.database)
        return Fetcher(self.settings.polling, gate, self.clock, ca_file=self.settings.network.ca_file)

    @cached_property
    def poller(self) -> Poller:
        from service.poll import Poller
        from service.storage.renamed import follow_renames

        follow_renames(self.database, self.rules.renamed)
        return Poller(self.database, self.settings, self.fetcher, self.understander, self.links, self.clock)

    @cached_property
    def deliverer(self) -> Deliverer:
        from service.delivery.email import EmailChannel
        from service.delivery.run import Deliverer
        from service.delivery.webhook import WebhookChannel
        from service.settings.trust import authorities

        labels = {category.id: category.names for category in self.rules.categories}
        channels: list[Channel | StreamingChannel] = [
            WebhookChannel(
                self.settings.webhooks,
                self.links,
                self.secret_box,
                self.clock,
                receipt_categories=self.settings.receipts.categories,
                authority=str(authorities(self.settings.network.ca_file)),
            ),
            EmailChannel(self.settings, self.links, self.secret_key, self.clock, labels),
        ]
        return Deliverer(self.database, self.settings, self.clock, channels)

    @cached_property
    def fence(self) -> Fence:
        """What keeps a restored database from sending again; asked before anything is delivered."""
        from service.settings.secret import fence_file
        from service.storage.fence import Fence

        return Fence(self.database, fence_file(self.settings), self.clock)

    @cached_property
    def watchdogs(self) -> Watchdogs:
        from service.watchdogs import Watchdogs

        return Watchdogs(self.database, self.settings, self.clock)

    @cached_property
    def diary(self) -> Diary:
        from service.watchdogs import Diary

        return Diary(self.database)

    def prepare(self) -> None:
        """Reads everything that may be wrong, migrates the database, and lets go of it: what a service does first."""
        self.understander  # noqa: B018  # reads rules and places
        self.secret_key  # noqa: B018  # makes it, so that all children find the same
        self.database  # noqa: B018  # migrates
        self.close()

    def for_child(self) -> Loa:
        """The same for a forked process: what was read is shared, what is open is not."""
        child = Loa(self.settings, self.clock)
        child._is_prepared = True  # a database that is away must not be made anew, empty
        for name in ("rules", "gazetteer", "understander", "secret_key"):
            if name in self.__dict__:
                child.__dict__[name] = self.__dict__[name]
        return child

    def work(self, stop: Event, more_jobs: Sequence[Job] = ()) -> None:
        """Polls and delivers until `stop` is set. A fault of delivery ends all, so that a supervisor sees it."""
        from service.schedule import run_worker
        from service.storage.subscriptions import seal_plain_headers

        faults: list[BaseException] = []
        self.fence.check()
        with self.database.writing() as conn:
            seal_plain_headers(conn, self.secret_box)

        def deliver() -> None:
            try:
                self.deliverer.run(stop)
            except BaseException as fault:  # told by the main thread below
                faults.append(fault)
            finally:
                stop.set()

        sending = Thread(target=deliver, name="deliver")
        sending.start()
        try:
            run_worker(stop, [*self.worker_jobs(), *more_jobs])
        finally:
            stop.set()
            sending.join()
        if faults:
            raise faults[0]

    def worker_jobs(self) -> list[Job]:
        """What a worker does besides delivering, and how often it is woken to look."""
        from service.schedule import Job

        look_s = min(POLL_LOOK_S, self.settings.polling.interval_s / 2)
        return [
            Job("poll", look_s, self.poll_due),
            Job("digests", 60, self.watchdogs.send_digests),
            Job("reminders", 900, self.watchdogs.remind),
            Job("watch", 60, self.watchdogs.watch),
            Job("probe suspended", 3600, self.watchdogs.probe_suspended),
            Job("fence", 1, self.fence.move_on),
            Job("diary", 5, self.diary.write),
            Job("forget", 3600, self.forget_done),
        ]

    def poll_due(self) -> int:
        """Polls what is due and tells the operator what there is to tell; gives how much that was."""
        from service.poll import tell_of_listings
        from service.watchdogs import tell_operator

        try:
            self.poller.poll_due()
        finally:
            told = tell_of_listings(
                self.database,
                self.settings,
                lambda conn, *letter: tell_operator(conn, self.settings, *letter),
                self.clock(),
            )
        return told

    def forget_done(self) -> int:
        """Deletes what was done with long ago; acknowledgements and posts stay. Gives how many messages that were."""
        from service.storage.health import FORGOTTEN_AT_ONCE, forget_polls
        from service.storage.retention import forget_done

        before = self.clock() - KEPT
        forgotten = FORGOTTEN_AT_ONCE
        while forgotten == FORGOTTEN_AT_ONCE:
            with self.database.writing() as conn:
                forgotten = forget_polls(conn, before)
        return forget_done(self.database, before)

    def close(self) -> None:
        """Lets go of the database, if it was ever opened. May be called again."""
        if "database" in self.__dict__:
            self.database.close()
            del self.__dict__["database"]


def open_loa(config: Path | None, environ: Mapping[str, str], *, clock: Clock = utc_now) -> Loa:
    """Loa for the shipped configuration, what `config` overrides, and what the environment overrides.

    Raises ConfigurationError when any of it cannot be used. Opens nothing else yet.
    """
    from service.settings import load

    return Loa(load(config, environ), clock)
