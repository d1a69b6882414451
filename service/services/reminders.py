"""Reminders of receipts that are owed: who is asked again, by which contact, in how many mails.

By working days, and before a deadline; of what is urgent, `urgent_reminders`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection

from service.alerts.deadlines import due_instants, next_due_reminder
from service.alerts.receipt_rules import reminder_step
from service.alerts.working_hours import WorkingHours
from service.services.context import Context
from service.services.reminder_parts import Reminder, ask_hooks, is_open, section, ways_of
from service.storage.engine import Database
from service.storage.losses import load_ways
from service.storage.mails import queue_letter
from service.storage.receipts import (
    list_sent_receipts,
    load_board_units,
    load_reminded,
    posts_owing,
)
from service.storage.reminder_alarm import alarm_at, set_alarm
from service.words import coded

REMIND_WITHIN = timedelta(days=60)
_DUE_WITHIN = timedelta(days=730)
"""After it was told of, a post is looked at as long as a deadline of it may be ahead."""
_IN_ONE_MAIL = 50  # reminders; what is more than a page of titles is several mails


def remind_in_time(database: Database, ctx: Context) -> int:
    """The same as `remind`, where the instant has come at which the next reminder before a deadline
    is due; else nothing. Costs one row, so that it may be asked every few seconds."""
    with database.reading() as conn:
        at = alarm_at(conn)
    return 0 if at is None or ctx.clock() < at else remind(database, ctx)


def remind(database: Database, ctx: Context) -> int:
    """Queues the reminders that are due for receipts, one mail for all of a contact, and sets when
    the next one before a deadline is; returns how many were queued."""
    now, receipts = ctx.clock(), ctx.settings.receipts
    if not receipts.categories:
        return 0
    zone, before = ctx.settings.service.locale.zone, timedelta(hours=receipts.remind_before_due_h)
    hours = WorkingHours(receipts.remind_at, zone, ctx.settings.email.days_off)
    with database.reading() as conn:
        alarm = alarm_at(conn)
        posts = [
            (post, dues)
            for post in posts_owing(conn, receipts.categories, now - _DUE_WITHIN)
            for dues in [due_instants(post.deadlines, zone, now)]
            if post.told_at >= now - REMIND_WITHIN
            or any(now < one.at <= now + before for one in dues)
        ]
        reminded, ways, known = load_reminded(conn), load_ways(conn), load_board_units(conn)
        open_lines = [
            Reminder(post, line, dues, ways_of(line, ways))
            for post, dues in posts
            for line in list_sent_receipts(conn, post.id, known)
            if is_open(line)
        ]
    due: dict[tuple[str, int], list[Reminder]] = {}
    later: list[datetime] = []
    for one in open_lines:
        owed_at, line = one.line.owed_at or now, one.line
        so_far = reminded.get((one.post.id, line.revision, line.unit_id), [])
        due_at = [each.at for each in one.dues]
        step = reminder_step(
            owed_at,
            so_far,
            now,
            remind_after=receipts.remind_after_working_days,
            contacts=one.askable,
            hours=hours,
            due_at=due_at,
            remind_before=before,
        )
        if step is not None:
            due.setdefault((line.unit_id, step), []).append(one)
            so_far = [*so_far, now]
        next_at = next_due_reminder(owed_at, so_far, now, due_at, before, hours)
        later += [] if next_at is None else [next_at]
    made = 0
    for (_, step), reminders in due.items():
        for start in range(0, len(reminders), _IN_ONE_MAIL):
            with database.writing() as conn:
                made += remind_unit(conn, ctx, reminders[start : start + _IN_ONE_MAIL], step, now)
    with database.writing() as conn:
        set_alarm(conn, alarm, min(later, default=None))
    return made


def remind_unit(
    conn: Connection, ctx: Context, reminders: Sequence[Reminder], step: int, now: datetime
) -> int:
    """What a unit is asked at one step, by whoever is to be asked."""
    ways = reminders[0].ways
    if not ways.addresses and ways.hooks:
        return sum(ask_hooks(conn, ctx, one, _key(one, step), now) for one in reminders)
    if not ways.addresses:
        return sum(_ask_operator(conn, ctx, one, _key(one, step), now) for one in reminders)
    # before a deadline the first is reminded again when all contacts were
    whom = step if step < len(ways.addresses) else 0
    return _mail(conn, ctx, reminders, step, ways.addresses[whom], now, is_next=whom > 0)


def _mail(
    conn: Connection,
    ctx: Context,
    reminders: Sequence[Reminder],
    step: int,
    address: str,
    now: datetime,
    *,
    is_next: bool,
) -> bool:
    """One mail to a unit's contact: about one post, or a list of several."""
    language, line = ctx.settings.service.language, reminders[0].line
    escalation = ["letter.escalate_body"] if is_next else []
    is_list = len(reminders) > 1
    sections = [section(ctx, one, now, says_sent=is_list) for one in reminders]
    if not is_list:
        only, post = sections[0], reminders[0].post
        said = (
            coded("letter.remind_body", unit=line.unit_name, sent_at=line.sent_at.isoformat())
            if line.sent_at
            else coded("letter.remind_never", unit=line.unit_name)
        )
        queued = queue_letter(
            conn,
            key=_key(reminders[0], step),
            address=address,
            subject=coded("letter.remind_subject", post=post.title),
            paragraphs=[said, *only["paragraphs"], *escalation],
            now=now,
            language=language,
            button=only["button"],
            links=only["links"],
        )
    else:
        about = ",".join(sorted(f"{one.post.id}:{one.line.revision}" for one in reminders))
        queued = queue_letter(
            conn,
            key=f"reminders:{line.unit_id}:{step}:{sha256(about.encode()).hexdigest()}",
            address=address,
            subject=coded("letter.reminders_subject", n=len(reminders)),
            paragraphs=[
                coded("letter.reminders_body", unit=line.unit_name, n=len(reminders)),
                *escalation,
            ],
            now=now,
            language=language,
            sections=sections,
        )
    return queued is not None


def _ask_operator(conn: Connection, ctx: Context, one: Reminder, key: str, now: datetime) -> bool:
    """Before a deadline, of a unit that nothing reaches."""
    settings, unit = ctx.settings, one.line.unit_name
    if not settings.operator.email or not settings.email.smtp_url:
        return False
    only = section(ctx, one, now)
    queued = queue_letter(
        conn,
        key=key,
        address=settings.operator.email,
        subject=coded("letter.unreached_subject", unit=unit, post=one.post.title),
        paragraphs=[coded("letter.unreached_body", unit=unit), *only["paragraphs"]],
        now=now,
        language=settings.service.language,
        links=only["links"],
    )
    return queued is not None


def _key(one: Reminder, step: int) -> str:
    return f"remind:{one.post.id}:{one.line.revision}:{one.line.unit_id}:{step}"
