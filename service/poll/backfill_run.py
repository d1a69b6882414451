"""One backfill of a portal: its listings walked back, then its sitemaps where these do not suffice,
and what remains uncovered, day by day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from service.poll.backfill import BackfillStore, BackfillTools, ListingBackfill, walk_back
from service.poll.backfill_sitemap import SitemapBackfill, search_sitemaps
from service.services.backfill_acts import BackfillInterrupted, Progress
from service.settings import PortalConfig
from service.storage.coverage import Gap, close_gaps
from service.storage.listings import load_listings
from service.values import Locale

_DAY = timedelta(days=1)


@dataclass(slots=True)
class BackfillReport:
    """What was found, and by listing the days since `since` that are covered, and are not."""

    portal_id: str
    since: date
    walked: list[ListingBackfill] = field(default_factory=list)
    searched: SitemapBackfill | None = None
    """None: the listings sufficed, or it was interrupted before."""
    covered: dict[str, list[date]] = field(default_factory=dict)
    uncovered: dict[str, list[date]] = field(default_factory=dict)
    is_interrupted: bool = False

    @property
    def errors(self) -> list[str]:
        """Why something could not be read, coded."""
        return [walked.error for walked in self.walked if walked.error]

    @property
    def is_whole(self) -> bool:
        """Whether every day is covered, of every listing."""
        return not self.is_interrupted and not any(self.uncovered.values())

    def facts(self) -> dict[str, Any]:
        """For programs, errors coded."""
        searched = self.searched or SitemapBackfill()
        return {
            "portal": self.portal_id,
            "since": self.since,
            "interrupted": self.is_interrupted,
            "listings": [
                {
                    "url": one.url,
                    "pages": one.pages,
                    "found": one.found,
                    "alerted": one.alerted,
                    "reached": one.reached_at,
                    "error": one.error,
                    "gaps": [{"from": gap.from_at, "to": gap.to_at} for gap in one.left],
                    "covered_days": self.covered.get(one.url, []),
                    "uncovered_days": self.uncovered.get(one.url, []),
                }
                for one in self.walked
            ],
            "sitemap": {
                "url": searched.url,
                "read": searched.read,
                "found": searched.found,
                "alerted": searched.alerted,
                "has_more": searched.has_more,
                "errors": list(searched.errors),
            },
        }


def run_backfill(
    tools: BackfillTools, portal: PortalConfig, day: date, locale: Locale, progress: Progress
) -> BackfillReport:
    """Looks for all that a portal published since `day`. May be interrupted and run again."""
    since = datetime.combine(day, time(), locale.zone)
    report = BackfillReport(portal.id, day)
    finds = BackfillStore(tools, portal, tools.clock() - _DAY)
    try:
        for listing in portal.listings:
            walked = ListingBackfill(listing.url)
            report.walked.append(walked)
            walk_back(tools, portal, listing, since, finds, progress, walked)
        if any(_lacks(walked, since) for walked in report.walked):
            gaps = [gap for walked in report.walked for gap in walked.left]
            report.searched = SitemapBackfill()
            search_sitemaps(tools, portal, since, gaps, finds, progress, report.searched)
            if report.searched.span is not None:
                _close_all(tools, portal, report, report.searched.span)
    except (KeyboardInterrupt, BackfillInterrupted):
        report.is_interrupted = True
    with tools.database.reading() as conn:
        states = load_listings(conn)
    for walked in report.walked:
        state = states.get((portal.id, walked.url))
        baseline_at = None if state is None else state.baseline_at
        span = report.searched.span if report.searched is not None else None
        watched_from = _watched_from(baseline_at, walked.reached_at, span)
        until = locale.day(tools.clock())
        days = list(_days(day, until))
        missed = [one for one in days if _is_uncovered(one, watched_from, walked.left, locale)]
        report.uncovered[walked.url] = missed
        report.covered[walked.url] = [one for one in days if one not in missed]
    return report


def _lacks(walked: ListingBackfill, since: datetime) -> bool:
    is_short = walked.reached_at is None or walked.reached_at >= since
    return is_short or any(gap.to_at > since for gap in walked.left)


def _close_all(
    tools: BackfillTools, portal: PortalConfig, report: BackfillReport, span: Gap
) -> None:
    with tools.database.writing() as conn:
        for walked in report.walked:
            walked.left = close_gaps(conn, portal.id, walked.url, span)


def _watched_from(
    baseline_at: datetime | None, reached_at: datetime | None, span: Gap | None
) -> datetime | None:
    """Since when a listing is known, gaps aside; None: it was never read."""
    if baseline_at is None:
        return None
    known = min(baseline_at, reached_at or baseline_at)
    return min(known, span.from_at) if span is not None and span.to_at >= known else known


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _DAY


def _is_uncovered(
    day: date, watched_from: datetime | None, gaps: Sequence[Gap], locale: Locale
) -> bool:
    if watched_from is None or day < locale.day(watched_from):
        return True
    return any(locale.day(gap.from_at) <= day <= locale.day(gap.to_at) for gap in gaps)
