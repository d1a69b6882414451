"""A person decides what a post is; who comes to want it by that, and never had it, is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from service.alerts.links import Links
from service.alerts.message import build_payload
from service.services.publish import write_change
from service.settings import Settings
from service.storage.engine import Database
from service.storage.posts import get_post, set_categories
from service.storage.silence import refresh_silenced, silence_of
from service.types import ChangeType, Post


def recategorise(
    database: Database,
    links: Links,
    settings: Settings,
    post_id: str,
    categories: Sequence[str],
    at: datetime,
) -> Post:
    """The post under its new categories, the primary one first. Raises NotFound."""
    with database.writing() as conn:
        get_post(conn, post_id)
        set_categories(conn, post_id, categories, at)
        post = get_post(conn, post_id)
        payload = build_payload(ChangeType.PUBLISHED, at, post, links, settings.receipts.categories)
        silenced = silence_of(conn, post_id)
        refresh_silenced(conn, post_id, payload)
        write_change(
            conn, post=post, type=ChangeType.PUBLISHED, at=at, payload=payload, silenced=silenced
        )
    return post
