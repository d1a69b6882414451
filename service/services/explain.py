"""Why a subscription did or did not get a post, however either is named."""

from __future__ import annotations

from sqlalchemy import Connection

from service.services.context import Actor, Context
from service.services.naming import find_post, find_subscriptions
from service.services.subscription_acts import own
from service.services.wants import namer_of
from service.storage import explanation as why
from service.storage.explanation import Explanation
from service.storage.posts import get_post
from service.types import Subscription


def explain(
    conn: Connection, ctx: Context, post_id: str, subscription_id: str, by: Actor, language: str
) -> Explanation:
    """`language`: in which categories are named. Raises NotFound, also for what is another
    unit's."""
    post = get_post(conn, post_id)
    own(conn, subscription_id, by)
    return why.explain_delivery(conn, post, subscription_id, namer_of(ctx, language))


def explain_all(
    conn: Connection, ctx: Context, post: str, whom: str, by: Actor, language: str
) -> tuple[str, list[tuple[Subscription, Explanation]]]:
    """The id of the post that is meant, and the answer for each subscription that is meant: by id,
    by address, by the name of a unit. Raises NotFound, InvalidInput."""
    post_id = find_post(conn, post)
    return post_id, [
        (one, explain(conn, ctx, post_id, one.id, by, language))
        for one in find_subscriptions(conn, whom, by)
    ]
