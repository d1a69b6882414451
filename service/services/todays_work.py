"""What an operator has to do today, the most pressing first; all of it is behind each line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Connection

from service.alerts.deadlines import DueInstant, due_instants, own_first
from service.alerts.lateness import late_at
from service.services.context import Context
from service.services.reminders import REMIND_WITHIN
from service.services.silences import undecided
from service.services.unit_acts import deaf_units
from service.storage.losses import hearing_units
from service.storage.open_lines import OpenLine, OpenPost, load_open_lines, load_open_posts
from service.storage.unhealthy import (
    ErasureRequest,
    UnwellChannel,
    load_erasure_requests,
    load_unwell,
)
from service.types import Unit
from service.words.collation import name_key

_Judged = tuple[datetime, tuple[DueInstant, ...]]
SHOWN = 20
"""Lines of one kind on the first page; the rest is counted, and behind a link."""


@dataclass(frozen=True, slots=True)
class OpenReceipt:
    """A unit that has yet to acknowledge a post. `late_at` may be ahead."""

    post: OpenPost
    line: OpenLine
    late_at: datetime
    dues: tuple[DueInstant, ...]
    """The unit's own first (U5)."""
    has_channel: bool

    @property
    def next_due(self) -> DueInstant | None:
        return self.dues[0] if self.dues else None


@dataclass(frozen=True, slots=True)
class OpenDirective:
    """A post, and the units that have yet to acknowledge it: those that are late first."""

    post: OpenPost
    receipts: tuple[OpenReceipt, ...]
    late: tuple[OpenReceipt, ...]

    @property
    def late_at(self) -> datetime:
        """When the first of its units came to be late, or will."""
        return self.receipts[0].late_at

    @property
    def unreachable(self) -> int:
        return sum(not one.has_channel for one in self.receipts)


@dataclass(frozen=True, slots=True)
class TodaysWork:
    """`silent`: by portal and reason, how many posts wait for a decision."""

    directives: Sequence[OpenDirective]
    silent: dict[str, dict[str, int]]
    unwell: Sequence[UnwellChannel]
    deaf: Sequence[Unit]
    requests: Sequence[ErasureRequest]


def load_work(conn: Connection, ctx: Context) -> TodaysWork:
    now = ctx.clock()
    return TodaysWork(
        directives=load_directives(conn, ctx),
        silent=undecided(conn),
        unwell=load_unwell(conn, SHOWN + 1),
        deaf=deaf_units(conn, ctx),
        requests=load_erasure_requests(conn, now),
    )


def load_directives(conn: Connection, ctx: Context) -> list[OpenDirective]:
    """Posts that some unit has yet to acknowledge, the one that is late the longest first."""
    by_post: dict[str, list[OpenReceipt]] = {}
    for one in load_open_receipts(conn, ctx):
        by_post.setdefault(one.post.id, []).append(one)
    now = ctx.clock()
    found = [
        OpenDirective(
            receipts[0].post,
            tuple(receipts),
            tuple(one for one in receipts if one.late_at <= now),
        )
        for receipts in by_post.values()
    ]
    return sorted(found, key=lambda one: (one.late_at, one.post.id))


def load_open_receipts(
    conn: Connection, ctx: Context, unit_id: str | None = None, post_id: str | None = None
) -> list[OpenReceipt]:
    """What all units, or one, have yet to acknowledge, of all posts, or one; what is late the
    longest first."""
    settings, now = ctx.settings, ctx.clock()
    categories, zone = settings.receipts.categories, settings.service.locale.zone
    if not categories:
        return []
    lines = load_open_lines(conn, categories, now - REMIND_WITHIN, unit_id=unit_id, post_id=post_id)
    posts = load_open_posts(conn, sorted({line.post_id for line in lines}))
    dues = {key: _dues(post, ctx) for key, post in posts.items()}
    hearing = hearing_units(conn, has_relay=bool(settings.email.smtp_url))
    after = {key: _urgent_after(ctx, post) for key, post in posts.items()}

    @cache
    def judge(post_id: str, owed_at: datetime, place_id: str | None) -> _Judged:
        """Units that were told at once are late at once: judged once, not each."""
        at = late_at(
            owed_at,
            dues[post_id],
            place_id,
            after_days=settings.receipts.remind_after_working_days,
            after=after[post_id],
            zone=zone,
            days_off=settings.email.days_off,
        )
        return at, own_first(dues[post_id], place_id)

    found = []
    for line in lines:
        post = posts[line.post_id]
        at, own = judge(post.id, line.owed_at, line.place_id if dues[post.id] else None)
        found.append(OpenReceipt(post, line, at, own, line.unit_id in hearing))
    return sorted(found, key=lambda one: (one.late_at, name_key(one.line.unit_name), one.post.id))


def _dues(post: OpenPost, ctx: Context) -> tuple[DueInstant, ...]:
    return due_instants(post.deadlines, ctx.settings.service.locale.zone, ctx.clock())


def _urgent_after(ctx: Context, post: OpenPost) -> timedelta | None:
    urgency = ctx.settings.urgency
    if post.urgent not in urgency.now or not urgency.remind_after_min:
        return None
    return timedelta(minutes=urgency.remind_after_min[0])
