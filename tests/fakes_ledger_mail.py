"""Fills a database with posts, people and what is owed to them, as the ledger does it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from service.alerts.links import Links
from service.alerts.message import build_payload
from service.services.publish import write_change
from service.storage import schema
from service.storage.post_rows import facts_to_json
from service.storage.subscriptions import NewSubscription, add_subscription
from service.types import (
    EMAIL,
    ChangeType,
    Document,
    PortalName,
    Post,
    Relation,
    Subscription,
    Understanding,
)

LINKS = Links("a key of tests", "https://loa.example")


def make_post(
    conn: Connection, at: datetime, post_id: str = "p1", title: str = "Chỉ thị về bão"
) -> Post:
    facts = Understanding(
        ("directives",),
        document=Document("chi-thi", "06/CT-UBND", None, None, Relation.IS),
        summary="Trực 24/24.",
    )
    url = f"https://portal.example/{post_id}"
    post = Post(
        post_id,
        1,
        PortalName("qx", "UBND huyện Quảng Xương"),
        url,
        title,
        "",
        "",
        facts,
        (),
        at,
        at,
        at,
    )
    conn.execute(
        insert(schema.post).values(
            id=post_id, portal_id="qx", portal_name="UBND huyện Quảng Xương", identity_key=post_id,
            url=url,
            title=title, revision=1, facts=facts_to_json(facts), published_at=at, updated_at=at,
            first_seen_at=at,
        )
    )  # fmt: skip
    return post


def tell(
    conn: Connection, post: Post, at: datetime, kind: ChangeType = ChangeType.PUBLISHED
) -> str:
    return write_change(
        conn, post=post, type=kind, at=at, payload=build_payload(kind, at, post, LINKS)
    )


def subscribe(conn: Connection, address: str, at: datetime, **options: Any) -> Subscription:
    new = NewSubscription(EMAIL, address, at, **{"language": "vi", "is_confirmed": True, **options})
    return add_subscription(conn, new)
