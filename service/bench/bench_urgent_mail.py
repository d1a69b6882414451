"""An urgent change by mail beside very many due mails of one relay: when its first is claimed and
its last was accepted. Beside the same change with nothing else to do."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import orjson
from sqlalchemy import text

from service.bench.bench_urgent import FIRST_WITHIN_S, GIVE_UP_S, LAST_WITHIN_S, claimed_after, urge
from service.bench.ledger_data import NUMBERS, row
from service.bench.mail_sink import mail_sink
from service.bench.sending import delivering
from service.channels import SMTP
from service.storage.engine import Database, open_database
from service.storage.queue import continue_fanouts, refresh
from service.storage.subscriptions import NewSubscription, add_subscription
from service.types import EMAIL

_LETTER = {
    "language": "vi", "subject": "letter.read", "paragraphs": ["letter.read"] * 8, "button": None,
    "links": [], "sections": [], "subscription": None,
}  # fmt: skip


def urgent_mail(
    kind: str, url: str, url_alone: str, workers: int, people: int, bulk: int
) -> dict[str, object]:
    """The first claim counts from when the change is written, the last from before that until the
    relay's answer is recorded."""
    alone = _measure(url_alone, workers, people, 0)
    ours = _measure(url, workers, people, bulk)
    is_met = (
        ours["sent"] == people
        and ours["first_claimed_s"] <= FIRST_WITHIN_S
        and ours["last_p99_s"] <= LAST_WITHIN_S
    )
    return row(
        f"an urgent change by mail beside {bulk:,} due mails, {people:,} addresses, {kind}",
        dict(ours), dict(alone), round(ours["last_p99_s"] / alone["last_p99_s"], 2),
        f"first claimed <= {FIRST_WITHIN_S:g} s, last p99 <= {LAST_WITHIN_S:g} s",
        is_met,
    )  # fmt: skip


def _measure(url: str, workers: int, people: int, bulk: int) -> dict[str, float]:
    database = open_database(url)
    with database.writing() as conn:
        for n in range(people):
            new = NewSubscription(
                EMAIL, f"xa{n}@xa.example", datetime.now(UTC), language="vi", is_confirmed=True
            )
            add_subscription(conn, new)
    if bulk:
        _fill(database, bulk)
    with mail_sink() as relay, delivering(url, workers, smtp_url=relay):
        time.sleep(1.0)  # by now bulk mails go out as fast as they can
        left = _due(database)
        began = datetime.now(UTC)
        urge(database, 2)
        first_s = claimed_after(database, time.monotonic())
        continue_fanouts(database, datetime.now(UTC))
        after_s = _sent_after(database, began, people)
    database.close()
    return {
        "first_claimed_s": round(first_s, 3),
        "last_p99_s": round(after_s[len(after_s) * 99 // 100], 2) if after_s else GIVE_UP_S,
        "sent": len(after_s),
        "due_before": left,
    }


def _sent_after(database: Database, began: datetime, wanted: int) -> list[float]:
    """After how many seconds each urgent mail was recorded as accepted, sorted."""
    query = text(
        "SELECT done_at FROM message WHERE is_urgent = 1 AND state = 'sent' ORDER BY done_at"
    )
    end = time.monotonic() + GIVE_UP_S
    while True:
        with database.reading() as conn:
            done = list(conn.execute(query).scalars())
        if len(done) >= wanted or time.monotonic() > end:
            break
        time.sleep(0.1)
    return [micros / 1e6 - began.timestamp() for micros in done]


def _due(database: Database) -> int:
    with database.reading() as conn:
        query = text("SELECT count(*) FROM message WHERE state = 'due'")
        return int(conn.execute(query).scalar_one())


def _fill(database: Database, n: int) -> None:
    """So many letters that are due since long."""
    head, tail = orjson.dumps({**_LETTER, "address": "#"}).decode().split("#")
    with database.writing() as conn:
        conn.execute(
            text(
                NUMBERS + "INSERT INTO message(id, channel, endpoint_key, group_key, body, state,"
                " due_at, created_at) SELECT loa_uuid7(), 'email', :smtp, 'letter:b:' || i,"
                " CAST(:head AS TEXT) || 'b' || i || '@xa.example' || CAST(:tail AS TEXT),"
                " 'due', 1, 1 FROM r"
            ),
            {"n": n, "smtp": SMTP, "head": head, "tail": tail},
        )
        refresh(conn, [SMTP])
