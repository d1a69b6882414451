"""What an operator may look at before anybody gets it."""

from __future__ import annotations

from typing import Any, cast

import orjson
from sqlalchemy import Connection

from service.services.context import SharedParts
from service.services.publish import payload_of
from service.storage.posts import newest_posts
from service.types import ChangeType


def newest_payload(conn: Connection, ctx: SharedParts) -> dict[str, Any] | None:
    """Of the newest post, as if it were told now; None where there is none."""
    posts = newest_posts(conn, limit=1, is_withdrawn_shown=False)
    if not posts:
        return None
    written = payload_of(conn, ChangeType.PUBLISHED, ctx.clock(), posts[0], ctx.links)
    return cast("dict[str, Any]", orjson.loads(written))
