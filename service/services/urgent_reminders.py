"""Reminders of urgent receipts: asked again in minutes, day and night, by every channel."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from service.alerts.deadlines import due_instants
from service.alerts.urgency import urgent_step
from service.services.context import Context
from service.services.reminder_parts import Reminder, ask_hooks, is_open, section, ways_of
from service.services.reminders import REMIND_WITHIN
from service.storage.engine import Database
from service.storage.losses import load_ways
from service.storage.mails import queue_letter
from service.storage.receipts import (
    letters_at,
    list_sent_receipts,
    load_board_units,
    posts_owing,
)
from service.words import coded


def remind_urgent(database: Database, ctx: Context) -> int:
    """Queues what is to be asked by now of the receipts of urgent posts: the first contact at each
    of `urgency.remind_after_min`, then each next one, then the operator; and at each of the first
    the unit's webhooks. Returns how many mails."""
    now, settings = ctx.clock(), ctx.settings
    urgency, categories = settings.urgency, settings.receipts.categories
    if not urgency.now or not urgency.remind_after_min or not categories:
        return 0
    zone = settings.service.locale.zone
    with database.reading() as conn:
        posts = posts_owing(conn, categories, now - REMIND_WITHIN, is_urgent=True)
        if not posts:
            return 0
        ways, known = load_ways(conn), load_board_units(conn)
        lines = [
            Reminder(post, line, due_instants(post.deadlines, zone, now), ways_of(line, ways))
            for post in posts
            if post.urgent in urgency.now
            for line in list_sent_receipts(conn, post.id, known)
            if is_open(line)
        ]
        keys = [key for one in lines for key in _keys(ctx, one)]
        asked_at = letters_at(conn, keys)
    made = 0
    for one in lines:
        keys = _keys(ctx, one)
        asked = [asked_at[key] for key in keys if key in asked_at]
        whom = urgent_step(
            one.line.owed_at or now,
            asked,
            now,
            after_min=urgency.remind_after_min,
            contacts=len(one.ways.addresses),
        )
        if whom is not None:
            with database.writing() as conn:
                made += _ask(conn, ctx, one, whom, keys[len(asked)], now)
    return made


def _keys(ctx: Context, one: Reminder) -> list[str]:
    steps = len(ctx.settings.urgency.remind_after_min) + len(one.ways.addresses) + 1
    about = f"urgent:{one.post.id}:{one.line.revision}:{one.line.unit_id}"
    return [f"{about}:{step}" for step in range(steps)]


def _ask(conn: Connection, ctx: Context, one: Reminder, whom: int, key: str, now: datetime) -> bool:
    settings, level = ctx.settings, (one.post.urgent or "").replace("-", "_")
    addresses = one.ways.addresses
    is_operator = whom >= len(addresses)
    if whom == 0:
        ask_hooks(conn, ctx, one, key, now, is_urgent=True)
    address = settings.operator.email if is_operator else addresses[whom]
    if not address:
        return False
    only, unit = section(ctx, one, now), one.line.unit_name
    if is_operator:
        contacts = ", ".join(one.line.contacts)
        last = [
            coded("letter.urgent_operator", contacts=contacts)
            if contacts
            else "letter.urgent_no_contact"
        ]
    else:
        last = ["letter.escalate_body"] if whom else []
    root = settings.service.public_url.rstrip("/")
    boards = [f"{root}/admin/receipts/{one.post.id}"] if is_operator else []
    first = "letter.urgent_to_operator" if is_operator else "letter.urgent_body"
    queued = queue_letter(
        conn,
        key=key,
        address=address,
        subject=coded(f"letter.urgent_{level}", unit=unit, post=one.post.title),
        paragraphs=[coded(first, unit=unit), *only["paragraphs"], *last],
        now=now,
        language=settings.service.language,
        button=None if is_operator else only["button"],
        links=[*only["links"], *((board, "letter.board") for board in boards)],
        is_urgent=True,
    )
    return queued is not None
