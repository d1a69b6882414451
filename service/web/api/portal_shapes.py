"""What the API shows of portals, silent posts and who did what. One declaration each, of which the
answers are made, and their description in OpenAPI."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.services.backfill_acts import BackfillShape
from service.services.coverage_acts import ListingCoverage, PortalCoverage
from service.services.coverage_shapes import CoverageGapShape, show_listing
from service.services.subscriber_shapes import Shape
from service.storage.audit import AuditEntry
from service.storage.listings import ListingState
from service.storage.silence import Silence
from service.types import Outcome
from service.web.pages.portal_state import PortalState
from service.words import say


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingHealthShape(Shape):
    url: str
    outcome: Outcome | None = field(
        metadata={"description": "of the last poll; null: never polled"}
    )
    error: str | None
    failures: int
    failing_since: datetime | None
    last_polled_at: datetime | None
    last_ok_at: datetime | None
    last_new_at: datetime | None
    next_poll_at: datetime | None
    covered_since: datetime | None = field(metadata={"description": "null: never read"})
    covered_to: datetime | None = field(
        metadata={"description": "the last read that left nothing open; null: never read"}
    )
    gaps: tuple[CoverageGapShape, ...] = field(
        metadata={"description": "within these, posts may have been missed"}
    )
    held: int
    silent: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalShape(Shape):
    id: str
    name: str
    base_url: str
    kind: str
    is_failing: bool
    held: int = field(
        metadata={"description": "changes that a flood holds back until an operator lets them go"}
    )
    silent: dict[str, int] = field(
        metadata={
            "description": "by reason, posts that were told to nobody although somebody asked"
        }
    )
    backfill: BackfillShape | None = field(
        metadata={"description": "the last that was asked for; null: none ever was"}
    )
    listings: tuple[ListingHealthShape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceShape(Shape):
    post: str
    portal: str
    title: str
    code: str
    reason: str = field(metadata={"description": "the code in words"})
    at: datetime = field(metadata={"description": "since when it is silent"})
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntryShape(Shape):
    id: str
    at: datetime
    door: str = field(metadata={"description": "command, api, page, desk, or job: by itself"})
    who: str = field(metadata={"description": "a token's name, a login; empty: whoever had a link"})
    source: str = field(
        metadata={"description": "the address that asked; empty: the machine of the service"}
    )
    act: str
    said: str = field(metadata={"description": "the act in words"})
    kind: str = field(metadata={"description": "of the subject"})
    subject: str = field(
        metadata={"description": "its id; empty: the whole service, or somebody forgotten"}
    )
    name: str = field(metadata={"description": "what it was called then; an address is masked"})
    before: dict[str, Any] | None = field(
        metadata={"description": "what the act changed; null: nothing shown"}
    )
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedShape(Shape):
    released: int = field(metadata={"description": "of a portal changes, of a post posts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardedShape(Shape):
    discarded: int = field(metadata={"description": "posts"})


def show_portal(
    state: PortalState, covered: PortalCoverage, backfill: BackfillShape | None, language: str
) -> PortalShape:
    by_url = {one.url: one for one in covered.listings}
    return PortalShape(
        id=state.portal.id,
        name=state.portal.name,
        base_url=state.portal.base_url,
        kind=state.portal.kind,
        is_failing=bool(state.failing),
        held=state.held,
        silent=dict(state.silent),
        backfill=backfill,
        listings=tuple(_listing(url, of, by_url[url], language) for url, of in state.listings),
    )


def _listing(
    url: str, of: ListingState | None, covered: ListingCoverage, language: str
) -> ListingHealthShape:
    shown = show_listing(covered)
    error = None if of is None else of.last_error
    return ListingHealthShape(
        url=url,
        outcome=of.last_outcome if of else None,
        error=None if error is None else say(error, language),
        failures=0 if of is None else of.failures,
        failing_since=of.failing_since if of else None,
        last_polled_at=of.last_polled_at if of else None,
        last_ok_at=of.last_ok_at if of else None,
        last_new_at=of.last_new_at if of else None,
        next_poll_at=of.next_poll_at if of else None,
        covered_since=shown.covered_since,
        covered_to=shown.covered_to,
        gaps=shown.gaps,
        held=shown.held,
        silent=shown.silent,
    )


def show_silence(one: Silence, language: str) -> SilenceShape:
    return SilenceShape(
        post=one.post_id,
        portal=one.portal_id,
        title=one.title,
        code=one.code,
        reason=say(f"silence.{one.code}", language),
        at=one.at,
        published_at=one.published_at,
    )


def show_entry(one: AuditEntry, language: str) -> AuditEntryShape:
    return AuditEntryShape(
        id=one.id,
        at=one.at,
        door=one.door,
        who=one.who,
        source=one.source,
        act=one.act,
        said=say(one.act, language),
        kind=one.kind,
        subject=one.subject_id,
        name=one.subject,
        before=None if one.before is None else dict(one.before),
        after=None if one.after is None else dict(one.after),
    )
