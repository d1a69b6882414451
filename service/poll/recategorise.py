"""A person decides what a post is; who comes to want it by that, and never had it, is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from service.alerts.links import Links
from service.services.audit_acts import record
from service.services.decided import publish_as_decided
from service.storage.audit import find_subject
from service.storage.engine import Database
from service.storage.posts import get_post, set_categories
from service.types import Post


def recategorise(
    database: Database,
    links: Links,
    post_id: str,
    categories: Sequence[str],
    at: datetime,
    urgent: Collection[str] = (),
) -> Post:
    """The post under its new categories, the primary one first. `urgent`: the urgencies that go
    before all else. Raises NotFound."""
    with database.writing() as conn:
        get_post(conn, post_id)
        before = find_subject(conn, "post", post_id)
        set_categories(conn, post_id, categories, at)
        post = publish_as_decided(conn, links, urgent, post_id, at)
        record(conn, at, "act.post_categories", "post", post_id, before)
        return post
