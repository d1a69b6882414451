"""What a person calls a post, a subscription, a unit: by its id or the beginning of one, its
address, its title, its name.

Where several are meant, they are named and nothing is guessed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from service.errors import AmbiguousName, NotFound
from service.posts.identity import canonical_key
from service.posts.numbers import number_key
from service.posts.search_words import MAX_QUERY_CHARS
from service.services.context import OPERATOR, Actor
from service.storage.id_prefixes import ids_beginning
from service.storage.posts import PostQuery, get_post, newest_posts, posts_at, titled
from service.storage.subscriptions import get_subscription, list_subscriptions
from service.storage.tokens import list_tokens
from service.storage.unit_merging import successor_of
from service.storage.units import get_unit, list_units, units_called
from service.text import clean, fold_plain
from service.types import Relation, Subscription, SubscriptionStatus, Unit
from service.words import coded

_NAMED = 5  # of several that may be meant
_CUT = "…."
"""With what a title ends that a page or a mail has cut."""
_BEGINNING = re.compile(r"[0-9a-f][0-9a-f-]{3,35}")
"""Of an id: shorter ones would be a guess."""


def find_post(conn: Connection, said: str) -> str:
    """The id of the post that is meant: an id or its beginning, an address (the portal's or Loa's
    own), the title or how it begins, words of it.

    Raises NotFound, and InvalidInput where several are meant, with their ids: field `post`.
    """
    return _only("post", said, _posts_called(conn, said) or _by_title(conn, said))


def find_post_to_change(conn: Connection, said: str) -> str:
    """The same for an act that cannot be taken back: of a title the whole, not some words."""
    found = _posts_called(conn, said)
    if not found:
        words = clean(said)
        hits = [*_having(conn, words), *titled(conn, words, _NAMED + 1)]
        same = [post_id for post_id, title in hits if title.casefold() == words.casefold()]
        found = list(dict.fromkeys(same))
    return _only("post", said, found)


def find_post_of_document(conn: Connection, said: str) -> str:
    """The same as `find_post`, and by the number of its document: the post that is it before those
    that tell of it. Raises as `find_post` does: field `other`."""
    key = number_key(said)
    numbered = [
        (document.relation, one.id)
        for one in newest_posts(conn, PostQuery(number=said[:MAX_QUERY_CHARS]), _NAMED + 1)
        if (document := one.understanding.document) is not None
        and document.number is not None
        and number_key(document.number) == key
    ]
    own = [post_id for relation, post_id in numbered if relation is Relation.IS]
    found = own or [post_id for _, post_id in numbered]
    found = found or _posts_called(conn, said) or _by_title(conn, said)
    return _only("post", said, found, "other")


def _posts_called(conn: Connection, said: str) -> list[str]:
    try:
        return [get_post(conn, said).id]
    except NotFound:
        found = _at_address(conn, said) if "://" in said else []
    return found or _begun(conn, "post", said)


def _at_address(conn: Connection, said: str) -> list[str]:
    """A page of Loa's own ends in the post's id."""
    last = said.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]
    try:
        return [get_post(conn, last).id]
    except NotFound:
        return posts_at(conn, canonical_key(said))


def _by_title(conn: Connection, said: str) -> list[str]:
    """Who is called so; else whose title begins so, where that is one; else who has these words."""
    words = clean(said)
    beginning = words.rstrip(_CUT).rstrip()
    found = titled(conn, beginning, _NAMED + 1)
    same = [post_id for post_id, title in found if title == words]
    if same or found:
        return same or [post_id for post_id, _ in found]
    return [post_id for post_id, _ in _having(conn, words)]


def _having(conn: Connection, words: str) -> list[tuple[str, str]]:
    """(id, title) of posts that have these words; of more than anybody searches for, none."""
    query = f'"{words}"'
    if len(query) > MAX_QUERY_CHARS:
        return []
    return [(one.id, one.title) for one in newest_posts(conn, PostQuery(q=query), _NAMED + 1)]


def find_subscriptions(conn: Connection, said: str, by: Actor = OPERATOR) -> list[Subscription]:
    """The subscriptions that are meant: one by its id or its beginning, all to an address, all of a
    name, all of a unit (one that was merged: its successor's). Of those of others, a unit sees
    none.

    Raises NotFound.
    """
    own = [one for one in _subscriptions_called(conn, said) if by.sees(one.unit_id)]
    if not own:
        raise NotFound("subscription", said)
    return own


def _subscriptions_called(conn: Connection, said: str) -> list[Subscription]:
    try:
        return [get_subscription(conn, said)]
    except NotFound:
        found = list_subscriptions(conn, target=said.strip(), has_removed=True)
    return (
        found
        or [get_subscription(conn, one) for one in _begun(conn, "subscription", said)]
        or [one for one in list_subscriptions(conn) if said and one.name == said]
        or [
            one
            for unit_id in _units_called(conn, said)
            for one in list_subscriptions(
                conn, unit_id=successor_of(conn, unit_id), has_removed=True
            )
        ]
    )


def _units_called(conn: Connection, said: str) -> Sequence[str]:
    """Those of before too."""
    found = units_called(conn, clean(said))
    try:
        return found or [find_unit(conn, said).id]
    except NotFound:
        return []


def find_subscription(conn: Connection, said: str) -> str:
    """The id of the one that is meant. Raises as `find_post` does."""
    found = find_subscriptions(conn, said)
    living = [one.id for one in found if one.status is not SubscriptionStatus.REMOVED]
    return _only("subscription", said, living or [one.id for one in found])


def find_unit(conn: Connection, said: str) -> Unit:
    """By id or its beginning, or by name; one that is typed without accents may mean one with them.

    Raises NotFound, and InvalidInput with what may be meant. Accents that are typed are meant: they
    tell communes apart.
    """
    try:
        return get_unit(conn, said)
    except NotFound:
        units = list_units(conn)
    begun = set(_begun(conn, "unit", said))
    plain = fold_plain(said)
    found = [unit for unit in units if unit.id in begun or _is_called(unit.name, said, plain)]
    if found:
        return get_unit(conn, _only("unit", said, [unit.id for unit in found]))
    names = {fold_plain(unit.name): unit.name for unit in units}
    for close in difflib.get_close_matches(plain[:200], names, n=1):
        hint = f"did you mean {names[close]!r}?"
        raise AmbiguousName("unit", coded("bad.value", text=said[:100]), hint)
    raise NotFound("unit", said)


def find_delivery(conn: Connection, said: str) -> str:
    """The id of a delivery or of a message, by its beginning; else what was said, which nobody
    may know."""
    found = [*_begun(conn, "delivery", said), *_begun(conn, "message", said)]
    return _only("delivery", said, found) if found else said


def find_token(conn: Connection, said: str) -> str:
    """The id of a token, by its beginning or its name; else what was said."""
    found = _begun(conn, "token", said)
    if not found:
        good = [one for one in list_tokens(conn) if one.revoked_at is None]
        found = [one.id for one in good if said and one.name == said]
    return _only("token", said, found) if found else said


def _is_called(name: str, said: str, plain: str) -> bool:
    return name.casefold() == said.casefold() or (said.isascii() and fold_plain(name) == plain)


FINDERS: dict[str, Callable[[Connection, str], str]] = {
    "post": find_post,
    "post to change": find_post_to_change,
    "subscription": find_subscription,
    "unit": lambda conn, said: find_unit(conn, said).id,
    "delivery": find_delivery,
    "token": find_token,
}
"""By kind: what somebody said, as an id."""


def _begun(conn: Connection, kind: str, said: str) -> list[str]:
    beginning = said.rstrip("….").lower()
    if not _BEGINNING.fullmatch(beginning):
        return []
    return ids_beginning(conn, kind, beginning, _NAMED + 1)


def _only(kind: str, said: str, found: Sequence[str], field: str = "") -> str:
    if len(found) > 1:
        allowed = coded("allowed.one_of_several", names=", ".join(found[:_NAMED]))
        raise AmbiguousName(field or kind, coded("bad.several", text=said), allowed)
    if not found:
        raise NotFound(kind, said)
    return found[0]
