"""The pages that anybody reads: the latest posts, search, and one archived post.

Owns what they show; refuses to take any part of a link from the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode, urlsplit

from flask import Blueprint, g, render_template, request
from selectolax.lexbor import LexborHTMLParser

from service.errors import InvalidInput
from service.storage.archive import archived, scans, watched_files, why_absent
from service.storage.posts import PostQuery, cursor_of, get_post, newest_posts, revisions
from service.storage.same_document import companions
from service.types import AttachmentLink, Post
from service.web.pages import portal_state
from service.web.site import base_path, category_name
from service.words import coded, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from service.bootstrap import Loa

PAGE_POSTS = 30
SECTION_POSTS = 6
LOOKED_AT = 4 * SECTION_POSTS
"""Of a category, to find those that are in it first of all: each post stands on the first page
once."""
_TOLD = ("archive.", "file.")
FILES_SHOWN = 100
"""Of a post, one by one; the others are named and linked below, 20,000 of them in a tenth of the
time."""

MAX_FILTERS = 20
"""Of one kind in an address: more than anybody ticks, few enough for any query."""


@dataclass(frozen=True, slots=True)
class PageSection:
    """A category and its latest posts on the first page."""

    category: str
    name: str
    posts: list[Post]
    has_more: bool


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("public", __name__)

    @blueprint.get("/")
    def index() -> str:
        query = read_query(loa)
        is_front = query == PostQuery() and "before" not in request.args
        with loa.database.reading() as conn:
            troubles = portal_state.troubles(conn, loa.settings.portals)
            if is_front:
                sections = _sections(conn, loa)
                return _render_front(loa, sections, troubles)
            return _render_list(loa, conn, query, troubles)

    @blueprint.get("/posts/<post_id>")
    def post(post_id: str) -> str:
        with loa.database.reading() as conn:
            found = get_post(conn, post_id)
            history = revisions(conn, post_id)
            digests = [link.sha256 for link in found.attachments if link.sha256]
            kept, pictures = archived(conn, digests), scans(conn, digests)
            why = why_not_kept(conn, found)
            same_document = companions(conn, found)
        addressees = found.understanding.addressees
        return render_template(
            "post.html",
            post=found,
            history=list(reversed(history)),
            body=without_pictures(found.html, "Ảnh" if g.language == "vi" else "Picture"),
            files=[
                file_view(loa, link, kept, pictures, why.get(link.url))
                for link in _first(found, kept)
            ],
            more_files=[(link.name or link.url, link.url) for link in _others(found, kept)],
            same_document=same_document,
            host=urlsplit(found.url).hostname or found.url,
            addressees=[
                place.name if (place := loa.gazetteer.get(one)) else one for one in addressees
            ],
        )

    return blueprint


def _first(post: Post, kept: set[str]) -> list[AttachmentLink]:
    """The files that are shown with all that is known of them: so many, and those of which there is
    a copy."""
    return [
        link
        for number, link in enumerate(post.attachments)
        if number < FILES_SHOWN or link.sha256 in kept
    ]


def _others(post: Post, kept: set[str]) -> list[AttachmentLink]:
    return [link for link in post.attachments[FILES_SHOWN:] if link.sha256 not in kept]


def read_query(loa: Loa) -> PostQuery:
    """What the address narrows the list to, categories by their ids of now. Raises InvalidInput for
    what is amiss."""
    for name in ("category", "portal", "place"):
        if len(request.args.getlist(name)) > MAX_FILTERS:
            raise InvalidInput(name, "bad.too_often", coded("allowed.times", limit=MAX_FILTERS))
    if any("\0" in value for _, value in request.args.items(multi=True)):
        raise InvalidInput("q", "bad.nul", "allowed.text")
    many = {
        name: tuple(v for v in request.args.getlist(name) if v)
        for name in ("category", "portal", "place")
    }
    categories = tuple(dict.fromkeys(loa.rules.renamed.get(one, one) for one in many["category"]))
    return PostQuery(categories, many["portal"], many["place"], request.args.get("q", "").strip())


def _sections(conn: Connection, loa: Loa) -> list[PageSection]:
    sections = []
    for category in loa.rules.categories:
        found = newest_posts(
            conn, PostQuery(categories=(category.id,)), LOOKED_AT, is_withdrawn_shown=False
        )
        posts = [post for post in found if post.categories[0] == category.id][:SECTION_POSTS]
        name = category_name(loa, category.id, g.language)
        sections.append(PageSection(category.id, name, posts, len(found) > len(posts)))
    return sections


def _render_front(
    loa: Loa, sections: list[PageSection], troubles: list[portal_state.PortalTrouble]
) -> str:
    return render_template(
        "index.html",
        sections=sections,
        posts=[],
        query=PostQuery(),
        troubles=troubles,
        is_front=True,
        newest_at=_newest(sections),
        categories=[(c.id, category_name(loa, c.id, g.language)) for c in loa.rules.categories],
        portals=loa.settings.portals,
        older=None,
        can_mail=bool(loa.settings.email.smtp_url),
        narrowed="",
    )


def _render_list(
    loa: Loa, conn: Connection, query: PostQuery, troubles: list[portal_state.PortalTrouble]
) -> str:
    found = newest_posts(
        conn, query, PAGE_POSTS + 1, request.args.get("before"), is_withdrawn_shown=False
    )
    posts = found[:PAGE_POSTS]
    narrowed = query_string(query)
    older = None
    if len(found) > PAGE_POSTS:
        older = f"?{narrowed}{'&' if narrowed else ''}before={quote(cursor_of(posts[-1]))}"
    return render_template(
        "index.html",
        sections=[],
        posts=posts,
        query=query,
        troubles=troubles,
        is_front=False,
        newest_at=None,
        categories=[(c.id, category_name(loa, c.id, g.language)) for c in loa.rules.categories],
        portals=loa.settings.portals,
        older=older,
        can_mail=bool(loa.settings.email.smtp_url),
        narrowed=narrowed,
    )


def _newest(sections: list[PageSection]) -> datetime | None:
    return max((post.first_seen_at for section in sections for post in section.posts), default=None)


def query_string(query: PostQuery) -> str:
    """The filters as an address has them, always in the same order."""
    pairs = [("category", value) for value in query.categories]
    pairs += [("portal", value) for value in query.portals]
    pairs += [("place", value) for value in query.places]
    return urlencode([*pairs, ("q", query.q)] if query.q else pairs)


def why_not_kept(conn: Connection, post: Post) -> dict[str, str]:
    """By address, the codes of why files of a post are not kept; a host that did not answer is no
    such reason."""
    found = {url: file.error for url, file in watched_files(conn, post.id).items()}
    why = {url: code for url, code in found.items() if code and code.startswith(_TOLD)}
    absent = why_absent(conn, [link.sha256 for link in post.attachments if link.sha256])
    return why | {
        link.url: absent[link.sha256] for link in post.attachments if link.sha256 in absent
    }


def file_view(
    loa: Loa, link: AttachmentLink, kept: set[str], pictures: set[str], why: str | None = None
) -> dict[str, object]:
    """A file as a page shows it. `archived` is the address of our own copy, None where none of
    `kept` is it.

    One of `pictures` is a scan: nobody can search or quote it. `why` is the code of why there is no
    copy.
    """
    base = base_path(loa.settings.service.public_url)
    name = (
        (link.name if "://" not in link.name else "")
        or unquote(link.url.rsplit("/", 1)[-1])
        or "file"
    )
    copy = f"{base}/attachments/{link.sha256}/{quote(name.replace('/', '_'), safe='')}"
    return {
        "name": name,
        "url": link.url,
        "bytes": link.bytes,
        "archived": copy if link.sha256 in kept else None,
        "is_scan": link.sha256 in pictures,
        "why": say(why, g.language) if why and link.sha256 not in kept else "",
    }


def without_pictures(html: str, word: str) -> str:
    """The sanitised text with each picture turned into a link.

    A picture that loads by itself tells the portal, and whoever else it comes from, who reads what,
    when.
    """
    if "<img" not in html:
        return html
    tree = LexborHTMLParser(f"<main>{html}</main>")
    for picture in tree.css("img"):
        link = tree.create_node("a")
        source = picture.attributes.get("src") or ""
        if not source.startswith(("https://", "http://")) or _is_in_link(picture):
            picture.replace_with((picture.attributes.get("alt") or "").strip())
            continue
        link.attrs["href"] = source
        link.attrs["rel"] = "noopener noreferrer"
        link.attrs["class"] = "picture"
        link.insert_child((picture.attributes.get("alt") or "").strip() or word)
        picture.replace_with(link)
    root = tree.css_first("main")
    return "" if root is None else root.inner_html or ""


def _is_in_link(node: object) -> bool:
    parent = getattr(node, "parent", None)
    while parent is not None:
        if parent.tag == "a":
            return True
        parent = parent.parent
    return False
