"""What a new state of a post does to the posts that it names: its relations get their ids, a
meeting that it moves, postpones or calls off is marked so, and marked no more where a person says
that it was read wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from service.storage.overruling import change_facts
from service.storage.post_writes import lock_post, set_facts
from service.storage.posts import get_post, select_post
from service.storage.relation_links import later_posts, resolve_links
from service.types import DocumentLink, Link, Post, Rescheduling

_OF_MEETINGS = frozenset({Link.CANCELS, Link.POSTPONES, Link.MOVES, Link.REPLACES, Link.AMENDS})


def relate(conn: Connection, post: Post) -> Post:
    """The post with its relations resolved, as it is stored from now on."""
    links = resolve_links(conn, post)
    if links == post.understanding.relations:
        return post
    newer = replace(post, understanding=replace(post.understanding, relations=links))
    set_facts(conn, newer)
    _reschedule_all(conn, newer)
    return newer


def relate_as_decided(conn: Connection, post: Post, before: Sequence[DocumentLink]) -> Post:
    """The same of a post whose relations a person decided. `before`: what they were; a meeting that
    none of them is about any more is what it was."""
    links = resolve_links(conn, post)
    newer = replace(post, understanding=replace(post.understanding, relations=links))
    set_facts(conn, newer)
    for post_id in _meetings(before) - _meetings(links):
        _restore_meeting(conn, newer.id, post_id)
    _reschedule_all(conn, newer)
    return newer


def _meetings(links: Sequence[DocumentLink]) -> set[str]:
    return {one.post_id for one in links if one.post_id is not None and one.link in _OF_MEETINGS}


def _reschedule_all(conn: Connection, by: Post) -> None:
    for link in by.understanding.relations:
        if link.post_id is not None and link.link in _OF_MEETINGS:
            _reschedule(conn, by, link.post_id, link.link)


def _reschedule(conn: Connection, by: Post, post_id: str, link: Link) -> None:
    """Nothing for a post that is no meeting, or that a later post has rescheduled."""
    lock_post(conn, post_id)
    old = select_post(conn, post_id)
    known = old.understanding.rescheduled if old is not None else None
    is_done = known is not None and known.link is not None and known.post_id == by.id
    if old is None or old.understanding.begins_at is None or is_done:
        return
    begins_at = by.understanding.begins_at if link is Link.MOVES else None
    venue = by.understanding.venue if link is Link.MOVES else None
    times = known.times + 1 if known is not None else 1
    change_facts(conn, old.id, rescheduled=Rescheduling(link, by.id, begins_at, venue, times))


def _restore_meeting(conn: Connection, by_id: str, post_id: str) -> None:
    """What the post made of the meeting counts no more: what another one made of it does, else it
    is as it was announced. It is another state of it all the same: calendars count them."""
    lock_post(conn, post_id)
    meeting = get_post(conn, post_id)
    known = meeting.understanding.rescheduled
    if known is None or known.post_id != by_id or known.link is None:
        return
    lifted = replace(known, link=None, begins_at=None, venue=None, times=known.times + 1)
    change_facts(conn, post_id, rescheduled=lifted)
    for one in later_posts(conn, meeting):
        if one.link in _OF_MEETINGS and one.id != by_id:
            _reschedule(conn, get_post(conn, one.id), post_id, one.link)
            return
