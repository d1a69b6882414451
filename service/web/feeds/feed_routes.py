"""Feeds as Flask serves them: narrowed, older and unknown ones, the page a person sees at a feed's
address, and the lists of all feeds.

What the thin layer has in memory is answered here too when it is not there. Every link comes from
`public_url`.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, render_template, request
from isal import igzip
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.wrappers import Response as AnyResponse

from service.errors import InvalidInput, NotFound
from service.feeds.model import NARROWING, Feed, Format, digest, narrowed_title
from service.feeds.opml import render_opml
from service.services.feed_lists import list_feeds
from service.services.narrowing import narrow_query
from service.storage.posts import PostQuery
from service.text import clean
from service.web import reader
from service.web.feeds.feed_query import own_parameters
from service.web.feeds.feed_store import FeedStore
from service.web.server.conditional import is_browser
from service.web.server.hot import HotAnswer, build_answer, respond
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa

EXTENSION = "loa_feeds"
"""Where the application keeps its FeedStore, for the thin layer."""

OPML_TYPE = "text/x-opml; charset=utf-8"
_OF_FEEDS = ("category", "portal", "place")
"""Narrowings to what has a feed of its own."""
MAX_VALUES = 20
MAX_VALUE_CHARS = 128
MAX_Q_CHARS = 200
SHOWN_TO_PEOPLE = 50
RETRY_AFTER_S = 300
"""For a feed that never could be made: the operator is told within a minute."""


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("feeds", __name__)
    store = FeedStore(loa)
    blueprint.record_once(lambda state: state.app.extensions.__setitem__(EXTENSION, store))

    @blueprint.get("/feeds/")
    def index() -> str:
        asked = clean(request.args.get("q", "")[:MAX_VALUE_CHARS])
        groups = list_feeds(loa, store.specs(), asked)
        root = store.site.root
        return render_template(
            "feeds.html",
            groups=groups,
            root=root,
            webcal=f"webcal:{root.partition(':')[2]}",
            asked=asked,
            count=sum(len(group.specs) for group in groups),
        )

    @blueprint.get("/feeds.opml")
    def opml() -> AnyResponse:
        body = render_opml(store.site, store.specs())
        answer = build_answer(
            body, igzip.compress(body, mtime=0), digest(body).hex(), OPML_TYPE, None
        )
        return _respond(answer, OPML_TYPE)

    @blueprint.get("/feeds/<path:path>")
    def feed(path: str) -> AnyResponse | str:
        return _feed(loa, store, path)

    return blueprint


def _feed(loa: Loa, store: FeedStore, path: str) -> AnyResponse | str:
    name, _, extension = path.rpartition(".")
    if extension not in set(Format):
        raise NotFound("feed", path)
    fmt = Format(extension)
    present_name = _present_name(loa, name)
    spec = store.spec(present_name)
    if spec is None or (fmt is Format.ICS and not spec.has_calendar):
        raise NotFound("feed", path)
    query, before, has_moved = read_feed_query(loa, store)
    address = Feed(spec, (), query).address(store.site.root, fmt, before)
    if has_moved or present_name != name:
        return _redirect(address)
    if is_browser(request.environ) and "raw" not in request.args and fmt is not Format.ICS:
        return _page(store, store.load(spec, query, before), fmt)
    answer = (
        store.narrowed(spec, fmt, query, before) if query or before else store.current(spec, fmt)
    )
    if answer is None:
        raise ServiceUnavailable("refused.feed", retry_after=RETRY_AFTER_S)
    response = _respond(answer, fmt.content_type)
    if (
        query or before
    ):  # whatever order and spelling were asked for, this is the page that `self` names
        response.headers["Content-Location"] = address
    return response


def _respond(answer: HotAnswer, content_type: str) -> Response:
    status, headers, body = respond(answer, request.environ)
    response = Response([body], status, content_type=content_type)
    response.headers.extend(header for header in headers if header[0] != "Content-Type")
    return response


def read_feed_query(
    loa: Loa, store: FeedStore
) -> tuple[tuple[tuple[str, str], ...], str | None, bool]:
    """What narrows a feed, in canonical order; the cursor of an older page; and whether a category
    that was asked for has another name now. 410 when all that were are retired.

    Raises InvalidInput for a parameter that is mistyped, is too long, or names nothing that there
    is.
    """
    given = own_parameters(request.query_string.decode("utf-8", "replace"))
    asked = {(name, _clean(name, value)) for name, value in given if name in NARROWING and value}
    if len(asked) > MAX_VALUES:
        raise InvalidInput(
            min(asked)[0], "bad.too_often", coded("allowed.values", limit=MAX_VALUES)
        )
    pairs = _present_pairs(loa, asked)
    for name, value in pairs:
        _require_known(store, name, value)
    narrow_query(PostQuery(), pairs)
    befores = [value for name, value in given if name == "before"]
    if len(befores) > 1 or any(len(before) > MAX_VALUE_CHARS * 2 for before in befores):
        raise InvalidInput("before", "bad.cursor_feed", "allowed.before")
    canonical = tuple(sorted(pairs, key=lambda pair: (NARROWING.index(pair[0]), pair[1])))
    return canonical, befores[0] if befores and befores[0] else None, pairs != asked


def _present_pairs(loa: Loa, asked: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """With the names that categories have now, and without those that are retired while any is
    left."""
    present = {
        (name, loa.rules.renamed.get(value, value) if name == "category" else value)
        for name, value in asked
        if name != "category" or value not in loa.rules.retired
    }
    if len(present) < len(asked) and not any(name == "category" for name, _ in present):
        abort(410)
    return present


def _clean(name: str, value: str) -> str:
    limit = MAX_Q_CHARS if name == "q" else MAX_VALUE_CHARS
    if len(value) > limit:
        raise InvalidInput(
            name, coded("bad.chars", n=len(value)), coded("allowed.at_most", limit=limit)
        )
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if not text or not text.isprintable():
        raise InvalidInput(name, "bad.no_text", "allowed.words")
    return text


def _require_known(store: FeedStore, name: str, value: str) -> None:
    prefix = "places/" if name == "place" else ""
    if name not in _OF_FEEDS:
        return
    spec = store.spec(prefix + value)
    if spec is None or getattr(spec, name) != value:
        raise InvalidInput(
            name,
            coded("bad.names_none", field=name, text=value[:64]),
            coded("allowed.id_of", field=name),
        )


def _present_name(loa: Loa, name: str) -> str:
    """The name that a feed has now, since its category may have been renamed. 410 when that was
    retired."""
    head, slash, category = name.rpartition("/")
    if category in loa.rules.retired:
        abort(410)
    return f"{head}{slash}{loa.rules.renamed.get(category, category)}"


def _redirect(address: str) -> AnyResponse:
    kept = urlencode(
        [(name, request.args[name]) for name in ("raw", "lang") if name in request.args]
    )
    response = redirect(
        f"{address}{'&' if '?' in address else '?'}{kept}" if kept else address, 301
    )
    response.cache_control.max_age = 86_400
    return response


def _page(store: FeedStore, feed: Feed, fmt: Format) -> Response:
    """The feed for a person. Never kept by a cache that could hand it to a reader."""
    title = narrowed_title(feed.spec, store.site.labels, feed.query)
    page = render_template(
        "feed.html",
        feed=feed,
        posts=[post for post in feed.posts if post.withdrawn_at is None][:SHOWN_TO_PEOPLE],
        heading=title
        if reader.language() == "vi"
        else title.replace(feed.spec.title, feed.spec.title_en),
        address=feed.address(store.site.root, fmt),
        addresses={
            f: feed.address(store.site.root, f) for f in (Format.ATOM, Format.RSS, Format.JSON)
        },
        media_types={f: f.media_type for f in Format},
        calendar=feed.address(store.site.root, Format.ICS) if feed.spec.has_calendar else None,
        older=feed.address(store.site.root, fmt, feed.previous) if feed.previous else None,
        newest=feed.address(store.site.root, fmt) if feed.before else None,
        fmt=fmt,
    )
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-store"
    response.vary.update(("Accept-Encoding", "Sec-Fetch-Dest"))
    return response
