"""The figures for Prometheus, computed from the database when they are asked for, at most every few
seconds.

A registry of our own: what is counted is what the ledger and the listings say, so that every
process gives the same answer and a restart loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from service.channels import CHANNELS
from service.services.alarm_acts import count_alarms
from service.services.silences import CODES
from service.storage.archive_room import count_stops, list_stops
from service.storage.archive_store import ArchiveFacts
from service.storage.counts import Counts, count_all, count_held
from service.storage.feeds import feed_problems
from service.storage.listings import ListingState, load_listings
from service.storage.pages import count_waiting_scans
from service.storage.silence import count_silences
from service.types import Outcome, State, SubscriptionStatus

if TYPE_CHECKING:
    from service.bootstrap import Loa

KEPT = timedelta(seconds=5)
"""How long an answer is given again: a counting scan must not be a stranger's tool against the
database."""


class Metrics:
    """The text of /metrics, kept for a few seconds."""

    def __init__(self, loa: Loa) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_DatabaseCollector(loa))
        self._clock = loa.clock
        self._lock = Lock()
        self._made_at: datetime | None = None
        self._body = b""

    def render(self) -> tuple[bytes, str]:
        with self._lock:
            now = self._clock()
            if self._made_at is None or not self._made_at <= now < self._made_at + KEPT:
                self._body = generate_latest(self._registry)
                self._made_at = now
            return self._body, CONTENT_TYPE_LATEST


class _DatabaseCollector(Collector):
    def __init__(self, loa: Loa) -> None:
        self._loa = loa

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: describing would read the database at start."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with self._loa.database.reading() as conn:
            counts = count_all(conn)
            listings = list(load_listings(conn).values())
            problems = len(feed_problems(conn))
            held = count_held(conn)
            silent = count_silences(conn)
            stops = count_stops(list_stops(conn))
            scans = count_waiting_scans(conn)
        yield from _counted(counts, self._loa.clock())
        yield _alarms(count_alarms(self._loa.database, self._loa))
        yield from _of_listings(listings)
        yield _held([portal.id for portal in self._loa.settings.portals], held)
        yield _silent([portal.id for portal in self._loa.settings.portals], silent)
        yield from _archive(self._loa.archive.facts(), stops)
        yield GaugeMetricFamily("loa_scans_waiting", "Scanned files not read yet.", value=scans)
        yield GaugeMetricFamily(
            "loa_feed_problems", "Entries and feeds not published as meant.", value=problems
        )


def _counted(counts: Counts, now: datetime) -> Iterator[GaugeMetricFamily]:
    yield GaugeMetricFamily("loa_posts", "Posts stored.", value=counts.posts)
    yield GaugeMetricFamily("loa_units", "Units that must know.", value=counts.units)
    messages = GaugeMetricFamily(
        "loa_messages", "Messages by channel and state.", labels=["channel", "state"]
    )
    for channel in CHANNELS:
        for state in State:
            messages.add_metric([channel, state], counts.messages.get((channel, state), 0))
    yield messages
    subscriptions = GaugeMetricFamily(
        "loa_subscriptions", "Subscriptions.", labels=["channel", "status"]
    )
    for channel in CHANNELS:
        for status in SubscriptionStatus:
            subscriptions.add_metric(
                [channel, status], counts.subscriptions.get((channel, status), 0)
            )
    yield subscriptions
    endpoints = GaugeMetricFamily("loa_endpoints", "Endpoints by status.", labels=["status"])
    for name in sorted({"ok", "slow", "disabled", *counts.endpoints}):
        endpoints.add_metric([name], counts.endpoints.get(name, 0))
    yield endpoints
    waited = (
        0.0
        if counts.oldest_due_at is None
        else max(0.0, (now - counts.oldest_due_at).total_seconds())
    )
    yield GaugeMetricFamily(
        "loa_oldest_due_seconds", "How long the oldest due message has been due.", value=waited
    )


def _alarms(found: Mapping[str, int]) -> GaugeMetricFamily:
    """What the alarms are about: 0 each while all is well."""
    alarms = GaugeMetricFamily("loa_alarms", "What is broken now, by kind.", labels=["kind"])
    for kind, count in found.items():
        alarms.add_metric([kind], count)
    return alarms


def _archive(facts: ArchiveFacts, stops: Mapping[str, int]) -> Iterator[GaugeMetricFamily]:
    files, size, moving = "Files kept.", "Bytes of them.", "Those in the database still."
    yield GaugeMetricFamily("loa_archive_files", files, value=facts.files)
    yield GaugeMetricFamily("loa_archive_bytes", size, value=facts.bytes)
    yield GaugeMetricFamily("loa_archive_waiting", moving, value=facts.waiting)
    found = GaugeMetricFamily("loa_archive_stops", "Why files are not kept.", labels=["reason"])
    for reason, count in stops.items():
        found.add_metric([reason.removeprefix("archive.")], count)
    yield found


def _held(portals: Iterable[str], held: Mapping[str, int]) -> GaugeMetricFamily:
    changes = GaugeMetricFamily(
        "loa_held_changes", "Held back by a flood until an operator says.", labels=["portal"]
    )
    for portal in dict.fromkeys([*portals, *held]):
        changes.add_metric([portal], held.get(portal, 0))
    return changes


def _silent(portals: Iterable[str], silent: Mapping[str, Mapping[str, int]]) -> GaugeMetricFamily:
    posts = GaugeMetricFamily(
        "loa_silent_posts",
        "Told to nobody although somebody asked, by the reason.",
        labels=["portal", "code"],
    )
    for portal in dict.fromkeys([*portals, *silent]):
        for code in CODES:
            posts.add_metric([portal, code], silent.get(portal, {}).get(code, 0))
    return posts


def _of_listings(listings: list[ListingState]) -> Iterator[GaugeMetricFamily]:
    outcomes = GaugeMetricFamily(
        "loa_listings", "Listings by the outcome of their last poll.", labels=["outcome"]
    )
    for outcome in Outcome:
        outcomes.add_metric([outcome], sum(listing.last_outcome is outcome for listing in listings))
    yield outcomes
    labels = ["portal", "listing"]
    failures = GaugeMetricFamily("loa_listing_failures", "Failed polls in a row.", labels=labels)
    read = GaugeMetricFamily(
        "loa_listing_last_ok_timestamp_seconds", "When it was last read.", labels=labels
    )
    for listing in listings:
        failures.add_metric([listing.portal_id, listing.url], listing.failures)
        if listing.last_ok_at is not None:
            read.add_metric([listing.portal_id, listing.url], listing.last_ok_at.timestamp())
    yield failures
    yield read
