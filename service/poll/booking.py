"""Books how a poll ended: its outcome, the next poll, and whose fault a failure was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.errors import FetchError, PortalError
from service.logs import Log
from service.poll import decide
from service.poll.listing import PollResult
from service.poll.listing_leases import Leases
from service.poll.page_sources import Reader
from service.poll.report import ListingReport
from service.services.outage_acts import patience
from service.settings import PortalConfig, Settings
from service.storage.engine import Database
from service.storage.listings import ListingResult, ListingState, load_listings, record_poll
from service.storage.outages import begin_outage
from service.types import Clock, Outcome

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class FailedPoll:
    """A poll that could read nothing; booked once all portals are known, for it may be our own
    network."""

    state: ListingState
    started_at: datetime
    took_s: float
    error: PortalError


EndedPolls = list[ListingReport | FailedPoll]


class Booking:
    """`chance`: a random number of [0, 1), which spreads the next polls."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Clock,
        leases: Leases,
        reader: Reader,
        chance: Callable[[], float],
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._leases = leases
        self._reader = reader
        self._chance = chance

    def success(
        self, portal: PortalConfig, state: ListingState, polled: PollResult, started_at: datetime
    ) -> None:
        """Books a listing that was read."""
        polling = self._settings.polling
        wait_s = decide.jittered(polling.interval_s, polling.jitter, self._chance())
        report = polled.report
        result = ListingResult(
            outcome=report.outcome,
            started_at=started_at,
            took_s=self.took_s(started_at),
            tallies=report.tallies,
            next_poll_at=started_at + timedelta(seconds=wait_s),
            failures=0,
            failing_since=None,
            error=report.error,
            validators=polled.validators,
            reader_version=self._reader.reader_version(portal),
            rows=polled.rows,
            resume_url=polled.resume_url,
            coverage=polled.coverage,
            is_new_seen=report.new > 0,
        )
        self._record(state, result)
        if report.outcome is not Outcome.UNCHANGED:
            log.info(
                "polled",
                portal=report.portal_id,
                listing=report.url,
                outcome=report.outcome.value,
                new=report.new,
                updated=report.updated,
                held=report.held,
            )

    def failures(
        self, ended: Sequence[Sequence[ListingReport | FailedPoll]]
    ) -> list[ListingReport]:
        """Books what could not be read, of all portals at once: it may be our own network."""
        failed = [end for portal in ended for end in portal if isinstance(end, FailedPoll)]
        is_ours = bool(failed) and self._is_own_network(ended)
        return [
            self._failure(end, is_ours=is_ours) if isinstance(end, FailedPoll) else end
            for portal in ended
            for end in portal
        ]

    def took_s(self, started_at: datetime) -> float:
        """Seconds since then."""
        return (self._clock() - started_at).total_seconds()

    def _record(self, state: ListingState, result: ListingResult) -> None:
        held = self._leases.drop(state)
        with self._database.writing() as conn:
            is_recorded = record_poll(conn, held, result)
            if is_recorded and result.is_success and state.last_ok_at is not None:
                unread = result.started_at - state.last_ok_at
                if unread >= patience(self._settings):
                    begin_outage(conn, state.portal_id, state.last_ok_at, result.started_at)
        if not is_recorded:
            log.warning(
                "another worker polls the listing by now", portal=state.portal_id, listing=state.url
            )

    def _is_own_network(self, ended: Sequence[Sequence[ListingReport | FailedPoll]]) -> bool:
        """By this poll's outcomes, and for portals that were not due by their last ones, if those
        are recent."""
        recent = self._clock() - timedelta(seconds=2 * self._settings.polling.interval_s)
        outcomes: dict[str, list[Outcome]] = {}
        for end in (end for portal in ended for end in portal):
            portal_id = end.state.portal_id if isinstance(end, FailedPoll) else end.portal_id
            outcome = end.error.outcome if isinstance(end, FailedPoll) else end.outcome
            outcomes.setdefault(portal_id, []).append(outcome)
        configured = {portal.id for portal in self._settings.portals}
        with self._database.reading() as conn:
            states = load_listings(conn).values()
        for state in states:
            is_known = state.last_outcome is not None and state.last_polled_at is not None
            if state.portal_id in configured and state.portal_id not in outcomes and is_known:
                assert state.last_outcome is not None
                assert state.last_polled_at is not None
                if state.last_polled_at >= recent:
                    outcomes[state.portal_id] = [state.last_outcome]
        failed = [end for portal in ended for end in portal if isinstance(end, FailedPoll)]
        has_evidence = any(decide.is_our_fault(end.error) for end in failed)
        return decide.is_own_network(outcomes, has_evidence=has_evidence)

    def _failure(self, failed: FailedPoll, *, is_ours: bool) -> ListingReport:
        state, error, polling = failed.state, failed.error, self._settings.polling
        outcome = decide.failure_outcome(error.outcome, is_ours=is_ours)
        failures = state.failures if is_ours else state.failures + 1
        retry_after_s = error.retry_after_s if isinstance(error, FetchError) else None
        wait_s = (
            decide.jittered(polling.interval_s, polling.jitter, self._chance())
            if is_ours
            else decide.back_off_s(polling, failures, retry_after_s, self._chance())
        )
        report = ListingReport(state.portal_id, state.url, outcome, error=error.reason)
        result = ListingResult(
            outcome=outcome,
            started_at=failed.started_at,
            took_s=failed.took_s,
            tallies=report.tallies,
            next_poll_at=failed.started_at + timedelta(seconds=wait_s),
            failures=failures,
            failing_since=state.failing_since or failed.started_at,
            error=error.reason,
            is_success=False,
        )
        self._record(state, result)
        log.warning(
            "cannot poll",
            portal=state.portal_id,
            listing=state.url,
            outcome=outcome.value,
            error=str(error),
        )
        return report
