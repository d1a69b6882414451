"""Puts Loa together: the only place that picks concrete classes.

A Loa makes each of its parts when it is first asked for, so that a command pays for what it uses.
Refuses to know what the parts do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from service.heartbeat import Pulse
from service.types import Clock

if TYPE_CHECKING:
    from service.alerts.keys import Keyring
    from service.alerts.links import Links
    from service.alerts.signing import SecretBox
    from service.delivery.deliverer import Deliverer
    from service.delivery.pull_source import PullSource
    from service.delivery.senders import Senders
    from service.poll import Poller
    from service.poll.first_pages import FirstPages
    from service.poll.looking import PortalLooker
    from service.portals.fetch import Fetcher
    from service.portals.sandbox import SandboxPool
    from service.posts.gazetteer import Gazetteer
    from service.posts.rules import Rules
    from service.posts.understand import Understander
    from service.schedule import Job
    from service.services.diary_job import Diary
    from service.settings import Settings
    from service.settings.place_files import PlaceTables
    from service.storage.archive_store import Archive
    from service.storage.clock_guard import ClockGuard
    from service.storage.engine import Database
    from service.storage.queue import Fence


def utc_now() -> datetime:
    """The clock of everything that is not a test."""
    return datetime.now(UTC)


class Loa:
    """Everything that commands, jobs and pages work with, for one configuration."""

    def __init__(self, settings: Settings, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.clock = clock
        self.pulse = Pulse()
        """Of this process's own loops."""
        self.beside: Mapping[str, Pulse] = {}
        """Of the processes beside it that share their memory with it, by name."""
        self.ask_reload: Callable[[], object] = lambda: None
        """Has the whole service read its configuration again; a service sets it."""
        self.may_replace = False
        """Whether an operator said that a new database may take the place of one that is gone."""
        self._is_prepared = False
        self._is_looking = False

    @cached_property
    def database(self) -> Database:
        """Opened, and migrated to the newest version; neither made nor migrated where somebody else
        does that."""
        from service.storage.engine import open_database

        url = self.settings.database.url
        return open_database(url, is_migrating=not self._is_prepared, may_replace=self.may_replace)

    @cached_property
    def keyring(self) -> Keyring:
        """As configured; else made once beside the SQLite file, and read anew when that changes.

        Raises ConfigurationError rather than make another one for a database that needs the one it
        had.
        """
        from service.settings.secret import is_key_missing, keyring, missing_key

        if not self.settings.service.secret_key and not self._is_prepared:
            self.database  # noqa: B018  # before its key: a key without a database says that one is gone
        if is_key_missing(self.settings):
            from service.storage.subscription_secrets import needs_key

            with self.database.reading() as conn:
                if needs_key(conn):
                    raise missing_key(self.settings)
        return keyring(self.settings, self.clock)

    @cached_property
    def links(self) -> Links:
        from service.alerts.links import Links

        return Links(self.keyring, self.settings.service.public_url)

    @cached_property
    def secret_box(self) -> SecretBox:
        from service.alerts.signing import SecretBox

        return SecretBox(self.keyring)

    @cached_property
    def rules(self) -> Rules:
        from service.settings.loader import read_rules

        return read_rules(self.settings.categories_file)

    @cached_property
    def gazetteer(self) -> Gazetteer:
        from service.settings.place_files import read_gazetteer

        return read_gazetteer(self.place_tables)

    @cached_property
    def place_tables(self) -> PlaceTables:
        """Where the gazetteer comes from, and what each portal speaks for."""
        from service.settings.place_files import place_tables

        return place_tables(self.settings)

    @cached_property
    def understander(self) -> Understander:
        from service.posts.understand import Understander

        return Understander(self.rules, self.gazetteer, self.settings.email.days_off)

    @cached_property
    def fetcher(self) -> Fetcher:
        from service.portals.fetch import Fetcher
        from service.portals.gate import LocalHostGate
        from service.storage.hosts import StoredHostGate

        gate = LocalHostGate() if self._is_looking else StoredHostGate(self.database)
        return Fetcher(
            self.settings.polling, gate, self.clock, ca_file=self.settings.network.ca_file
        )

    @cached_property
    def archive(self) -> Archive:
        """Where the files of posts are kept."""
        from service.settings.secret import archive_folder
        from service.storage.archive_folder import ArchiveFolder
        from service.storage.archive_room import MEGABYTE, Limits
        from service.storage.archive_store import Archive

        of = self.settings.archive
        sizes = (of.max_post_mb, of.max_portal_day_mb, of.max_day_mb, of.min_free_mb)
        limits = Limits(*(size * MEGABYTE for size in sizes))
        return Archive(self.database, ArchiveFolder(archive_folder(self.settings)), limits)

    @cached_property
    def poller(self) -> Poller:
        from service.poll import Poller
        from service.portals.sandbox import SandboxedReader
        from service.storage.renamed import follow_renames

        follow_renames(self.database, self.rules.renamed)
        known = self.settings, self.fetcher, self.understander, self.links
        return Poller(
            self.database,
            *known,
            self.clock,
            reader=SandboxedReader(self.apart),
            read_pdf=partial(self.apart.call, "pdf"),
            archive=self.archive,
            pulse=self.pulse,
        )

    @cached_property
    def first_pages(self) -> FirstPages:
        """What draws and reads the pages of PDFs."""
        from service.poll.first_pages import FirstPages
        from service.portals.tesseract import Tesseract

        command = self.settings.ocr.command
        return FirstPages(
            self.database,
            self.archive,
            self.apart,
            Tesseract(command) if command else None,
            self.poller.scans_read,
            self.clock,
        )

    @cached_property
    def looker(self) -> PortalLooker:
        """What looks at portals for whoever asks on a page."""
        from service.poll.looking import PortalLooker
        from service.portals.sandbox import SandboxedReader

        known = self.rules, self.place_tables.provinces
        reader = SandboxedReader(self.apart)
        return PortalLooker(self.fetcher, reader, *known, lambda: self.settings.portals)

    @cached_property
    def apart(self) -> SandboxPool:
        """Where foreign documents are read; made before any thread, since it forks."""
        from service.portals.sandbox import SandboxPool

        return SandboxPool()

    @cached_property
    def senders(self) -> Senders:
        """Of each channel in the table, where it can be opened."""
        from service.delivery.senders import open_senders

        return open_senders(self)

    @cached_property
    def deliverer(self) -> Deliverer:
        from service.delivery.deliverer import Deliverer

        return Deliverer(self.database, self.settings, self.clock, self.senders.opened, self.pulse)

    @cached_property
    def handing(self) -> PullSource:
        """What hands messages to who asks for them."""
        from service.delivery.prepare import Preparer
        from service.delivery.pull_source import PullSource

        categories = self.settings.receipts.categories
        preparer = Preparer(self.links, self.secret_box, categories)
        return PullSource(self.database, self.settings, self.clock, preparer)

    @cached_property
    def fence(self) -> Fence:
        """What keeps a restored database from sending again; asked before anything is delivered."""
        from service.settings.secret import fence_file
        from service.storage.queue import Fence

        return Fence(self.database, fence_file(self.settings), self.clock)

    @cached_property
    def clock_guard(self) -> ClockGuard:
        from service.storage.clock_guard import ClockGuard

        return ClockGuard(self.database, self.clock)

    @cached_property
    def diary(self) -> Diary:
        from service.services.diary_job import Diary

        return Diary(self.database)

    def prepare(self) -> None:
        """Reads everything that may be wrong, migrates the database, and lets go of it: what a
        service does first."""
        self.understander  # noqa: B018  # reads rules and places
        self.database  # noqa: B018  # migrates
        self.keyring  # noqa: B018  # makes the key, so that all children find the same
        self._keep_signing_key()
        self.close()

    def looking_only(self) -> Loa:
        """The same, which neither makes nor migrates a database."""
        looking = Loa(self.settings, self.clock)
        looking._is_prepared = looking._is_looking = True
        return looking

    def for_child(
        self, pulse: Pulse | None = None, beside: Mapping[str, Pulse] | None = None
    ) -> Loa:
        """The same for a forked process: what was read is shared, what is open is not."""
        child = Loa(self.settings, self.clock)
        child.pulse = pulse or child.pulse
        child.beside = beside or {}
        child._is_prepared = True  # a database that is away must not be made anew, empty
        for name in ("rules", "place_tables", "gazetteer", "understander", "keyring"):
            if name in self.__dict__:
                child.__dict__[name] = self.__dict__[name]
        return child

    def reread_portals(self) -> None:
        """The portals are as their files say now: here at once, in the whole service soon."""
        from service.settings.portal_files import read_portals_again

        self.settings = read_portals_again(self.settings)
        self.ask_reload()

    def work(self, stop: Event, more_jobs: Sequence[Job] = ()) -> None:
        """Polls and delivers until `stop` is set: see `service.round.work`."""
        from service.round import work

        self.apart  # noqa: B018  # forks, which must come before the first thread
        work(self, stop, more_jobs)

    def ready_to_send(self) -> None:
        """Opens the channels, remembers which could not be opened, and seals what is not sealed."""
        from service.storage.down_channels import keep_down
        from service.storage.subscription_secrets import seal_plain_headers

        down = self.senders.down
        with self.database.writing() as conn:
            seal_plain_headers(conn, self.secret_box)
            keep_down(conn, down)
        self._keep_signing_key()

    def _keep_signing_key(self) -> None:
        """Before anything is signed: what signs for everybody."""
        from service.storage.signing_keys import keep_signing_key

        with self.database.writing() as conn:
            keep_signing_key(conn, self.secret_box, self.clock())

    def go_round(self) -> tuple[str, ...]:
        """Does once what a worker looks after all the time; returns the names of what failed."""
        from service.round import round_jobs
        from service.schedule import run_once

        return run_once(round_jobs(self))

    def close(self) -> None:
        """Lets go of the database and of the readers, where there are any. May be called again."""
        if "apart" in self.__dict__:
            self.apart.close()
            del self.__dict__["apart"]
        if "database" in self.__dict__:
            self.database.close()
            del self.__dict__["database"]


def open_loa(config: Path | None, environ: Mapping[str, str], *, clock: Clock = utc_now) -> Loa:
    """Loa for the shipped configuration, what `config` overrides, and what the environment
    overrides.

    Raises ConfigurationError when any of it cannot be used. Opens nothing else yet.
    """
    from service.settings import load

    return Loa(load(config, environ), clock)
