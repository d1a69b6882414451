"""Feeds as Flask serves them: narrowed, older and unknown ones, the page a person sees at a feed's address, and the
lists of all feeds.

What the thin layer has in memory is answered here too when it is not there. Every link comes from `public_url`.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, g, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from service.errors import InvalidInput, NotFound
from service.feeds.model import NARROWING, Feed, FeedSpec, Format, narrowed_title
from service.feeds.opml import group_of, render_opml
from service.web.conditional import is_browser
from service.web.feed_store import FeedStore
from service.web.hot import respond

if TYPE_CHECKING:
    from service.bootstrap import Loa

EXTENSION = "loa_feeds"
"""Where the application keeps its FeedStore, for the thin layer."""

MAX_VALUES = 20
MAX_VALUE_CHARS = 128
MAX_Q_CHARS = 200
PARAMETERS = frozenset({*NARROWING, "before", "raw", "lang"})
SHOWN_TO_PEOPLE = 50


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("feeds", __name__)
    store = FeedStore(loa)
    blueprint.record_once(lambda state: state.app.extensions.__setitem__(EXTENSION, store))

    @blueprint.get("/feeds/")
    def index() -> str:
        groups: dict[str, list[FeedSpec]] = {}
        for spec in store.specs():
            groups.setdefault(group_of(spec), []).append(spec)
        return render_template("feeds.html", groups=groups, root=store.site.root)

    @blueprint.get("/feeds.opml")
    def opml() -> AnyResponse:
        response = Response(render_opml(store.site, store.specs()), content_type="text/x-opml; charset=utf-8")
        response.add_etag()
        response.cache_control.max_age = 3600
        return response.make_conditional(request)

    @blueprint.get("/feeds/<path:path>")
    def feed(path: str) -> AnyResponse | str:
        name, _, extension = path.rpartition(".")
        if extension not in set(Format):
            raise NotFound("feed", path)
        fmt = Format(extension)
        moved = _moved(loa, name)
        if moved is not None:
            return _redirect(store.site.root, moved, fmt)
        spec = store.spec(name)
        if spec is None or (fmt is Format.ICS and not spec.has_calendar):
            raise NotFound("feed", path)
        query, before = read_query(store)
        if is_browser(request.environ) and "raw" not in request.args and fmt is not Format.ICS:
            return _page(store, store.load(spec, query, before), fmt)
        answer = store.narrowed(spec, fmt, query, before) if query or before else store.current(spec, fmt)
        status, headers, body = respond(answer, request.environ)
        return Response([body], status, headers)

    return blueprint


def read_query(store: FeedStore) -> tuple[tuple[tuple[str, str], ...], str | None]:
    """What narrows a feed, in canonical order, and the cursor of an older page.

    Raises InvalidInput for a parameter that does not exist, is too long, or names nothing that there is.
    """
    unknown = sorted(set(request.args) - PARAMETERS)
    if unknown:
        raise InvalidInput(unknown[0][:40], "is no parameter of a feed", ", ".join((*NARROWING, "before")))
    pairs = sorted(
        {(name, _clean(name, value)) for name in NARROWING for value in request.args.getlist(name) if value}
    )
    if len(pairs) > MAX_VALUES:
        raise InvalidInput(pairs[0][0], "is given too often", f"at most {MAX_VALUES} values")
    for name, value in pairs:
        _require_known(store, name, value)
    befores = request.args.getlist("before")
    if len(befores) > 1 or any(len(before) > MAX_VALUE_CHARS * 2 for before in befores):
        raise InvalidInput("before", "is no cursor of this feed", "the `before` of a link")
    canonical = tuple(sorted(pairs, key=lambda pair: (NARROWING.index(pair[0]), pair[1])))
    return canonical, befores[0] if befores and befores[0] else None


def _clean(name: str, value: str) -> str:
    limit = MAX_Q_CHARS if name == "q" else MAX_VALUE_CHARS
    if len(value) > limit:
        raise InvalidInput(name, f"has {len(value)} characters", f"at most {limit}")
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if not text or not text.isprintable():
        raise InvalidInput(name, "holds characters that are no text", "words")
    return text


def _require_known(store: FeedStore, name: str, value: str) -> None:
    prefix = "places/" if name == "place" else ""
    if name == "q":
        return
    spec = store.spec(prefix + value)
    if spec is None or getattr(spec, name) != value:
        raise InvalidInput(name, f"names no {name}: {value[:64]!r}", f"the id of a {name}")


def _moved(loa: Loa, name: str) -> str | None:
    """The new name of a feed whose category was renamed; None when it was not. 410 when it was retired."""
    head, slash, category = name.rpartition("/")
    if category in loa.rules.retired:
        abort(410)
    renamed = loa.rules.renamed
    return f"{head}{slash}{renamed[category]}" if category in renamed else None


def _redirect(root: str, name: str, fmt: Format) -> AnyResponse:
    query = request.query_string.decode("latin-1")
    response = redirect(f"{root}/feeds/{name}.{fmt}" + (f"?{query}" if query else ""), 301)
    response.cache_control.max_age = 86_400
    return response


def _page(store: FeedStore, feed: Feed, fmt: Format) -> Response:
    """The feed for a person. Never kept by a cache that could hand it to a reader."""
    title = narrowed_title(feed.spec, store.site.labels, feed.query)
    page = render_template(
        "feed.html",
        feed=feed,
        posts=[post for post in feed.posts if post.withdrawn_at is None][:SHOWN_TO_PEOPLE],
        heading=title if g.get("language", "vi") == "vi" else title.replace(feed.spec.title, feed.spec.title_en),
        address=feed.address(store.site.root, fmt),
        addresses={f: feed.address(store.site.root, f) for f in (Format.ATOM, Format.RSS, Format.JSON)},
        media_types={f: f.media_type for f in Format},
        older=feed.address(store.site.root, fmt, feed.previous) if feed.previous else None,
        fmt=fmt,
    )
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-store"
    response.vary.update(("Accept-Encoding", "Sec-Fetch-Dest"))
    return response
