"""A ledger of any size, made by INSERT … SELECT: what the benchmarks of the ledger and of the fan-out stand on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
from sqlalchemy import Connection, text

from service.alerts.links import Links
from service.alerts.message import build_payload
from service.alerts.signing import SecretBox, new_secret
from service.storage.engine import Database
from service.storage.subscriptions import NewSubscription, add_subscription
from service.types import ChangeType, Channel, Filters, PortalName, Post, Understanding

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
LINKS = Links("bench", "https://loa.example")
BOX = SecretBox("bench")

NUMBERS = "WITH RECURSIVE r(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM r WHERE i + 1 < :n) "


def a_post(n: int = 1, text_chars: int = 2_000) -> Post:
    """A post whose signed JSON is about 3 kB."""
    return Post(
        f"bench-{n}", 1, PortalName("bench", "Cổng mẫu"), "https://portal.example/", "Chỉ thị mẫu", "", "x",
        Understanding(("directives",), summary="a" * text_chars), (), NOW, NOW, NOW,
    )  # fmt: skip


def store_post(conn: Connection, post: Post) -> str:
    """Writes the post's row; gives the payload of its publication."""
    conn.execute(
        text(
            "INSERT INTO post(id, portal_id, portal_name, identity_key, url, title, revision, facts, published_at,"
            " updated_at, first_seen_at) VALUES (:id, 'bench', 'b', :id, 'u', 't', 1, '{}', 0, 0, 0)"
        ),
        {"id": post.id},
    )
    return build_payload(ChangeType.PUBLISHED, NOW, post, LINKS)


def subscribe(conn: Connection, urls: list[str]) -> list[str]:
    """One confirmed webhook subscription an address; gives their ids."""
    sealed = BOX.encrypt(new_secret())
    return [
        add_subscription(
            conn,
            NewSubscription(
                Channel.WEBHOOK, url, datetime(2026, 1, 1, tzinfo=UTC), is_confirmed=True, secret=sealed,
                filters=Filters(categories=("directives",)), allow_private_networks=True,
            ),
        ).id
        for url in urls
    ]  # fmt: skip


def fill_messages(database: Database, n: int, *, state: str, n_endpoints: int, first: int = 0) -> None:
    """`n` messages over endpoints `bench-0` … in lanes of their own, all due at NOW or all done."""
    with database.writing() as conn:
        conn.execute(
            text(
                NUMBERS + "INSERT INTO lane(key, channel, is_slow, cap) SELECT 'bench-' || i, 'webhook', 0, 16 FROM r"
                " WHERE true ON CONFLICT (key) DO NOTHING"
            ),
            {"n": n_endpoints},
        )
        conn.execute(
            text(
                NUMBERS + "INSERT INTO endpoint(key, host_key, lane_key, channel, cap) SELECT 'bench-' || i,"
                " 'bench-' || i, 'bench-' || i, 'webhook', 2 FROM r WHERE true ON CONFLICT (key) DO NOTHING"
            ),
            {"n": n_endpoints},
        )
        done = "NULL" if state == "due" else "1"
        conn.execute(
            text(
                NUMBERS
                + "INSERT INTO message(id, channel, endpoint_key, group_key, state, due_at, created_at, done_at)"  # noqa: S608  # constants
                f" SELECT loa_uuid7(), 'webhook', 'bench-' || (i % :m), 'b:' || (i + :first), '{state}', i, i, {done}"
                " FROM r"
            ),
            {"n": n, "m": n_endpoints, "first": first},
        )
        if state == "due":
            least = "(SELECT min(due_at) FROM message m WHERE m.endpoint_key = endpoint.key AND m.state = 'due')"
            conn.execute(text(f"UPDATE endpoint SET next_due_at = {least} WHERE key LIKE 'bench-%'"))  # noqa: S608
            least = "(SELECT min(next_due_at) FROM endpoint e WHERE e.lane_key = lane.key)"
            conn.execute(text(f"UPDATE lane SET next_due_at = {least} WHERE key LIKE 'bench-%'"))  # noqa: S608
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(text("VACUUM ANALYZE"))


def sqlite_url(folder: Path, name: str) -> str:
    return f"sqlite:///{folder / name}.db"


def row(what: str, ours: dict[str, object], baseline: dict[str, object] | None, ratio: float | None, budget: str,
        met: bool | None) -> dict[str, object]:  # fmt: skip
    """One line of a benchmark's answer, as design.md gives it; `met` None where a baseline is missing."""
    return {
        "what": what, "ours": ours, "baseline": baseline or {"missing": True}, "ratio": ratio, "budget": budget,
        "met": bool(met),
    }  # fmt: skip


__all__ = [
    "BOX",
    "LINKS",
    "NOW",
    "NUMBERS",
    "a_post",
    "fill_messages",
    "orjson",
    "row",
    "sqlite_url",
    "store_post",
    "subscribe",
]
