"""What people type, checked: places, categories, portals, addresses, instants. Refuses with what is allowed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from service.errors import InvalidInput

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.posts.places import Gazetteer
    from service.types import Filters

_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,190}")
_AGO = re.compile(r"(\d{1,5})\s*(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def check_address(address: str, field: str = "address") -> str:
    """A mail address, trimmed."""
    trimmed = address.strip()
    if not _ADDRESS.fullmatch(trimmed) or not trimmed.isprintable():
        raise InvalidInput(field, f"{address!r} is no mail address", "one address as vanthu@example.vn")
    return trimmed


def check_contacts(addresses: Iterable[str]) -> tuple[str, ...]:
    """In the order given, each once."""
    return tuple(dict.fromkeys(check_address(address, "contact") for address in addresses))


def check_place(gazetteer: Gazetteer, place_id: str | None, field: str = "place") -> str | None:
    """A place id that exists; None stays None."""
    from service.text import fold_plain

    if place_id is None or gazetteer.get(place_id) is not None:
        return place_id
    slug = fold_plain(place_id).replace(" ", "-")
    close = [place for place in gazetteer.places if place.id.startswith(slug) or place in gazetteer.find(place_id)]
    hint = f"; perhaps {', '.join(f'{place.id} ({place.name})' for place in close[:5])}" if close else ""
    raise InvalidInput(field, f"there is no place {place_id!r}", f"an id of places.toml, as quang-ninh-16540{hint}")


def check_known(field: str, values: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Each one of `known`, in order, each once."""
    allowed = sorted(known)
    for value in values:
        if value not in allowed:
            close = difflib.get_close_matches(value, allowed, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise InvalidInput(field, f"there is no {field} {value!r}", ", ".join(allowed) + hint)
    return tuple(dict.fromkeys(values))


def category_ids(loa: Loa) -> list[str]:
    return [category.id for category in loa.rules.categories]


def portal_ids(loa: Loa) -> list[str]:
    return [portal.id for portal in loa.settings.portals]


def check_portals(loa: Loa, values: Iterable[str]) -> tuple[str, ...]:
    return check_known("portal", values, portal_ids(loa))


def check_filters(
    loa: Loa, categories: Iterable[str], portals: Iterable[str], places: Iterable[str], keywords: Iterable[str]
) -> Filters:
    """What a subscription asks for, every value known."""
    from service.types import Filters

    words = tuple(dict.fromkeys(keyword.strip() for keyword in keywords))
    if not all(words):
        raise InvalidInput("keyword", "is empty", "a word or words of a title or text")
    return Filters(
        categories=check_known("category", categories, category_ids(loa)),
        portals=check_portals(loa, portals),
        places=tuple(dict.fromkeys(filter(None, (check_place(loa.gazetteer, place) for place in places)))),
        keywords=words,
    )


def parse_since(value: str, now: datetime, field: str = "since") -> datetime:
    """`2h`, `30m`, `7d` ago, or an ISO 8601 instant; without an offset, local time."""
    from service.text import LOCAL

    if ago := _AGO.fullmatch(value.strip()):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        instant = datetime.fromisoformat(value.strip())
    except ValueError as error:
        raise InvalidInput(field, f"{value!r} is no instant", "30m, 2h, 7d, or as 2026-11-23T08:00") from error
    return (instant if instant.tzinfo else instant.replace(tzinfo=LOCAL)).astimezone(UTC)
