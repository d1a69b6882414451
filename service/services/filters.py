"""What a subscription may ask for: every value known, and no more of them than a person would
name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable
from dataclasses import fields, replace
from functools import partial

from service.errors import InputFaults, InvalidInput
from service.posts.gazetteer import Gazetteer
from service.posts.kinds import KIND_NAMES
from service.posts.place_search import describe_place, search_places
from service.posts.place_units import GazetteerUnit
from service.services.context import Context
from service.text import fold_plain
from service.types import Filters, Urgency
from service.values import parse_line
from service.words import coded

MAX_CATEGORIES = MAX_PORTALS = MAX_KEYWORDS = 50
MAX_PLACES = 200
"""More than a district has communes; a province subscribes without places."""
MAX_KEYWORD_CHARS = 100
_FEW_PLACES = 6  # that are named to somebody who has to choose
MOST_TOLD = 10
"""Faults of one field: whoever has more of them reads a list of what there is."""
MAX_URGENCIES, MAX_KINDS = len(Urgency), len(KIND_NAMES)
FILTER_FIELDS = tuple(field.name for field in fields(Filters))


def parse_filters(
    ctx: Context,
    *,
    categories: Iterable[str] = (),
    portals: Iterable[str] = (),
    places: Iterable[str] = (),
    keywords: Iterable[str] = (),
    urgencies: Iterable[str] = (),
    kinds: Iterable[str] = (),
) -> Filters:
    """In the order given, each once. Raises InvalidInput, with all that cannot be: field
    `category`, `portal`, `place`, `keyword`, `urgency` or `kind`."""
    faults = InputFaults()
    with faults:
        some_categories = _few("category", MAX_CATEGORIES, check_categories(ctx, categories))
    with faults:
        some_portals = _few("portal", MAX_PORTALS, check_portals(ctx, portals))
    with faults:
        some_places = _each("place", MAX_PLACES, places, partial(parse_place, ctx.gazetteer))
    with faults:
        some_keywords = _each("keyword", MAX_KEYWORDS, keywords, parse_keyword)
    with faults:
        some_urgencies = check_known("urgency", urgencies, set(Urgency))
    with faults:
        some_kinds = check_known("kind", kinds, KIND_NAMES.keys())
    faults.require_none()
    return Filters(
        categories=some_categories,
        portals=some_portals,
        places=some_places,
        keywords=some_keywords,
        urgencies=some_urgencies,
        kinds=some_kinds,
    )


def replace_named(before: Filters, named: Filters) -> Filters:
    """Each filter that is named in the place of the one before; the others stay."""
    given = {field: values for field in FILTER_FIELDS if (values := getattr(named, field))}
    return replace(before, **given)


def check_categories(ctx: Context, values: Iterable[str]) -> tuple[str, ...]:
    """Categories that are configured. Raises InvalidInput."""
    return check_known("category", values, {category.id for category in ctx.rules.categories})


def check_portals(ctx: Context, values: Iterable[str]) -> tuple[str, ...]:
    """Portals that are configured. Raises InvalidInput."""
    return check_known("portal", values, {portal.id for portal in ctx.settings.portals})


_NAMED = frozenset({"category", "portal"})
"""What fields name, where a sentence says so; another names a value."""


def check_known(field: str, values: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """Each one of `known`, in order, each once. Raises InvalidInput with what would be known, for
    each that is not."""
    values, faults = tuple(dict.fromkeys(values)), InputFaults()
    for value in [value for value in values if value not in known][:MOST_TOLD]:
        close = difflib.get_close_matches(value[:100], known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        faults.add(
            InvalidInput(
                field,
                coded(f"bad.{field}" if field in _NAMED else "bad.value", text=value[:100]),
                coded("allowed.among", names=", ".join(sorted(known)) + hint),
            )
        )
    faults.require_none()
    return values


def parse_place(gazetteer: Gazetteer, asked: str, field: str = "place") -> str:
    """The id of a place, by its id or its name; an old name is what all its people are in now.

    Raises InvalidInput for one that is not known, with those that may be meant, for a name of
    several, and for the name of one whose people were divided.
    """
    if gazetteer.get(asked) is not None:
        return asked
    asked = asked[:100]
    found = search_places(gazetteer, asked)
    standing = [unit for unit in found if unit.ends_on is None]
    if not standing:
        standing = list(
            dict.fromkeys(heir for unit in found for heir in gazetteer.present(unit.place.id))
        )
    if len(standing) == 1:
        return standing[0].place.id
    if standing:
        is_divided = len(found) == 1
        raise InvalidInput(
            field,
            coded("bad.place_divided" if is_divided else "bad.place_several", text=asked),
            coded("allowed.place_of", names=", ".join(map(_say_choice, standing[:_FEW_PLACES]))),
        )
    slug = fold_plain(asked).replace(" ", "-")
    close = [place for place in gazetteer.places if place.id.startswith(slug)][:_FEW_PLACES]
    hint = f"; perhaps {', '.join(f'{place.id} ({place.name})' for place in close)}"
    raise InvalidInput(
        field,
        coded("bad.place", text=asked),
        coded("allowed.place", hint=hint if close and slug else ""),
    )


def _say_choice(unit: GazetteerUnit) -> str:
    return f"{unit.place.id} ({describe_place(unit)})"


def parse_keyword(text: str) -> str:
    """Words of a title or text, as they are compared: without commas. Raises InvalidInput for what
    has no word."""
    keyword = parse_line(text.replace(",", " "), "keyword", limit=MAX_KEYWORD_CHARS)
    if not any(map(str.isalnum, keyword)):
        raise InvalidInput("keyword", "bad.empty", "allowed.keyword")
    return keyword


def _each(
    field: str, limit: int, values: Iterable[str], parse: Callable[[str], str]
) -> tuple[str, ...]:
    """Those values as `parse` returns them. Raises InvalidInput with the first that cannot be."""
    read: list[str] = []
    faults = InputFaults()
    for value in values:
        with faults:
            read.append(parse(value))
        if faults.count == MOST_TOLD:
            break
    faults.require_none()
    return _few(field, limit, read)


def _few(field: str, limit: int, values: Iterable[str]) -> tuple[str, ...]:
    given = tuple(dict.fromkeys(values))
    if len(given) > limit:
        raise InvalidInput(
            field, coded("bad.times", n=len(given)), coded("allowed.at_most", limit=limit)
        )
    return given
