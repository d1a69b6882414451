"""The form of a subscription: what it shows filled in, and what it asks for.

A fault never empties it: what was typed comes back, marked where it cannot be (U6).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.datastructures import MultiDict

from service.errors import InputFaults, InvalidInput
from service.services.filters import parse_filters
from service.types import Filters, Frequency
from service.words import coded

if TYPE_CHECKING:
    from service.services.context import Context

MAX_SHOWN = 200
"""Values of one field that a form shows again."""

_WITH_ID = re.compile(r"\(([a-z0-9-]{1,100})\)\s*$")
"""How a form names a place that it knows: `Quảng Ninh (quang-ninh-16540)`."""


@dataclass(frozen=True, slots=True)
class FormValues:
    """What stands in the fields. `places` are names or ids, one a line; `keywords` by commas."""

    address: str = ""
    categories: tuple[str, ...] = ()
    portals: tuple[str, ...] = ()
    places: str = ""
    urgencies: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    keywords: str = ""
    frequency: str = Frequency.IMMEDIATE.value


def typed_values(typed: MultiDict[str, str]) -> FormValues:
    """What an address or a form brought, not yet judged."""

    def some(name: str) -> tuple[str, ...]:
        return tuple(one for one in typed.getlist(name)[:MAX_SHOWN] if one.strip())

    return FormValues(
        address=typed.get("address", "")[:300],
        categories=some("category"),
        portals=some("portal"),
        places="\n".join(some("place")),
        urgencies=some("urgency"),
        kinds=some("kind"),
        keywords=", ".join(some("keyword")),
        frequency=typed.get("frequency", Frequency.IMMEDIATE.value),
    )


def stored_values(ctx: Context, filters: Filters, frequency: str) -> FormValues:
    """What a subscription asks for, as its form shows it."""
    return FormValues(
        categories=filters.categories,
        portals=filters.portals,
        places="\n".join(say_place(ctx, one) for one in filters.places),
        urgencies=tuple(filters.urgencies),
        kinds=filters.kinds,
        keywords=", ".join(filters.keywords),
        frequency=frequency,
    )


def say_place(ctx: Context, place_id: str) -> str:
    place = ctx.gazetteer.get(place_id)
    return place_id if place is None else f"{place.name} ({place_id})"


def place_asked(text: str) -> str:
    """The id in what `say_place` said; any other text as it is."""
    named = _WITH_ID.search(text)
    return named[1] if named else text.strip()


def read_values(ctx: Context, values: FormValues) -> tuple[Filters, Frequency]:
    """Raises InvalidInput naming each field that cannot be."""
    faults = InputFaults()
    with faults:
        filters = parse_filters(
            ctx,
            categories=values.categories,
            portals=values.portals,
            places=map(place_asked, _filled(values.places.splitlines())),
            urgencies=values.urgencies,
            kinds=values.kinds,
            keywords=_filled(values.keywords.split(",")),
        )
    if values.frequency not in set(Frequency):
        among = coded("allowed.among", names=", ".join(Frequency))
        faults.add(InvalidInput("frequency", "bad.not_known", among))
    faults.require_none()
    return filters, Frequency(values.frequency)


def _filled(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if text.strip()]
