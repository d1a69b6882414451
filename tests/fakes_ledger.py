"""Posts, subscriptions and a deliverer, for tests of what is owed and sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, insert

from service.alerts.links import Links
from service.alerts.message import build_payload
from service.alerts.signing import SecretBox, new_secret
from service.delivery.deliverer import Deliverer
from service.delivery.webhook import WebhookChannel
from service.services.publish import write_change
from service.settings import Settings, WebhookSettings
from service.storage import schema
from service.storage.engine import Database
from service.storage.subscriptions import NewSubscription, add_subscription
from service.types import (
    EMAIL,
    WEBHOOK,
    ChangeType,
    Filters,
    PortalName,
    Post,
    Subscription,
    Understanding,
)

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
EARLIER = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
LINKS = Links("key", "https://loa.example")
BOX = SecretBox("key")
EVERYTHING = Filters()


def a_post(
    post_id: str = "post-1",
    *,
    revision: int = 1,
    categories: tuple[str, ...] = ("directives",),
    title: str = "Chỉ thị về phòng, chống bão số 5",
    text: str = "Nội dung chỉ đạo.",
) -> Post:
    return Post(
        id=post_id,
        revision=revision,
        portal=PortalName("quangxuong", "UBND huyện Quảng Xương"),
        url=f"https://portal.example/{post_id}",
        title=title,
        html="",
        text=text,
        understanding=Understanding(categories),
        attachments=(),
        published_at=NOW,
        updated_at=NOW,
        first_seen_at=NOW,
    )


def store_post(conn: Connection, post: Post) -> None:
    conn.execute(
        insert(schema.post).values(
            id=post.id, portal_id=post.portal.id, portal_name=post.portal.name,
            identity_key=post.id, url=post.url,
            title=post.title, revision=1, facts={}, published_at=NOW, updated_at=NOW,
            first_seen_at=NOW,
        )
    )  # fmt: skip


def tell(
    conn: Connection,
    post: Post,
    change_type: ChangeType = ChangeType.PUBLISHED,
    at: datetime = NOW,
    silenced: str | None = None,
) -> str:
    """Writes the post, where it is new, and its change."""
    if conn.execute(schema.post.select().where(schema.post.c.id == post.id)).first() is None:
        store_post(conn, post)
    payload = build_payload(change_type, at, post, LINKS)
    return write_change(
        conn, post=post, type=change_type, at=at, payload=payload, silenced=silenced
    )


def hook(
    conn: Connection,
    url: str,
    *,
    secret: str | None = None,
    is_confirmed: bool = True,
    unit_id: str | None = None,
    filters: Filters = EVERYTHING,
    at: datetime = EARLIER,
) -> Subscription:
    return add_subscription(
        conn,
        NewSubscription(
            WEBHOOK, url, at, language="vi", filters=filters, unit_id=unit_id,
            is_confirmed=is_confirmed,
            secret=BOX.encrypt(secret or new_secret()), allow_private_networks=True,
        ),
    )  # fmt: skip


def mail(
    conn: Connection, address: str, *, filters: Filters = EVERYTHING, at: datetime = EARLIER
) -> Subscription:
    return add_subscription(
        conn, NewSubscription(EMAIL, address, at, language="vi", filters=filters, is_confirmed=True)
    )


def deliverer(database: Database, clock: Callable[[], datetime], **webhooks: object) -> Deliverer:
    """Delivers webhooks alone, to loopback too."""
    given = WebhookSettings.model_validate(
        {"allow_private_networks": True, "timeout_s": 2.0, **webhooks}
    )
    settings = Settings(webhooks=given)
    return Deliverer(database, settings, clock, [WebhookChannel(given, LINKS, BOX, clock)])
