"""The operator's daily mail about units that have not acknowledged, and whom Loa asks no more.

Nobody new, no mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.alerts.digest import last_run
from service.alerts.receipt_rules import are_reminders_exhausted
from service.services.context import Context
from service.services.operator import tell_operator
from service.services.reminder_parts import is_open, ways_of
from service.services.reminders import REMIND_WITHIN
from service.services.way_back import TO_FILL_IN
from service.storage.engine import Database
from service.storage.losses import load_ways
from service.storage.meta import get_meta, put_meta
from service.storage.receipts import (
    OwingPost,
    Receipt,
    list_sent_receipts,
    load_board_units,
    load_reminded,
    posts_owing,
)
from service.types import Frequency
from service.words import coded

_LOOKED = "late_looked_at"
"""The run that was looked at last: nothing of it changes any more."""
_SHOWN = 10  # posts of one unit; the board has them all


@dataclass(frozen=True, slots=True)
class LateReceipt:
    """`is_new`: since the run before; never what is urgent, of which the operator was told in its
    own hour."""

    post: OwingPost
    line: Receipt
    is_new: bool


def tell_late(database: Database, ctx: Context) -> bool:
    """Queues the mail of the last daily run, once, where a unit came to be late since the run
    before it. Whether one was queued."""
    run, before = _runs(ctx)
    if run is None or before is None or not ctx.settings.receipts.categories:
        return False
    with database.reading() as conn:
        if get_meta(conn, _LOOKED) == run.isoformat():
            return False
    late = find_late(database, ctx, run, before)
    with database.writing() as conn:
        put_meta(conn, _LOOKED, run.isoformat())
        n = len({one.line.unit_id for one in late if one.is_new})
        if not n:
            return False
        subject, said = coded("late.subject", n=n), _say(ctx, late)
        key = f"late:{run.isoformat()}"
        return tell_operator(conn, ctx.settings, key, subject, said, ctx.clock()) is not None


def find_late(
    database: Database, ctx: Context, at: datetime, before: datetime
) -> list[LateReceipt]:
    """What was given up by then, and what of it was not by `before`."""
    settings = ctx.settings
    found: list[LateReceipt] = []
    with database.reading() as conn:
        ways, reminded, known = load_ways(conn), load_reminded(conn), load_board_units(conn)
        for post in posts_owing(conn, settings.receipts.categories, at - REMIND_WITHIN):
            for line in filter(is_open, list_sent_receipts(conn, post.id, known)):
                of = ways_of(line, ways)
                so_far = reminded.get((post.id, line.revision, line.unit_id), [])
                was, is_late = (
                    are_reminders_exhausted(
                        line.owed_at or at,
                        so_far,
                        when,
                        remind_after=settings.receipts.remind_after_working_days,
                        contacts=len(of.addresses) or min(1, len(of.hooks)),
                        zone=settings.service.locale.zone,
                        days_off=settings.email.days_off,
                    )
                    for when in (before, at)
                )
                if is_late:
                    found.append(LateReceipt(post, line, not was and not _is_told(ctx, post)))
    return found


def _is_told(ctx: Context, post: OwingPost) -> bool:
    urgency = ctx.settings.urgency
    return post.urgent in urgency.now and bool(urgency.remind_after_min)


def _runs(ctx: Context) -> tuple[datetime | None, datetime | None]:
    email, zone = ctx.settings.email, ctx.settings.service.locale.zone
    run = last_run(Frequency.DAILY, ctx.clock(), email.digest_at, zone, email.days_off)
    if run is None:
        return None, None
    earlier = run - timedelta(seconds=1)
    return run, last_run(Frequency.DAILY, earlier, email.digest_at, zone, email.days_off)


def _say(ctx: Context, late: Sequence[LateReceipt]) -> list[str]:
    """Of each unit of which there is news, how much it owes, and what is new of that."""
    base = ctx.settings.service.public_url.rstrip("/")
    by_unit: dict[str, list[LateReceipt]] = {}
    for one in late:
        by_unit.setdefault(one.line.unit_id, []).append(one)
    said = ["late.said"]
    for found in by_unit.values():
        new = [one.post for one in found if one.is_new]
        if not new:
            continue
        line, n = found[0].line, len(found)
        contacts = ", ".join(line.contacts)
        said.append(
            coded("late.unit", unit=line.unit_name, n=n, contacts=contacts)
            if contacts
            else coded("late.unit_without_contact", unit=line.unit_name, n=n)
        )
        if not contacts:
            command = f"loa unit edit {line.unit_id} --add-contact {TO_FILL_IN}"
            said.append(coded("late.add_contact", command=command))
        said += [
            coded("late.post", title=post.title, url=f"{base}/admin/receipts/{post.id}")
            for post in sorted(new, key=lambda post: (post.told_at, post.id))[:_SHOWN]
        ]
        if len(new) > _SHOWN:
            said.append(coded("late.more", n=len(new) - _SHOWN))
    return said
