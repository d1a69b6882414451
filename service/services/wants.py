"""What a set of filters asks for, said to people: names of categories, portals and places instead
of ids."""

from __future__ import annotations

from collections.abc import Mapping

from service.alerts.match import Namer
from service.alerts.wanted_words import say_kind, say_urgency
from service.feeds.catalogue import labels
from service.posts.kinds import KIND_NAMES
from service.services.context import Context
from service.types import Filters, Urgency
from service.words.sentences_match import CATEGORY, KIND, PLACE, PORTAL, URGENCY


def say_filters(ctx: Context, filters: Filters, language: str) -> str:
    """`chỉ đạo điều hành; xã Quảng Ninh`: alternatives by commas, what must all hold by
    semicolons."""
    categories = labels(ctx.rules.categories, language)
    portals = {one.id: one.name for one in ctx.settings.portals}
    places = [place.name if (place := ctx.gazetteer.get(one)) else one for one in filters.places]
    parts = (
        ", ".join(categories.get(one, one) for one in filters.categories),
        ", ".join(portals.get(one, one) for one in filters.portals),
        ", ".join(places),
        ", ".join(f"“{word}”" for word in filters.keywords),
        ", ".join(say_urgency(one, language) for one in filters.urgencies),
        ", ".join(say_kind(one, language) for one in filters.kinds),
    )
    return "; ".join(part for part in parts if part) or (
        "all posts" if language == "en" else "mọi tin"
    )


def namer_of(ctx: Context, language: str) -> Namer:
    """What categories, portals and places are called; anything else, and what is not known, as it
    is."""
    names: dict[str, Mapping[str, str]] = {
        CATEGORY: labels(ctx.rules.categories, language),
        PORTAL: {p.id: p.name for p in ctx.settings.portals},
        URGENCY: {one: say_urgency(one, language) for one in Urgency},
        KIND: {one: say_kind(one, language) for one in KIND_NAMES},
    }

    def name(field: str, value: str) -> str:
        if field == PLACE:
            place = ctx.gazetteer.get(value)
            return value if place is None else place.name
        return names.get(field, {}).get(value, value)

    return name
