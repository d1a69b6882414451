"""What an operator has to do today, the most pressing first; all of it is behind each line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nsmallest
from operator import itemgetter

from sqlalchemy import Connection

from service.alerts.deadlines import DueInstant, due_instants, own_first
from service.alerts.lateness import late_at
from service.services.context import Context
from service.services.mail_state import has_mail
from service.services.reminders import REMIND_WITHIN
from service.services.silences import undecided
from service.services.unit_acts import deaf_units
from service.storage.losses import hearing_units
from service.storage.open_lines import (
    OpenLine,
    OpenPost,
    load_open_lines,
    load_open_posts,
    load_owing,
)
from service.storage.schema import from_micros
from service.storage.unhealthy import (
    ErasureRequest,
    UnwellChannel,
    load_erasure_requests,
    load_unwell,
)
from service.storage.units import list_units
from service.types import Unit
from service.words.collation import name_key

_Judged = tuple[datetime, tuple[DueInstant, ...]]
NAMED = 3
"""Units that a line of a post names; the rest is counted."""
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
    """A post, and how many units have yet to acknowledge it."""

    post: OpenPost
    open: int
    late: int
    unreachable: int
    """Of the open ones, those that hear by no channel."""
    late_at: datetime
    """When the first of its units came to be late, or will."""
    next_due: DueInstant | None
    """Of that unit."""
    named: tuple[str, ...]
    """The names of NAMED of them, those that are late the longest first."""


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
    """Posts that some unit has yet to acknowledge, the one that is late the longest first. Counted,
    not listed: a country's units are tens of thousands of lines."""
    categories = ctx.settings.receipts.categories
    if not categories:
        return []
    owing = load_owing(conn, categories, ctx.clock() - REMIND_WITHIN)
    judge = _Judge(ctx, load_open_posts(conn, sorted(owing)))
    hearing = hearing_units(conn, has_mail=has_mail(conn, ctx))
    units = {unit.id: (rank, unit) for rank, unit in enumerate(list_units(conn))}
    found = [
        _count_open(post, owing[post.id], units, judge, hearing) for post in judge.posts.values()
    ]
    return sorted(found, key=lambda one: (one.late_at, one.post.id))


def _count_open(
    post: OpenPost,
    owing: Mapping[str, int],
    units: Mapping[str, tuple[int, Unit]],
    judge: _Judge,
    hearing: AbstractSet[str],
) -> OpenDirective:
    """`owing`: since when each unit owes it, in microseconds. `units`: each with its rank."""
    alike: dict[tuple[int, str | None], list[str]] = {}
    owners = judge.owners(post)
    for unit_id, owed_at in owing.items():
        place_id = units[unit_id][1].place
        key = owed_at, place_id if place_id in owners else None
        alike.setdefault(key, []).append(unit_id)
    by_late: dict[datetime, list[tuple[int, str, tuple[DueInstant, ...]]]] = {}
    for (owed_at, place_id), ids in alike.items():
        at, dues = judge(post.id, from_micros(owed_at), place_id)
        by_late.setdefault(at, []).extend((units[one][0], one, dues) for one in ids)
    first: list[tuple[int, str, tuple[DueInstant, ...]]] = []
    for at in sorted(by_late):
        first += nsmallest(NAMED - len(first), by_late[at], key=itemgetter(0))
    dues = first[0][2]
    return OpenDirective(
        post,
        len(owing),
        sum(len(ids) for at, ids in by_late.items() if at <= judge.now),
        len(owing.keys() - hearing),
        min(by_late),
        dues[0] if dues else None,
        tuple(units[one][1].name for _, one, _ in first),
    )


class _Judge:
    """From when on a unit is late, and what it owes by when, its own first: units that were told at
    once are late at once, so each case is judged once."""

    def __init__(self, ctx: Context, posts: Mapping[str, OpenPost]) -> None:
        self.posts = posts
        self.now = ctx.clock()
        self._ctx = ctx
        zone = ctx.settings.service.locale.zone
        self._dues = {
            key: due_instants(post.deadlines, zone, self.now) for key, post in posts.items()
        }
        self._known: dict[tuple[str, datetime, str | None], _Judged] = {}

    def owners(self, post: OpenPost) -> frozenset[str | None]:
        """The places whose units may be late at another time than all others."""
        return frozenset(due.owner for due in self._dues[post.id])

    def __call__(self, post_id: str, owed_at: datetime, place_id: str | None) -> _Judged:
        key = post_id, owed_at, place_id
        if key not in self._known:
            self._known[key] = self._judge(*key)
        return self._known[key]

    def _judge(self, post_id: str, owed_at: datetime, place_id: str | None) -> _Judged:
        settings, dues = self._ctx.settings, self._dues[post_id]
        at = late_at(
            owed_at,
            dues,
            place_id,
            after_days=settings.receipts.remind_after_working_days,
            after=_urgent_after(self._ctx, self.posts[post_id]),
            zone=settings.service.locale.zone,
            days_off=settings.email.days_off,
        )
        return at, own_first(dues, place_id)


def load_open_receipts(
    conn: Connection, ctx: Context, unit_id: str | None = None, post_id: str | None = None
) -> list[OpenReceipt]:
    """What all units, or one, have yet to acknowledge, of all posts, or one; what is late the
    longest first."""
    settings, now = ctx.settings, ctx.clock()
    categories = settings.receipts.categories
    if not categories:
        return []
    lines = load_open_lines(conn, categories, now - REMIND_WITHIN, unit_id=unit_id, post_id=post_id)
    judge = _Judge(ctx, load_open_posts(conn, sorted({line.post_id for line in lines})))
    hearing = hearing_units(conn, has_mail=has_mail(conn, ctx))
    found = []
    for line in lines:
        at, own = judge(line.post_id, line.owed_at, line.place_id)
        post = judge.posts[line.post_id]
        found.append(OpenReceipt(post, line, at, own, line.unit_id in hearing))
    return sorted(found, key=lambda one: (one.late_at, name_key(one.line.unit_name), one.post.id))


def _urgent_after(ctx: Context, post: OpenPost) -> timedelta | None:
    urgency = ctx.settings.urgency
    if post.urgent not in urgency.now or not urgency.remind_after_min:
        return None
    return timedelta(minutes=urgency.remind_after_min[0])
