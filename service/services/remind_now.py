"""An operator has units asked again at once, by whom it would be their turn to be asked next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from service.alerts.deadlines import due_instants
from service.errors import NotFound
from service.services.audit_acts import audited
from service.services.context import Context
from service.services.reminder_parts import Reminder, is_open, ways_of
from service.services.reminders import REMIND_WITHIN, remind_unit
from service.storage.losses import load_ways
from service.storage.receipts import list_receipts, load_reminded, posts_owing

REST = timedelta(hours=1)
"""After a reminder, of whichever kind: a second press asks nobody twice, nor the next contact."""


@dataclass(frozen=True, slots=True)
class RemindResult:
    """How many units were asked; those asked within REST; those that nothing reaches."""

    asked: int
    resting: int
    unreachable: int


@audited("act.remind", "post", "post_ids")
def remind_now(
    conn: Connection, ctx: Context, post_ids: Sequence[str], unit_ids: Sequence[str] = ()
) -> RemindResult:
    """Asks the units that have yet to acknowledge these posts, or those of them that are named.

    It counts as the reminder that would be next: no contact is passed over, none is asked twice.
    Raises NotFound for a post that asks for no receipt any more.
    """
    now, zone = ctx.clock(), ctx.settings.service.locale.zone
    owing = {
        post.id: post
        for post in posts_owing(conn, ctx.settings.receipts.categories, now - REMIND_WITHIN)
    }
    for post_id in post_ids:
        if post_id not in owing:
            raise NotFound("post", post_id)
    reminded, ways = load_reminded(conn), load_ways(conn)
    asked = resting = unreachable = 0
    for post_id in dict.fromkeys(post_ids):
        post = owing[post_id]
        dues = due_instants(post.deadlines, zone, now)
        for line in filter(is_open, list_receipts(conn, post_id)):
            if unit_ids and line.unit_id not in unit_ids:
                continue
            of = ways_of(line, ways)
            so_far = reminded.get((post_id, line.revision, line.unit_id), [])
            if not of.addresses and not of.hooks:
                unreachable += 1
            elif so_far and so_far[-1] + REST > now:
                resting += 1
            else:
                asked += bool(
                    remind_unit(conn, ctx, [Reminder(post, line, dues, of)], len(so_far), now)
                )
    return RemindResult(asked, resting, unreachable)
