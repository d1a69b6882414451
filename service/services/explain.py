"""Why a subscription did or did not get a post."""

from __future__ import annotations

from sqlalchemy import Connection

from service.services.context import Actor, Context
from service.services.subscription_acts import own
from service.services.wants import namer_of
from service.storage import explanation as why
from service.storage.explanation import Explanation
from service.storage.posts import get_post


def explain(
    conn: Connection, ctx: Context, post_id: str, subscription_id: str, by: Actor, language: str
) -> Explanation:
    """`language`: in which categories are named. Raises NotFound, also for what is another
    unit's."""
    post = get_post(conn, post_id)
    own(conn, subscription_id, by)
    return why.explain(conn, post, subscription_id, namer_of(ctx, language))
