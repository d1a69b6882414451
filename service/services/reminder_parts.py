"""What reminders of receipts have in common: who can be asked, of what, and by which words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from service.alerts.deadlines import DueInstant, own_first, say_due
from service.alerts.links import Purpose
from service.alerts.message import build_reminder
from service.alerts.receipt_rules import Line
from service.services.context import Context
from service.storage.handshakes import send_reminder
from service.storage.losses import ContactChannels
from service.storage.receipts import OwingPost, Receipt
from service.words import coded


@dataclass(frozen=True, slots=True)
class Reminder:
    """One unit's open line of a post. `ways`: by what the unit can be asked: its contacts in order
    of escalation; where it names none, by what it hears."""

    post: OwingPost
    line: Receipt
    dues: tuple[DueInstant, ...]
    ways: ContactChannels

    @property
    def own_first(self) -> tuple[DueInstant, ...]:
        """What the unit itself owes before what others owe (U5)."""
        return own_first(self.dues, self.line.place_id)

    @property
    def askable(self) -> int:
        """How many may be asked, one after the other; 0: only the operator is left."""
        return len(self.ways.addresses) or min(1, len(self.ways.hooks))


def ways_of(line: Receipt, found: Mapping[str, ContactChannels]) -> ContactChannels:
    """By what a unit can be asked: its contacts, else by what it hears."""
    own = found.get(line.unit_id, ContactChannels())
    return ContactChannels(line.contacts, own.hooks) if line.contacts else own


def section(
    ctx: Context, about: Reminder, now: datetime, *, says_sent: bool = True
) -> dict[str, Any]:
    """What a mail says of one receipt. `says_sent`: with when it was sent, where it was."""
    line, post = about.line, about.post
    sent = (
        [coded("letter.reminders_sent", sent_at=line.sent_at.isoformat())]
        if says_sent and line.sent_at
        else []
    )
    read = f"{ctx.settings.service.public_url.rstrip('/')}/posts/{post.id}"
    return {
        "paragraphs": [
            coded("letter.plain", words=post.title),
            *sent,
            *say_due(about.own_first, now),
        ],
        "button": (
            Purpose.RECEIPT.value,
            (post.id, str(line.revision), line.unit_id),
            "letter.acknowledge",
        ),
        "links": ((read, "letter.read"),),
    }


def ask_hooks(
    conn: Connection,
    ctx: Context,
    about: Reminder,
    key: str,
    now: datetime,
    *,
    is_urgent: bool = False,
) -> bool:
    """Asks by each webhook that the unit hears by; whether any was not asked under this key."""
    post, line = about.post, about.line
    body = build_reminder(
        now,
        post.id,
        line.revision,
        post.title,
        [(due.at, due.words) for due in about.own_first],
        ctx.links.post_url(post.id),
        ctx.links.receipt_url(post.id, line.revision, line.unit_id),
    )
    asked = [
        send_reminder(conn, hook, body, now, f"asked:{key}:{hook}", is_urgent=is_urgent)
        for hook in about.ways.hooks
    ]
    return any(asked)


def is_open(line: Receipt) -> bool:
    """Whether the unit is owed the post and has not acknowledged it."""
    return not line.is_removed and line.state in (Line.OWED, Line.SENT, Line.FAILED)
