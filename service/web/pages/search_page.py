"""The page of a search: what is asked for, how much is found, the words marked, and the way on to a
feed and to a subscription that ask for the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from flask import g, render_template, request
from markupsafe import Markup, escape

from service.errors import InputFaults, InvalidInput
from service.posts.kinds import KIND_NAMES
from service.posts.search_words import Piece, mark, parse_query, snippet
from service.services.filters import MAX_KEYWORD_CHARS, parse_place
from service.services.narrowing import FIELDS, narrow_query, pairs_of
from service.storage.found_posts import MOST_COUNTED, FoundPosts, count_posts, find_posts
from service.storage.posts import PostQuery
from service.types import Post, Urgency
from service.web.pages import portal_state
from service.web.pages.subscribe_form import place_asked, say_place
from service.web.problem import Fault, fault_of
from service.web.site import category_name
from service.words import coded
from service.words.collation import name_key

if TYPE_CHECKING:
    from service.bootstrap import Loa

PAGE_POSTS = 30
MAX_FILTERS = 20
"""Of one kind in an address: more than anybody ticks, few enough for any query."""

_BY_TIME = "time"


def read_search_query(loa: Loa) -> PostQuery:
    """What the address narrows the list to, categories by their ids of now. Raises InvalidInput for
    what is amiss."""
    for name in ("category", "portal", "place", "kind", "urgency"):
        if len(request.args.getlist(name)) > MAX_FILTERS:
            raise InvalidInput(name, "bad.too_often", coded("allowed.times", limit=MAX_FILTERS))
    if any("\0" in value for _, value in request.args.items(multi=True)):
        raise InvalidInput("q", "bad.nul", "allowed.text")
    many = {
        name: tuple(v.strip() for v in request.args.getlist(name) if v.strip())
        for name in ("category", "portal", "place")
    }
    categories = tuple(dict.fromkeys(loa.rules.renamed.get(one, one) for one in many["category"]))
    query, q, faults = (
        PostQuery(categories, many["portal"]),
        request.args.get("q", ""),
        InputFaults(),
    )
    with faults:
        parse_query(q.strip())
    with faults:
        places = (parse_place(loa.gazetteer, place_asked(one)) for one in many["place"])
        query = replace(query, places=tuple(dict.fromkeys(places)))
    with faults:
        query = narrow_query(replace(query, q=q), request.args.items(multi=True))
    faults.require_none()
    return query


def render_search_page(loa: Loa) -> str | tuple[str, int]:
    """The list that the address asks for; the form as it was filled in, with status 400, where
    something of it cannot be."""
    by_relevance = request.args.get("sort") != _BY_TIME
    try:
        query = read_search_query(loa)
        with loa.database.reading() as conn:
            found = find_posts(
                conn, query, PAGE_POSTS, request.args.get("before"), by_relevance=by_relevance
            )
            count = count_posts(conn, query)
            troubles = portal_state.troubles(conn, loa.settings.portals)
    except InvalidInput as error:
        if error.field == "before":
            raise
        return _page(loa, PostQuery(), FoundPosts([], None), 0, fault_of(error, "")), 400
    return _page(loa, query, found, count, None, troubles, by_relevance=by_relevance)


def blank_search(loa: Loa) -> dict[str, Any]:
    """What the template of the first page needs where nothing is searched for."""
    return _shown(loa, PostQuery(), FoundPosts([], None), 0)


def _page(
    loa: Loa,
    query: PostQuery,
    found: FoundPosts,
    count: int,
    fault: Fault | None,
    troubles: list[portal_state.PortalTrouble] | None = None,
    *,
    by_relevance: bool = True,
) -> str:
    shown = _shown(loa, query, found, count)
    return render_template(
        "index.html",
        **shown,
        is_front=False,
        sections=[],
        newest_at=None,
        fault=fault,
        troubles=troubles or [],
        by_relevance=by_relevance,
        can_mail=bool(loa.settings.email.smtp_url),
    )


def _shown(loa: Loa, query: PostQuery, found: FoundPosts, count: int) -> dict[str, Any]:
    narrowed = query_string(query)
    sort = "" if request.args.get("sort") != _BY_TIME else "&sort=time"
    older = f"?{narrowed}{sort}&before={quote(found.older)}" if found.older else None
    typed = {name: request.args.get(name, "") for name in request.args}
    if query.places:
        typed["place"] = say_place(loa, query.places[0])
    return {
        "query": query,
        "posts": found.posts,
        "marks": _marks(query, found.posts),
        "count": count,
        "most_counted": MOST_COUNTED,
        "older": older.replace("?&", "?") if older else None,
        "narrowed": narrowed,
        "wanted": _wanted(query),
        "is_wanted_whole": query == replace(query, **_NOT_WANTED),
        "typed": typed,
        "filters": sum(bool(typed.get(name)) for name in ("portal", "place", *FIELDS)),
        "kinds": sorted(KIND_NAMES.items(), key=lambda pair: name_key(pair[1])),
        "urgencies": [one.value for one in Urgency],
        "categories": [(c.id, category_name(loa, c.id, g.language)) for c in loa.rules.categories],
        "portals": loa.settings.portals,
    }


_NOT_WANTED: dict[str, Any] = {
    "deadline_from": None,
    "deadline_to": None,
    "day_from": None,
    "day_to": None,
}
"""What a subscription cannot ask for."""


def _wanted(query: PostQuery) -> str:
    """The filters as the form of a subscription has them."""
    pairs = _plain_pairs(query)
    pairs += [pair for pair in pairs_of(query) if pair[0] in ("kind", "urgency")]
    words = (query.q.replace('"', " "), query.number, query.issuer)
    pairs += [("keyword", word.strip()[:MAX_KEYWORD_CHARS]) for word in words if word.strip()]
    return urlencode(pairs)


def _plain_pairs(query: PostQuery) -> list[tuple[str, str]]:
    pairs = [("category", value) for value in query.categories]
    pairs += [("portal", value) for value in query.portals]
    return pairs + [("place", value) for value in query.places]


def query_string(query: PostQuery) -> str:
    """The filters as an address has them, always in the same order."""
    words = [("q", query.q)] if query.q else []
    return urlencode([*_plain_pairs(query), *words, *pairs_of(query)])


def _marks(query: PostQuery, posts: list[Post]) -> dict[str, tuple[Markup, Markup]]:
    """Titles and snippets of what was found by words, by the ids of the posts."""
    phrases = parse_query(query.q)
    if not phrases:
        return {}
    return {
        post.id: (_say(mark(post.title, phrases)), _say(snippet(post.text, phrases)))
        for post in posts
    }


def _say(pieces: list[Piece]) -> Markup:
    return Markup("").join(
        Markup("<mark>{}</mark>").format(text) if is_marked else escape(text)
        for text, is_marked in pieces
    )
