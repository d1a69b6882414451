"""All feeds as people look for them: general ones, those of portals, and those of places by their
provinces; and those that somebody's words find."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.feeds.catalogue import place_spec
from service.feeds.model import FeedSpec
from service.feeds.opml import group_of
from service.posts.place_search import search_places
from service.services.context import Context
from service.text import fold, fold_plain
from service.words.collation import name_key

MOST_FOUND = 100
MOST_WHOLE = 20
"""Portals of which every feed is listed; 200 with all of theirs made a page of half a megabyte."""


@dataclass(frozen=True, slots=True)
class FeedGroup:
    """`kind`: all, portal or place. `name`: the province's; empty for what lies in none, and for
    the other groups."""

    kind: str
    name: str
    specs: tuple[FeedSpec, ...]
    is_cut: bool = False
    """Each portal by its feed of everything alone: a search for its name finds those of its
    categories."""


def list_feeds(ctx: Context, specs: Iterable[FeedSpec], asked: str = "") -> list[FeedGroup]:
    """`asked`: how words of the title begin, accents optional; places of the whole country are
    found by their names of before too. Empty: all that are listed."""
    wanted = list(specs)
    if asked.strip():
        wanted = _find(ctx, wanted, asked)
    groups: dict[tuple[str, str], list[FeedSpec]] = {("all", ""): [], ("portal", ""): []}
    for spec in wanted:
        kind = group_of(spec)
        groups.setdefault((kind, _province(ctx, spec) if kind == "place" else ""), []).append(spec)
    places = sorted((key for key in groups if key[0] == "place"), key=lambda key: name_key(key[1]))
    ordered = [
        (key, sorted(groups[key], key=lambda spec: name_key(_bare(ctx, spec)))) for key in places
    ]
    first = [(key, groups[key]) for key in (("all", ""), ("portal", ""))]
    if not asked.strip():
        first[1] = first[1][0], _few_of_portals(first[1][1])
    return [
        FeedGroup(*key, tuple(found), is_cut=len(found) < len(groups[key]))
        for key, found in (*first, *ordered)
        if found
    ]


def _few_of_portals(specs: list[FeedSpec]) -> list[FeedSpec]:
    whole = [spec for spec in specs if spec.category is None]
    return whole if len(whole) > MOST_WHOLE else specs


def _find(ctx: Context, specs: list[FeedSpec], asked: str) -> list[FeedSpec]:
    has_accents = fold_plain(asked) != fold(asked)
    form = fold if has_accents else fold_plain
    phrase = f" {form(asked)}"  # from the beginning of a word on
    found = [
        spec
        for spec in specs
        if any(phrase in f" {form(said)}" for said in (spec.title, spec.title_en, spec.name))
    ]
    names = {spec.name for spec in found}
    for unit in search_places(ctx.gazetteer, asked):
        for place in [unit.place, *(heir.place for heir in ctx.gazetteer.present(unit.place.id))]:
            spec = place_spec(place)
            if spec.name not in names and not spec.name.endswith("-cu"):
                names.add(spec.name)
                found.append(spec)
    return found[:MOST_FOUND]


def _province(ctx: Context, spec: FeedSpec) -> str:
    unit = ctx.gazetteer.unit(spec.place or "")
    return unit.area.shown.rpartition(", ")[2] if unit else ""


def _bare(ctx: Context, spec: FeedSpec) -> str:
    """Without `xã` and `phường`, by which nobody looks."""
    unit = ctx.gazetteer.unit(spec.place or "")
    return unit.name if unit else spec.title
