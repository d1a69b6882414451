"""The pages that anybody reads: the latest posts, search, and one archived post.

Owns what they show; refuses to take any part of a link from the request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, render_template, request
from selectolax.lexbor import LexborHTMLParser

from service.alerts.links import copy_path, view_path
from service.alerts.post_fields import name_of_file
from service.errors import NotFound
from service.feeds.markup import Site
from service.feeds.model import Feed, FeedSpec, Format
from service.posts.filename import say_file_name
from service.storage.archive import archived, scans, watched_files, why_absent
from service.storage.pages import scan_states
from service.storage.posts import get_post, revisions
from service.storage.relation_links import later_posts
from service.storage.same_document import companions
from service.types import AttachmentLink, Post, Relation
from service.web.pages import portal_state, search_page
from service.web.pages.differences import differences
from service.web.pages.front_lists import FrontLists, front_lists
from service.web.pages.qr import qr_svg
from service.web.pages.structured_data import structured_data
from service.web.site import base_path
from service.words import kind_name, say

__all__ = ["file_view", "make_blueprint", "why_not_kept", "without_pictures"]

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from service.bootstrap import Loa

_TOLD = ("archive.", "file.")
FILES_SHOWN = 100
"""Of a post, one by one; the others are named and linked below, 20,000 of them in a tenth of the
time."""


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("public", __name__)

    @blueprint.get("/")
    def index() -> str | tuple[str, int]:
        if any(value for name, value in request.args.items(multi=True) if name != "lang"):
            return search_page.render_search_page(loa)
        with loa.database.reading() as conn:
            troubles = portal_state.troubles(conn, loa.settings.portals)
            lists = front_lists(conn, loa)
        return _render_front(loa, lists, troubles)

    @blueprint.get("/posts/<post_id>")
    def post(post_id: str) -> str:
        with loa.database.reading() as conn:
            found = get_post(conn, post_id)
            history = revisions(conn, post_id)
            digests = [link.sha256 for link in found.attachments if link.sha256]
            kept, pictures = archived(conn, digests), scans(conn, digests)
            read = scan_states(conn, digests)
            why = why_not_kept(conn, found)
            same_document, later = companions(conn, found), later_posts(conn, found)
        addressees = found.understanding.addressees
        only_file = _document_name(found) if len(found.attachments) == 1 else ""
        return render_template(
            "post.html",
            post=found,
            history=list(reversed(history)),
            differences=differences(history),
            has_calendar=bool(found.understanding.begins_at or _has_day(found)),
            body=without_pictures(found.html, "Ảnh" if g.language == "vi" else "Picture"),
            files=[
                file_view(loa, link, kept, pictures, why.get(link.url), read, only_file)
                for link in _first(found, kept)
            ],
            more_files=[(name_of_file(link), link.url) for link in _others(found, kept)],
            same_document=same_document,
            later=later,
            structured=structured_data(found, loa.links.post_url(found.id)),
            cover=_cover(loa, found, kept),
            qr=qr_svg(loa.links.post_url(found.id)),
            host=urlsplit(found.url).hostname or found.url,
            addressees=[
                place.name if (place := loa.gazetteer.get(one)) else one for one in addressees
            ],
        )

    @blueprint.get("/posts/<post_id>/calendar.ics")
    def calendar(post_id: str) -> Response:
        with loa.database.reading() as conn:
            found = get_post(conn, post_id)
        body = post_calendar(loa, found)
        name = f'attachment; filename="{found.id}.ics"'
        headers = {"Content-Disposition": name, "Cache-Control": "no-cache"}
        return Response(body, content_type=Format.ICS.content_type, headers=headers)

    return blueprint


def _cover(loa: Loa, post: Post, kept: set[str]) -> tuple[str, str] | None:
    """The addresses of the picture of a first page, and of the file to be read: of the first PDF of
    which there is one."""
    base = base_path(loa.settings.service.public_url)
    for link in post.attachments[:FILES_SHOWN]:
        if link.sha256 in kept and loa.archive.folder.cover_of(str(link.sha256)).exists():
            view = view_path(str(link.sha256), name_of_file(link))
            return f"{base}/covers/{link.sha256}.png", base + view
    return None


def _document_name(post: Post) -> str:
    """`Công văn 1687-CV/TU`, where the post is the document; empty where it only tells of one."""
    document = post.understanding.document
    if document is None or document.relation is not Relation.IS or not document.number:
        return ""
    kind = kind_name(document.kind or "")
    return f"{kind[:1].upper()}{kind[1:]} {document.number}".strip()


def _has_day(post: Post) -> bool:
    return any(one.at or one.on for one in post.understanding.deadlines)


def post_calendar(loa: Loa, post: Post) -> bytes:
    """The meeting and the deadlines of one post. Raises NotFound where it has neither."""
    if not (post.understanding.begins_at or _has_day(post)):
        raise NotFound("calendar", post.id)
    from service.feeds.ical import render_calendar  # only those who ask pay for its import

    service = loa.settings.service
    site = Site(service.public_url, service.title, service.language)
    spec = FeedSpec(
        f"posts/{post.id}", post.title, post.title, "", has_calendar=True, has_deadlines=True
    )
    source = f"{loa.links.post_url(post.id)}/calendar.ics"
    return render_calendar(site, Feed(spec, (post,)), source)[0]


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


def _render_front(loa: Loa, lists: FrontLists, troubles: list[portal_state.PortalTrouble]) -> str:
    return render_template(
        "index.html",
        newest=lists.newest,
        sections=lists.sections,
        **search_page.blank_search(loa),
        troubles=troubles,
        is_front=True,
        newest_at=lists.newest_at,
        can_mail=bool(loa.settings.email.smtp_url),
    )


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
    loa: Loa,
    link: AttachmentLink,
    kept: set[str],
    pictures: set[str],
    why: str | None = None,
    read: Mapping[str, str | None] | None = None,
    document: str = "",
) -> dict[str, object]:
    """A file as a page shows it. `archived` is the address of our own copy, None where none of
    `kept` is it.

    One of `pictures` is a scan; `read` says of those that were looked at why nothing was read, a
    code, or None where something was. `why` is the code of why there is no copy. `document`: what
    a file is called whose name says nothing.
    """
    base, name = base_path(loa.settings.service.public_url), name_of_file(link)
    copy = base + copy_path(str(link.sha256), name)
    is_pdf = link.media_type == "application/pdf" or name.lower().endswith(".pdf")
    return {
        "name": say_file_name(name, document),
        "view": base + view_path(str(link.sha256), name) if is_pdf else None,
        "url": link.url,
        "bytes": link.bytes,
        "archived": copy if link.sha256 in kept else None,
        "is_scan": link.sha256 in pictures,
        "sha256": link.sha256,
        "unread": say((read or {}).get(str(link.sha256)), g.language),
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
