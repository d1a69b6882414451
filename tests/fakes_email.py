"""The email channel as tests drive it: people who are owed a mail, and rounds of claiming and
sending."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event

from sqlalchemy import text

from service.delivery.email import EmailChannel
from service.settings import Settings
from service.storage.engine import Database
from service.storage.queue import claim_due, record_results
from service.types import EMAIL, Result
from tests.fakes import FakeClock
from tests.fakes_ledger_mail import LINKS, make_post, subscribe, tell

SECRET_KEY = "a key of tests"
LABELS = {"directives": {"vi": "Chỉ đạo điều hành", "en": "Directives"}}


def make_channel(clock: FakeClock, url: str, timeout_s: float = 2.0) -> EmailChannel:
    settings = Settings.model_validate(
        {"email": {"smtp_url": url, "rate_per_s": 10_000, "from": "Loa <loa@mail.example>"}}
    )
    return EmailChannel(
        settings, LINKS, SECRET_KEY, clock, LABELS, timeout_s=timeout_s, random=lambda: 0.5
    )


def drain(
    database: Database, channel: EmailChannel, clock: FakeClock, *, limit: int = 8
) -> list[Result]:
    """Claims and sends until nothing is due; gives every result in order."""
    seen: list[Result] = []

    def write(results: Sequence[Result]) -> None:
        seen.extend(results)
        with database.writing() as conn:
            record_results(conn, results, clock())

    while True:
        with database.writing() as conn:
            claimed = claim_due(conn, channel=EMAIL, now=clock(), limit=limit, lease_s=30)
        if not claimed:
            return seen
        channel.send(database, claimed, write, Event())


def publish(database: Database, clock: FakeClock, *addresses: str) -> None:
    with database.writing() as conn:
        for address in addresses:
            subscribe(conn, address, clock())
        tell(conn, make_post(conn, clock()), clock())


def states(database: Database) -> dict[str, str]:
    query = text(
        "SELECT s.target, d.state FROM delivery d JOIN subscription s ON s.id = d.subscription_id "
        "ORDER BY s.target"
    )
    with database.reading() as conn:
        return {row.target: row.state for row in conn.execute(query)}
