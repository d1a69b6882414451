"""What a bounced mail or a refused address means for its subscriptions, and asking again.

Suspended is not unsubscribed: its owner may resume it, and Loa asks now and then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from service.alerts.bounce import Bounce
from service.alerts.links import Purpose
from service.alerts.provider import provider_of
from service.alerts.refusal import Kind
from service.alerts.suspension import probe_step
from service.channels import SMTP_BULK
from service.services.audit_acts import record
from service.services.context import Context
from service.storage.audit import find_subject
from service.storage.bounces import (
    ABOUT_US,
    REASONS,
    SOFT_DAYS,
    SuspendedAddress,
    active_of,
    load_suspended,
    person_of,
    record_bounce,
    resume_suspended,
    soft_days,
)
from service.storage.engine import Database
from service.storage.mails import queue_letter
from service.storage.schema import to_micros
from service.storage.subscriptions import set_status
from service.storage.suspension_breaker import FEW, brake, is_braked, suspended_by_address
from service.types import SubscriptionStatus
from service.words import coded


def apply_bounce(conn: Connection, bounce: Bounce, now: datetime) -> int:
    """Records it, and suspends what must be; returns how many subscriptions were suspended.

    When many addresses of one provider are found dead within an hour, it is about us: see `brake`.
    """
    if bounce.message_id is None or bounce.kind is Kind.NONE:
        return 0
    person = person_of(conn, bounce.message_id)
    if person is None or not record_bounce(conn, bounce, now):
        return 0
    if bounce.kind is Kind.OURS:
        return 0
    if bounce.kind is Kind.SOFT and soft_days(conn, person, now) < SOFT_DAYS:
        return 0
    if bounce.kind is Kind.HARD and _is_about_us(conn, person, now):
        return 0
    ids = active_of(conn, person)
    for subscription_id in ids:
        before = find_subject(conn, "subscription", subscription_id)
        set_status(
            conn, subscription_id, SubscriptionStatus.SUSPENDED, at=now, reason=REASONS[bounce.kind]
        )
        record(conn, now, "act.subscription_suspend", "subscription", subscription_id, before)
    return len(ids)


def _is_about_us(conn: Connection, person: str, now: datetime) -> bool:
    """Whether the provider of a dead address is braked, or is from now on: then who was suspended
    within the hour is resumed."""
    provider = provider_of(person)
    if is_braked(conn, provider, now):
        brake(conn, provider, now)
        return True
    dead = suspended_by_address(conn, provider, REASONS[Kind.HARD], now)
    if len(dead.keys() | {person}) <= FEW:
        return False
    brake(conn, provider, now)
    for subscription_id in (one for ids in dead.values() for one in ids):
        set_status(conn, subscription_id, SubscriptionStatus.ACTIVE, at=now, reason=ABOUT_US)
    return True


def apply_refusals(
    conn: Connection, refusals: Sequence[tuple[str, Kind, str]], now: datetime
) -> int:
    """(message id, kind, answer) of addresses that the relay refused; returns how many were
    suspended."""
    return sum(
        apply_bounce(conn, Bounce(kind, message_id, answer), now)
        for message_id, kind, answer in refusals
    )


def probe_suspended(database: Database, ctx: Context) -> int:
    """Asks suspended addresses whether they take mail again, and resumes those that do; returns
    how many."""
    now = ctx.clock()
    with database.reading() as conn:
        people = load_suspended(conn)
    done = 0
    for person in people:
        step = probe_step(person.suspended_at, person.probes, now)
        if step is not None:
            with database.writing() as conn:
                done += _probe(conn, ctx, person, step, now)
    return done


def _probe(
    conn: Connection,
    ctx: Context,
    person: SuspendedAddress,
    step: int | Literal["resume"],
    now: datetime,
) -> bool:
    if step == "resume":
        return bool(resume_suspended(conn, person, now))
    queued = queue_letter(
        conn,
        key=f"{person.probe_key}:{step}",
        address=person.address,
        subject="letter.probe_subject",
        paragraphs=[coded("letter.probe_body", title=ctx.settings.service.title)],
        now=now,
        language=person.language,
        button=(
            Purpose.MANAGE.value,
            (person.subscription_id, str(to_micros(now))),
            "letter.manage_button",
        ),
        subscription_id=person.subscription_id,
        endpoint_key=SMTP_BULK,
    )
    return queued is not None
