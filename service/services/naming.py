"""What a person calls a post or a subscription: by its id, its address, its title, its unit.

Where several are meant, they are named and nothing is guessed.
"""

from __future__ import annotations

from sqlalchemy import Connection

from service.errors import InvalidInput, NotFound
from service.posts.identity import canonical_key
from service.storage.posts import PostQuery, get_post, newest_posts, posts_at
from service.storage.subscriptions import get_subscription, list_subscriptions
from service.storage.units import get_unit
from service.types import Subscription

_NAMED = 5  # of several that a title may mean


def find_post(conn: Connection, said: str) -> str:
    """The id of the post that is meant: an id, an address, or words of its title.

    Raises NotFound, and InvalidInput where several are meant, with their ids.
    """
    try:
        return get_post(conn, said).id
    except NotFound:
        found = posts_at(conn, canonical_key(said)) if "://" in said else []
    if not found:
        found = [one.id for one in newest_posts(conn, PostQuery(q=f'"{said}"'), _NAMED + 1)]
    if len(found) > 1:
        shown = ", ".join(found[:_NAMED])
        raise InvalidInput("post", f"{said!r} may mean several", shown)
    if not found:
        raise NotFound("post", said)
    return found[0]


def find_subscriptions(conn: Connection, said: str) -> list[Subscription]:
    """The subscriptions that are meant: one by its id, all to an address, all of a unit.

    Raises NotFound.
    """
    try:
        return [get_subscription(conn, said)]
    except NotFound:
        found = list_subscriptions(conn, target=said, has_removed=True)
    if not found:
        try:
            unit = get_unit(conn, said)
        except NotFound as error:
            raise NotFound("subscription", said) from error
        found = list_subscriptions(conn, unit_id=unit.id, has_removed=True)
    if not found:
        raise NotFound("subscription", said)
    return found
