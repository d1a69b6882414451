"""Part of `loa bench feeds`: how soon a change that another process commits is served, on both
databases."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from service.bench.ledger_data import NOW, a_post, row
from service.bench.postgresql_server import MISSING, is_postgresql_there, postgresql
from service.bootstrap import Loa, open_loa
from service.storage.engine import open_database
from service.storage.posts import Draft, bump, insert_post, set_categories
from service.web.feeds.feed_store import FeedStore

WHAT = "a change of another process, served"
WITHIN_MS = 1_000.0
PATH = "/feeds/all.atom"
KEY = "0123456789abcdef" * 4


def run(quick: bool) -> list[dict[str, Any]]:
    changes = 10 if quick else 40
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        rows = [_row("SQLite", f"sqlite:///{name}/loa.db", changes)]
        if not is_postgresql_there():
            missing: dict[str, object] = {"missing": MISSING}
            return [
                *rows,
                row(
                    "a change of another process, served: PostgreSQL",
                    missing,
                    missing,
                    None,
                    "<= 1 s",
                    False,
                ),
            ]
        with postgresql(Path(name)) as server:
            return [*rows, _row("PostgreSQL", server.fresh("freshness"), changes)]


def _row(kind: str, url: str, changes: int) -> dict[str, Any]:
    taken = _served_after_ms(url, changes)
    ours: dict[str, object] = {
        "median_ms": round(statistics.median(taken)),
        "max_ms": round(max(taken)),
    }
    return row(f"{WHAT}: {kind}", ours, {"what": "one second", "ms": WITHIN_MS},
               round(max(taken) / WITHIN_MS, 3), "<= 1 s", max(taken) <= WITHIN_MS)  # fmt: skip


def _served_after_ms(url: str, changes: int) -> list[float]:
    """From the commit in one process to the new bytes in the memory of another, each time at
    another instant."""
    loa = open_loa(None, {"LOA_DATABASE__URL": f'"{url}"', "LOA_SERVICE__SECRET_KEY": f'"{KEY}"'})
    taken = []
    with _changing(url) as pipe, _followed(loa) as store:
        for number in range(changes):
            before = _etag(store)
            time.sleep(0.05 + 0.037 * (number % 10))
            pipe.send(number)
            committed_at: float = pipe.recv()
            while _etag(store) == before:
                time.sleep(0.001)
            taken.append((time.monotonic() - committed_at) * 1000)
    return taken


def _etag(store: FeedStore) -> str | None:
    answer = store.answer(PATH)
    return answer.gzip.etag if answer else None


@contextmanager
def _followed(loa: Loa) -> Iterator[FeedStore]:
    store, stop = FeedStore(loa), threading.Event()
    thread = store.follow(stop)
    while _etag(store) is None:
        time.sleep(0.01)
    try:
        yield store
    finally:
        stop.set()
        thread.join()
        loa.close()


@contextmanager
def _changing(url: str) -> Iterator[Pipe]:
    """A process that changes a post for each number it is sent, and answers when that was
    committed."""
    context = get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_change, args=(url, theirs), daemon=True)
    process.start()
    ours.recv()
    try:
        yield ours
    finally:
        ours.send(None)
        process.join()


def _change(url: str, pipe: Pipe) -> None:
    database, post = open_database(url), a_post()
    draft = Draft(
        post.portal,
        post.id,
        post.url,
        post.title,
        "<p>x</p>",
        post.text,
        post.understanding,
        (),
        "",
        NOW,
        NOW,
    )
    with database.writing() as conn:
        stored = insert_post(conn, draft)
        assert stored is not None
        bump(conn, "feeds")
    pipe.send(True)
    while (number := pipe.recv()) is not None:
        with database.writing() as conn:
            set_categories(
                conn, stored.id, [("meetings", "directives")[number % 2]], datetime.now(UTC)
            )
        pipe.send(time.monotonic())
    database.close()
