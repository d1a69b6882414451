"""What people said of posts where rules said otherwise: a labelled set of the installation's own.

Its rows have the form of the corpora that the rules are scored on, with the words of a post beside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from service.posts.sentences import lead_of
from service.posts.understand import Understander
from service.storage.overruling import corrected_ids
from service.storage.posts import select_post
from service.types import AttachmentLink

_BODY_CHARS = 4_000


def load_corrections(conn: Connection) -> Iterator[dict[str, Any]]:
    """Each post whose categories a person decided, the last one first."""
    found = (select_post(conn, post_id) for post_id in corrected_ids(conn))
    for post in filter(None, found):
        primary, *also = post.understanding.categories
        yield {
            "title": post.title,
            "lead": lead_of(post.text, post.title),
            "body": post.text[:_BODY_CHARS],
            "attachments": [link.name or link.url for link in post.attachments],
            "primary": primary,
            "also": also,
            "url": post.url,
        }


def category_by_rules(understander: Understander, row: Mapping[str, Any]) -> str:
    """The primary category that the rules alone give a correction's post."""
    files = [AttachmentLink(name, name, "") for name in row["attachments"]]
    return understander.understand(row["title"], row["body"], attachments=files).categories[0]
