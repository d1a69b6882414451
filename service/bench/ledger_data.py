"""A ledger of any size, made by INSERT … SELECT: what the benchmarks of the ledger and of the
fan-out stand on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
from sqlalchemy import Connection, text

from service.alerts.links import Links
from service.alerts.message import build_payload
from service.alerts.signing import SecretBox, new_secret
from service.alerts.target import parse_target
from service.storage.engine import Database, uuid7
from service.storage.subscriptions import NewSubscription, add_subscription
from service.types import WEBHOOK, ChangeType, Filters, PortalName, Post, Understanding

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
LINKS = Links("bench", "https://loa.example")
BOX = SecretBox("bench")

NUMBERS = "WITH RECURSIVE r(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM r WHERE i + 1 < :n) "


def a_post(n: int = 1, text_chars: int = 2_000) -> Post:
    """A post whose signed JSON is about 3 kB."""
    return Post(
        f"bench-{n}", 1, PortalName("bench", "Cổng mẫu"), "https://portal.example/", "Chỉ thị mẫu",
        "", "x",
        Understanding(("directives",), summary="a" * text_chars), (), NOW, NOW, NOW,
    )  # fmt: skip


def store_post(conn: Connection, post: Post) -> str:
    """Writes the post's row; returns the payload of its publication."""
    conn.execute(
        text(
            "INSERT INTO post(id, portal_id, portal_name, identity_key, url, title, revision, "
            "facts, published_at,"
            " updated_at, first_seen_at) VALUES (:id, 'bench', 'b', :id, 'u', 't', 1, '{}', 0, 0, "
            "0)"
        ),
        {"id": post.id},
    )
    return build_payload(ChangeType.PUBLISHED, NOW, post, LINKS)


def subscribe(conn: Connection, urls: list[str]) -> None:
    """One confirmed webhook subscription an address; the first by the front door, the others like
    it."""
    first = add_subscription(
        conn,
        NewSubscription(
            WEBHOOK, urls[0], datetime(2026, 1, 1, tzinfo=UTC), language="vi", is_confirmed=True,
            secret=BOX.encrypt(new_secret()), filters=Filters(categories=("directives",)),
            allow_private_networks=True,
        ),
    )  # fmt: skip
    targets = [parse_target(url, allow_private_networks=True) for url in urls[1:]]
    values = [
        {
            "id": uuid7(),
            "url": url,
            "key": target.endpoint_key,
            "host": target.host_key,
            "first": first.id,
        }
        for url, target in zip(urls[1:], targets, strict=True)
    ]
    for statement in (*_HOST_GROUPS, _ENDPOINT, _SUBSCRIPTION) if values else ():
        conn.execute(text(statement), values)


_HOST_GROUPS = (
    "INSERT INTO host_group(key, channel, is_slow, cap) VALUES (:host, 'webhook', 0, 16) ON "
    "CONFLICT "
    "(key) DO NOTHING",
    "INSERT INTO host_group(key, channel, is_slow, cap) VALUES (:host || '#slow', 'webhook', 1, 4)"
    " ON CONFLICT (key) DO NOTHING",
)
_ENDPOINT = """INSERT INTO endpoint(key, host_key, host_group_key, channel, cap)
    VALUES (:key, :host, :host, 'webhook', 2) ON CONFLICT (key) DO NOTHING"""
_SUBSCRIPTION = """INSERT INTO subscription(id, channel, target, target_key, endpoint_key,
    filter_id, frequency, name,
    status, status_at, secret, created_at) SELECT :id, s.channel, :url, :key, :key, s.filter_id,
    s.frequency, s.name,
    s.status, s.status_at, s.secret, s.created_at FROM subscription s WHERE s.id = :first"""


def fill_messages(
    database: Database, n: int, *, state: str, n_endpoints: int, first: int = 0
) -> None:
    """`n` messages over endpoints `bench-0` … in host groups of their own, all due at NOW or all
    done."""
    with database.writing() as conn:
        conn.execute(
            text(
                NUMBERS
                + "INSERT INTO host_group(key, channel, is_slow, cap) SELECT 'bench-' || i, "
                "'webhook', 0, 16 FROM r"
                " WHERE true ON CONFLICT (key) DO NOTHING"
            ),
            {"n": n_endpoints},
        )
        conn.execute(
            text(
                NUMBERS
                + "INSERT INTO endpoint(key, host_key, host_group_key, channel, cap) SELECT "
                "'bench-' "
                "|| i,"
                " 'bench-' || i, 'bench-' || i, 'webhook', 2 FROM r WHERE true ON CONFLICT (key) "
                "DO NOTHING"
            ),
            {"n": n_endpoints},
        )
        done = "NULL" if state == "due" else "1"
        conn.execute(
            text(
                NUMBERS
                + "INSERT INTO message(id, channel, endpoint_key, group_key, state, due_at, "
                "created_at, done_at)"
                f" SELECT loa_uuid7(), 'webhook', 'bench-' || (i % :m), 'b:' || (i + :first), "
                f"'{state}', i, i, {done}"
                " FROM r"
            ),
            {"n": n, "m": n_endpoints, "first": first},
        )
        if state == "due":
            least = (
                "(SELECT min(due_at) FROM message m WHERE m.endpoint_key = endpoint.key AND "
                "m.state = 'due')"
            )
            conn.execute(
                text(f"UPDATE endpoint SET next_due_at = {least} WHERE key LIKE 'bench-%'")
            )
            least = (
                "(SELECT min(next_due_at) FROM endpoint e WHERE e.host_group_key = host_group.key)"
            )
            conn.execute(
                text(f"UPDATE host_group SET next_due_at = {least} WHERE key LIKE 'bench-%'")
            )
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(text("VACUUM ANALYZE"))


def sqlite_url(folder: Path, name: str) -> str:
    return f"sqlite:///{folder / name}.db"


def row(what: str, ours: dict[str, object], baseline: dict[str, object] | None, ratio: float | None,
budget: str,
        met: bool | None) -> dict[str, object]:  # fmt: skip
    """One line of a benchmark's answer, as design.md gives it; `met` None where a baseline is
    missing."""
    return {
        "what": what, "ours": ours, "baseline": baseline or {}, "ratio": ratio, "budget": budget,
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
