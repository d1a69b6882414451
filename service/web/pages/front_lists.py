"""The lists of the first page: the newest of all portals, then each category, a post and a document
once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask import g

from service.posts.same import is_same_document
from service.storage.posts import PostQuery, newest_posts
from service.storage.same_document import area_of
from service.types import Post
from service.web.site import category_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from service.bootstrap import Loa

NEWEST_POSTS = 8
SECTION_POSTS = 4
LOOKED_AT = 4 * (NEWEST_POSTS + SECTION_POSTS)
"""Of all, and of a category, to find those that stand nowhere above."""


@dataclass(frozen=True, slots=True)
class PageSection:
    """A category and its latest posts that are not among the newest of all."""

    category: str
    name: str
    posts: list[Post]
    has_more: bool


@dataclass(frozen=True, slots=True)
class FrontLists:
    newest: list[Post]
    sections: list[PageSection]

    @property
    def newest_at(self) -> datetime | None:
        posts = [*self.newest, *(post for section in self.sections for post in section.posts)]
        return max((post.first_seen_at for post in posts), default=None)


def front_lists(conn: Connection, loa: Loa) -> FrontLists:
    shown: list[Post] = []
    newest = newest_posts(conn, limit=LOOKED_AT, is_withdrawn_shown=False)
    first = _add_others(shown, newest, NEWEST_POSTS)
    sections = []
    for category in loa.rules.categories:
        query = PostQuery(categories=(category.id,))
        found = newest_posts(conn, query, LOOKED_AT, is_withdrawn_shown=False)
        own = (post for post in found if post.categories[0] == category.id)
        posts = _add_others(shown, own, SECTION_POSTS)
        name = category_name(loa, category.id, g.language)
        sections.append(PageSection(category.id, name, posts, bool(found)))
    return FrontLists(first, sections)


def _add_others(shown: list[Post], posts: Iterable[Post], limit: int) -> list[Post]:
    """The first posts that are of no document that is shown; they are shown from now on."""
    added: list[Post] = []
    for post in posts:
        if len(added) == limit:
            break
        if not any(_is_same(post, other) for other in shown):
            added.append(post)
            shown.append(post)
    return added


def _is_same(post: Post, other: Post) -> bool:
    one, another = post.understanding.document, other.understanding.document
    if post.id == other.id or one is None or another is None:
        return post.id == other.id
    if post.portal.id == other.portal.id:  # a portal tells of its own document more than once
        return False
    areas = area_of(post.url), area_of(other.url)
    return is_same_document(one, another, areas, (post.title, other.title))
