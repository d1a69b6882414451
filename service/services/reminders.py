"""Reminders of receipts that are owed: who is asked again, by which contact, in how many mails.

By working days, before a deadline, and of what is urgent in minutes, day and night.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from service.alerts.deadlines import due_instants, say_due
from service.alerts.links import Purpose
from service.alerts.receipt_rules import Line, reminder_step
from service.alerts.urgency import urgent_step
from service.services.context import Context
from service.storage.engine import Database
from service.storage.mails import queue_letter
from service.storage.receipts import (
    OwingPost,
    Receipt,
    letters_at,
    list_receipts,
    load_reminded,
    posts_owing,
)
from service.words import coded

REMIND_WITHIN = timedelta(days=60)
_DUE_WITHIN = timedelta(days=730)
"""After it was told of, a post is looked at as long as a deadline of it may be ahead."""
_IN_ONE_MAIL = 50  # reminders; what is more than a page of titles is several mails


@dataclass(frozen=True, slots=True)
class _Reminder:
    post_id: str
    title: str
    line: Receipt
    due: tuple[str, ...] = ()
    """What is due and when, coded."""


def remind(database: Database, ctx: Context) -> int:
    """Queues the reminders that are due for receipts, one mail for all of a contact; returns how
    many mails."""
    now, receipts = ctx.clock(), ctx.settings.receipts
    if not receipts.categories:
        return 0
    zone, before = ctx.settings.service.locale.zone, timedelta(hours=receipts.remind_before_due_h)
    with database.reading() as conn:
        posts = [
            (post, dues)
            for post in posts_owing(conn, receipts.categories, now - _DUE_WITHIN)
            for dues in [due_instants(post.deadlines, zone)]
            if post.told_at >= now - REMIND_WITHIN
            or any(now < one.at <= now + before for one in dues)
        ]
        reminded = load_reminded(conn)
        open_lines = [
            (post, dues, line)
            for post, dues in posts
            for line in list_receipts(conn, post.id)
            if _is_open(line)
        ]
    due: dict[tuple[str, int], list[_Reminder]] = {}
    for post, dues, line in open_lines:
        step = reminder_step(
            line.owed_at or now,
            reminded.get((post.id, line.revision, line.unit_id), ()),
            now,
            remind_after=receipts.remind_after_working_days,
            contacts=len(line.contacts),
            zone=zone,
            days_off=ctx.settings.email.days_off,
            due_at=[one.at for one in dues],
            remind_before=before,
        )
        if step is not None:
            about = _Reminder(post.id, post.title, line, tuple(say_due(dues, now)))
            due.setdefault((line.unit_id, step), []).append(about)
    made = 0
    for (_, step), reminders in due.items():
        for start in range(0, len(reminders), _IN_ONE_MAIL):
            with database.writing() as conn:
                made += _remind(conn, ctx, reminders[start : start + _IN_ONE_MAIL], step, now)
    return made


def _remind(
    conn: Connection, ctx: Context, reminders: Sequence[_Reminder], step: int, now: datetime
) -> bool:
    """One mail to a unit's contact: about one post, or a list of several."""
    language, line = ctx.settings.service.language, reminders[0].line
    # before a deadline the first is reminded again when all contacts were
    whom = step if step < len(line.contacts) else 0
    escalation = ["letter.escalate_body"] if whom else []
    if len(reminders) == 1:
        only = _section(ctx, reminders[0])
        said = (
            coded("letter.remind_body", unit=line.unit_name, sent_at=line.sent_at.isoformat())
            if line.sent_at
            else coded("letter.remind_never", unit=line.unit_name)
        )
        queued = queue_letter(
            conn,
            key=f"remind:{reminders[0].post_id}:{line.revision}:{line.unit_id}:{step}",
            address=line.contacts[whom],
            subject=coded("letter.remind_subject", post=reminders[0].title),
            paragraphs=[
                said,
                coded("letter.plain", words=reminders[0].title),
                *reminders[0].due,
                *escalation,
            ],
            now=now,
            language=language,
            button=only["button"],
            links=only["links"],
        )
    else:
        about = ",".join(sorted(f"{one.post_id}:{one.line.revision}" for one in reminders))
        queued = queue_letter(
            conn,
            key=f"reminders:{line.unit_id}:{step}:{sha256(about.encode()).hexdigest()}",
            address=line.contacts[whom],
            subject=coded("letter.reminders_subject", n=len(reminders)),
            paragraphs=[
                coded("letter.reminders_body", unit=line.unit_name, n=len(reminders)),
                *escalation,
            ],
            now=now,
            language=language,
            sections=[_section(ctx, one) for one in reminders],
        )
    return queued is not None


def remind_urgent(database: Database, ctx: Context) -> int:
    """Queues what is to be asked by now of the receipts of urgent posts: the first contact at each
    of `urgency.remind_after_min`, then each next one, then the operator; returns how many mails."""
    now, settings = ctx.clock(), ctx.settings
    urgency, categories = settings.urgency, settings.receipts.categories
    if not urgency.now or not urgency.remind_after_min or not categories:
        return 0
    with database.reading() as conn:
        lines = [
            (post, line)
            for post in posts_owing(conn, categories, now - REMIND_WITHIN, is_urgent=True)
            if post.urgent in urgency.now
            for line in list_receipts(conn, post.id)
            if _is_open(line)
        ]
        keys = [key for post, line in lines for key in _urgent_keys(ctx, post, line)]
        asked_at = letters_at(conn, keys)
    made = 0
    for post, line in lines:
        keys = _urgent_keys(ctx, post, line)
        asked = [asked_at[key] for key in keys if key in asked_at]
        whom = urgent_step(
            line.owed_at or now,
            asked,
            now,
            after_min=urgency.remind_after_min,
            contacts=len(line.contacts),
        )
        if whom is not None:
            with database.writing() as conn:
                made += _ask_urgently(conn, ctx, post, line, whom, keys[len(asked)], now)
    return made


def _urgent_keys(ctx: Context, post: OwingPost, line: Receipt) -> list[str]:
    steps = len(ctx.settings.urgency.remind_after_min) + len(line.contacts) + 1
    about = f"urgent:{post.id}:{line.revision}:{line.unit_id}"
    return [f"{about}:{step}" for step in range(steps)]


def _ask_urgently(
    conn: Connection,
    ctx: Context,
    post: OwingPost,
    line: Receipt,
    whom: int,
    key: str,
    now: datetime,
) -> bool:
    settings, level = ctx.settings, (post.urgent or "").replace("-", "_")
    is_operator = whom >= len(line.contacts)
    address = settings.operator.email if is_operator else line.contacts[whom]
    if not address:
        return False
    dues = say_due(due_instants(post.deadlines, settings.service.locale.zone), now)
    only = _section(ctx, _Reminder(post.id, post.title, line, tuple(dues)))
    if is_operator:
        last = ["letter.urgent_operator" if line.contacts else "letter.urgent_no_contact"]
    else:
        last = ["letter.escalate_body"] if whom else []
    queued = queue_letter(
        conn,
        key=key,
        address=address,
        subject=coded(f"letter.urgent_{level}", unit=line.unit_name, post=post.title),
        paragraphs=[coded("letter.urgent_body", unit=line.unit_name), *only["paragraphs"], *last],
        now=now,
        language=settings.service.language,
        button=None if is_operator else only["button"],
        links=only["links"],
        is_urgent=True,
    )
    return queued is not None


def _section(ctx: Context, about: _Reminder) -> dict[str, Any]:
    line = about.line
    sent = (
        [coded("letter.reminders_sent", sent_at=line.sent_at.isoformat())] if line.sent_at else []
    )
    read = f"{ctx.settings.service.public_url.rstrip('/')}/posts/{about.post_id}"
    return {
        "paragraphs": [coded("letter.plain", words=about.title), *sent, *about.due],
        "button": (
            Purpose.RECEIPT.value,
            (about.post_id, str(line.revision), line.unit_id),
            "letter.acknowledge",
        ),
        "links": ((read, "letter.read"),),
    }


def _is_open(line: Receipt) -> bool:
    return not line.is_removed and line.state in (
        Line.OWED,
        Line.SENT,
        Line.FAILED,
    )
