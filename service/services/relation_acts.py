"""What a new state of a post does to the posts that it names: its relations get their ids, a
meeting that it moves, postpones or calls off is marked so."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from service.storage.overruling import change_facts
from service.storage.post_writes import lock_post, set_facts
from service.storage.posts import select_post
from service.storage.relation_links import resolve_links
from service.types import DocumentLink, Link, Post, Rescheduling

_OF_MEETINGS = frozenset({Link.CANCELS, Link.POSTPONES, Link.MOVES, Link.REPLACES, Link.AMENDS})


def relate(conn: Connection, post: Post) -> Post:
    """The post with its relations resolved, as it is stored from now on."""
    links = resolve_links(conn, post)
    if links == post.understanding.relations:
        return post
    newer = replace(post, understanding=replace(post.understanding, relations=links))
    set_facts(conn, newer)
    for link in links:
        if link.post_id is not None and link.link in _OF_MEETINGS:
            _reschedule(conn, newer, link)
    return newer


def _reschedule(conn: Connection, by: Post, link: DocumentLink) -> None:
    """Nothing for a post that is no meeting, or that a later post has rescheduled."""
    lock_post(conn, link.post_id or "")
    old = select_post(conn, link.post_id or "")
    known = old.understanding.rescheduled if old is not None else None
    is_done = known is not None and known.post_id == by.id
    if old is None or old.understanding.begins_at is None or is_done:
        return
    begins_at = by.understanding.begins_at if link.link is Link.MOVES else None
    venue = by.understanding.venue if link.link is Link.MOVES else None
    times = known.times + 1 if known is not None else 1
    change_facts(conn, old.id, rescheduled=Rescheduling(link.link, by.id, begins_at, venue, times))
