"""One post to very many subscriptions, each at an address of its own: when the first hears, when
the last, and the memory of the process that delivers. Beside the same post to one subscription.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from service.bench.ledger_data import row, subscribe
from service.bench.receiver import BenchReceiver
from service.bench.sending import delivering, publish
from service.storage.engine import open_database

_FIRST_WITHIN_S = 1.0
_GIVE_UP_S = 180.0


def burst(kind: str, url: str, url_of_one: str, workers: int, n: int) -> dict[str, object]:
    """Times from before the post is written until the receiver has answered. Each must arrive
    exactly once."""
    one, ours = _measure(url_of_one, 1, 1), _measure(url, workers, n)
    is_met = (
        ours["arrived"] == n == ours["distinct"]
        and ours["first_s"] <= one["first_s"] + _FIRST_WITHIN_S
    )
    return row(f"one post to {n:,} subscriptions, first and last, {kind}", dict(ours), dict(one),
               round(ours["first_s"] / one["first_s"], 2),
               f"all once; the first no more than {_FIRST_WITHIN_S:g} s later than with one "
               "subscription",
               is_met)  # fmt: skip


def _measure(url: str, workers: int, n: int) -> dict[str, float]:
    database = open_database(url)
    with BenchReceiver() as receiver:
        with database.writing() as conn:
            subscribe(conn, [f"http://127.0.1.{i % 50 + 1}:{receiver.port}/{i}" for i in range(n)])
        with delivering(url, workers) as running:
            time.sleep(1.0)  # the workers look, find nothing, and rest
            began = time.monotonic()
            publish(database, 0, datetime.now(UTC))
            while len(receiver.seen()) < n and time.monotonic() < began + _GIVE_UP_S:
                time.sleep(0.02)
            time.sleep(0.5)  # what came twice would have come by now
        seen = receiver.seen()
    database.close()
    at = [instant for _, instant, _ in seen]
    return {
        "first_s": round(min(at) - began, 3),
        "last_s": round(max(at) - began, 2),
        "peak_mb": round(running.peak_mb),
        "arrived": len(seen),
        "distinct": len({message_id for message_id, _, _ in seen}),
    }
