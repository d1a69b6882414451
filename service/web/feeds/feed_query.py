"""Where feeds are found, and which posts they ask the database for."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from service.errors import InputFaults, InvalidInput
from service.feeds.model import NARROWING, FeedSpec, Format
from service.services.filters import MOST_TOLD
from service.services.narrowing import narrow_query
from service.storage.posts import PostQuery
from service.words import coded

PARAMETERS = (*NARROWING, "before", "raw", "lang")
_OF_OTHERS = re.compile(
    r"_.*|.*clid|(?:utm|mc|pk|piwik|mtm|matomo|hsa|hs|oly|vero|trk|ga|gad|fb|at|wt|ns|itm|cmp|s|ss|li|ml)_.*"
    r"|hsctatracking|mkt_tok|g[bw]?raid|wbraid|igsh(?:id)?|si|ref(?:_?src|errer|errer_id)?|spm|scm|share.*|sfnsn|mibextid"
    r"|zarsrc|zsrc|gidzl|zl?_?src|zalo.*|from(?:app|zalo)?|src|source|campaign|medium|feature|rnd|rand(?:om)?|cb|cache"
    r"(?:buster|bust)?|nocache|no_cache|bust(?:er)?|t|ts|time|timestamp|v|ver|version|x|z|fbrefresh|output|format|feed",
    re.IGNORECASE,
)
"""What trackers, mailers, messengers and readers add, Zalo's and Facebook's first: it asks for no
other feed (O7)."""

XML_AND_JSON = (Format.RSS, Format.ATOM, Format.JSON)

NOTHING = "\x00nothing"
"""An id that nothing has: two filters of one kind that exclude each other leave no post."""


def own_parameters(query: str) -> list[tuple[str, str]]:
    """Those of a feed among the parameters of its address; what readers, mailers and trackers add
    is left out (O7).

    Raises InvalidInput with those that nobody knows: they are a mistake, and would give another
    feed than was meant.
    """
    found, faults = [], InputFaults()
    for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
        own = name.removeprefix("amp;")  # an address that was copied out of HTML as it stands there
        if own in PARAMETERS:
            found.append((own, value))
        elif _OF_OTHERS.fullmatch(own[:60]) is None and faults.count < MOST_TOLD:
            among = coded("allowed.among", names=", ".join((*NARROWING, "before")))
            faults.add(InvalidInput(own[:40], "bad.parameter", among))
    faults.require_none()
    return found


def path_of(spec: FeedSpec, fmt: Format) -> str:
    return f"/feeds/{spec.name}.{fmt}"


def formats_of(spec: FeedSpec) -> tuple[Format, ...]:
    return (*XML_AND_JSON, Format.ICS) if spec.has_calendar else XML_AND_JSON


def post_query(spec: FeedSpec, query: tuple[tuple[str, str], ...] = ()) -> PostQuery:
    """What the feed shows of the narrowing's posts: a fixed filter of the feed and one asked for
    both hold."""
    asked: dict[str, tuple[str, ...]] = {}
    for name, value in query:
        asked[name] = (*asked.get(name, ()), value)
    narrowed = PostQuery(
        categories=_both(spec.category, asked.get("category", ())),
        portals=_both(spec.portal, asked.get("portal", ())),
        places=_both(spec.place, asked.get("place", ())),
        q=" ".join(asked.get("q", ())),
        is_owed=spec.is_owed,
    )
    return narrow_query(narrowed, query)


def _both(fixed: str | None, asked: tuple[str, ...]) -> tuple[str, ...]:
    if fixed is None:
        return asked
    return (fixed,) if not asked or fixed in asked else (NOTHING,)
