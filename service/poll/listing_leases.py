"""Keeps the listings that this process polls from being polled by another, for as long as it lives.

A lease is short and renewed while its poll lasts, however long that is: what a dead worker held is
free in a minute.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta

from service.errors import StorageError
from service.logs import Log
from service.storage.engine import Database
from service.storage.listings import MAX_WAIT, ListingState, keep_leases, lease_listing
from service.types import Clock

LEASE_S = 60.0
_RENEW_S = 15.0  # three renewals may fail before the lease ends

log = Log(__name__)


class Leases:
    """Safe to be used from several threads."""

    def __init__(self, database: Database, clock: Clock, longest: timedelta = MAX_WAIT) -> None:
        self._longest = longest
        self._database = database
        self._clock = clock
        self._held: dict[tuple[str, str], datetime] = {}
        self._lock = threading.Lock()
        self._freed = threading.Event()
        self._freed.set()

    def take(self, portal_id: str, url: str, *, is_forced: bool) -> ListingState | None:
        """The listing, for polling; None when somebody else has it, or when it is not due and not
        forced."""
        with self._database.writing() as conn:
            state = lease_listing(
                conn,
                portal_id,
                url,
                self._clock(),
                LEASE_S,
                is_forced=is_forced,
                longest=self._longest,
            )
        if state is not None and state.lease_until is not None:
            with self._lock:
                self._held[portal_id, url] = state.lease_until
                if self._freed.is_set():
                    self._freed = threading.Event()
                    threading.Thread(
                        target=self._keep, args=(self._freed,), name="leases", daemon=True
                    ).start()
        return state

    def drop(self, state: ListingState) -> ListingState:
        """The listing is about to be given back: its lease is no longer renewed. Returns the state
        under that lease."""
        with self._lock:
            lease_until = self._held.pop((state.portal_id, state.url), state.lease_until)
            if not self._held:
                self._freed.set()
        return replace(state, lease_until=lease_until)

    def renew(self) -> None:
        """Nothing is dropped meanwhile, so that what is given back is given back under the lease
        that it has.

        A lease that was lost to somebody else keeps its old name, under which nothing can be
        changed any more.
        """
        with self._lock:
            if self._held:
                with self._database.writing() as conn:
                    kept = keep_leases(conn, self._held, self._clock(), LEASE_S)
                self._held.update(kept)

    def _keep(self, freed: threading.Event) -> None:
        """Renews what is held, until nothing is."""
        while not freed.wait(_RENEW_S):
            try:
                self.renew()
            except StorageError as error:
                log.error("cannot renew the leases of listings", error=str(error))
