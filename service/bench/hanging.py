"""Who waits for whom: how late the healthy are told while others hang, beside a ledger whose
receivers all answer.

Two ledgers with workers of their own are used in turn, a second each, so that both meet the same
machine. What is measured is the time from when a message is due until its result is recorded, by
the ledger's own instants, at a load that neither the workers nor the receiver have trouble with.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import text

from service.bench.ledger_data import row, subscribe
from service.bench.receiver import BenchReceiver
from service.bench.sending import delivering, publish
from service.storage.engine import Database, open_database
from service.storage.schema import to_micros

_TIMEOUT_S = 3.0
"""Of an attempt: in a run both the first that hang and those known to be slow are met."""

_TURN_S = 1.0
_END_WITHIN_S = 20.0

_LATE = """SELECT done_at - created_at FROM message
    WHERE created_at >= :since AND endpoint_key NOT LIKE '%/bad/%' AND state = 'sent'"""


def hanging(kind: str, urls: Sequence[str], workers: int, turns: int) -> list[dict[str, object]]:
    """One of twenty hosts, and forty endpoints of one host; four new ledgers."""
    return [
        _row(
            f"1 of 20 endpoints hangs, p95 of the others, {kind}",
            urls[:2],
            workers,
            turns,
            20,
            1,
            posts=20,
        ),
        _row(
            f"40 of 166 hang on one host, p95 of the others, {kind}",
            urls[2:],
            workers,
            turns,
            166,
            40,
            posts=8,
        ),
    ]


def _row(
    what: str, urls: Sequence[str], workers: int, turns: int, n: int, n_bad: int, *, posts: int
) -> dict[str, object]:
    p95: tuple[list[float], list[float]] = [], []
    with BenchReceiver() as receiver:
        databases = [open_database(url) for url in urls]
        for is_hanging, database in enumerate(databases):
            with database.writing() as conn:
                subscribe(
                    conn, [_target(receiver.port, i, n_bad, bool(is_hanging)) for i in range(n)]
                )
        with (
            delivering(urls[0], workers, timeout_s=_TIMEOUT_S),
            delivering(urls[1], workers, timeout_s=_TIMEOUT_S),
        ):
            for turn in range(turns + 1):
                for is_hanging in (0, 1) if turn % 2 else (1, 0):
                    late = _turn(databases[is_hanging], turn, posts, posts * (n - n_bad), receiver)
                    if turn:  # the first opens connections
                        p95[is_hanging].append(late)
        for database in databases:
            database.close()
    ratio = statistics.median(with_ / without for without, with_ in zip(*p95, strict=True))
    without, with_ = (round(statistics.median(each) * 1000, 1) for each in p95)
    return row(what, {"p95_ms": with_, "turns": turns}, {"p95_ms": without}, round(ratio, 2),
    "<= 1.10 x",
               ratio <= 1.10)  # fmt: skip


def _target(port: int, i: int, n_bad: int, is_hanging: bool) -> str:
    if i >= n_bad:
        return f"http://127.0.1.{i + 1}:{port}/hook/{i}"
    return f"http://127.0.9.9:{port}/{'hang' if is_hanging else 'hook'}/bad/{i}"


def _turn(
    database: Database, turn: int, posts: int, expected: int, receiver: BenchReceiver
) -> float:
    """Publishes for a second; returns the 95th percentile of how late the healthy were told."""
    since = to_micros(datetime.now(UTC))
    for n in range(posts):
        publish(database, turn * posts + n, datetime.now(UTC))
        time.sleep(_TURN_S / posts)
    deadline = time.monotonic() + _END_WITHIN_S
    late: list[int] = []
    while len(late) < expected:
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"{len(late)} of {expected} messages to healthy endpoints arrived in "
                f"{_END_WITHIN_S} s"
            )
        time.sleep(0.05)
        receiver.seen()  # or its pipe fills
        with database.reading() as conn:
            late = sorted(conn.execute(text(_LATE), {"since": since}).scalars())
    return late[int(len(late) * 0.95)] / 1e6
