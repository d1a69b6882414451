"""Reminders of receipts that are owed: who is asked again, by which contact, in how many mails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from service.alerts.links import Purpose
from service.alerts.receipt_rules import Line, reminder_step
from service.services.context import Context
from service.storage.engine import Database
from service.storage.mails import queue_letter
from service.storage.receipts import Receipt, list_receipts, load_reminded, posts_owing
from service.words import coded

REMIND_WITHIN = timedelta(days=60)
_IN_ONE_MAIL = 50  # reminders; what is more than a page of titles is several mails


@dataclass(frozen=True, slots=True)
class _Reminder:
    post_id: str
    title: str
    line: Receipt


def remind(database: Database, ctx: Context) -> int:
    """Queues the reminders that are due for receipts, one mail for all of a contact; returns how
    many mails."""
    now, receipts = ctx.clock(), ctx.settings.receipts
    if not receipts.categories:
        return 0
    with database.reading() as conn:
        posts = posts_owing(conn, receipts.categories, now - REMIND_WITHIN)
        reminded = load_reminded(conn)
        open_lines = [
            (p, title, line)
            for p, title in posts
            for line in list_receipts(conn, p)
            if _is_open(line)
        ]
    due: dict[tuple[str, int], list[_Reminder]] = {}
    for post_id, title, line in open_lines:
        step = reminder_step(
            line.owed_at or now,
            reminded.get((post_id, line.revision, line.unit_id), ()),
            now,
            remind_after=receipts.remind_after_working_days,
            contacts=len(line.contacts),
            zone=ctx.settings.service.locale.zone,
            days_off=ctx.settings.email.days_off,
        )
        if step is not None:
            due.setdefault((line.unit_id, step), []).append(_Reminder(post_id, title, line))
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
    escalation = ["letter.escalate_body"] if step else []
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
            address=line.contacts[step],
            subject=coded("letter.remind_subject", post=reminders[0].title),
            paragraphs=[said, coded("letter.plain", words=reminders[0].title), *escalation],
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
            address=line.contacts[step],
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


def _section(ctx: Context, about: _Reminder) -> dict[str, Any]:
    line = about.line
    sent = (
        [coded("letter.reminders_sent", sent_at=line.sent_at.isoformat())] if line.sent_at else []
    )
    read = f"{ctx.settings.service.public_url.rstrip('/')}/posts/{about.post_id}"
    return {
        "paragraphs": [coded("letter.plain", words=about.title), *sent],
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
