"""Which feeds there are, and what each is called.

Owns names and titles. A feed's name is its path below /feeds/ without the format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.feeds.model import FeedSpec
from service.posts.rules import Category
from service.types import Place, PortalName

RESERVED = frozenset({"all", "places", "deadlines"})
PLACES = "places/"
"""How the names of places' feeds begin."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that feeds are made for; ids of categories and portals share one namespace."""

    site_title: str
    categories: tuple[Category, ...] = ()
    portals: tuple[PortalName, ...] = ()
    places: tuple[Place, ...] = ()

    def specs(self) -> Iterator[FeedSpec]:
        """Every feed, in the order in which people are shown them."""
        yield self._all()
        yield self._deadlines()
        yield from (self._category(category) for category in self.categories)
        for portal in self.portals:
            yield self._portal(portal)
            yield from (self._portal_category(portal, category) for category in self.categories)
        yield from map(place_spec, self.places)

    def _all(self) -> FeedSpec:
        return FeedSpec(
            "all",
            "Tất cả tin",
            "All posts",
            f"Mọi tin mới của các cổng thông tin, do {self.site_title} theo dõi.",
        )

    def _deadlines(self) -> FeedSpec:
        return FeedSpec(
            "deadlines",
            "Thời hạn",
            "Deadlines",
            "Những tin có việc phải làm trước một ngày, giờ nhất định, của mọi cổng thông tin.",
            has_calendar=True,
            has_deadlines=True,
            is_owed=True,
        )

    def _category(self, category: Category) -> FeedSpec:
        vi, en = category_label(category, "vi"), category_label(category, "en")
        about = f"Tin thuộc mục “{vi}” của mọi cổng thông tin được theo dõi."
        return FeedSpec(
            category.id, vi, en, about, category=category.id, has_calendar=category.has_calendar
        )

    def _portal(self, portal: PortalName) -> FeedSpec:
        return FeedSpec(
            portal.id, portal.name, portal.name, f"Mọi tin của {portal.name}.", portal=portal.id
        )

    def _portal_category(self, portal: PortalName, category: Category) -> FeedSpec:
        vi, en = category_label(category, "vi"), category_label(category, "en")
        return FeedSpec(
            f"{portal.id}/{category.id}",
            f"{portal.name} – {vi}",
            f"{portal.name} – {en}",
            f"Tin thuộc mục “{vi}” của {portal.name}.",
            category=category.id,
            portal=portal.id,
            has_calendar=category.has_calendar,
        )


def place_spec(place: Place) -> FeedSpec:
    """A place's feed. A unit of before July 2025 says so: its name is often that of the one that
    took it in."""
    is_former = place.id.endswith("-cu")
    vi, en = (
        (f"{place.name} (cũ)", f"{place.name} (former)") if is_former else (place.name, place.name)
    )
    return FeedSpec(
        f"places/{place.id}",
        vi,
        en,
        f"Tin liên quan đến {vi}.",
        place=place.id,
        has_calendar=True,
        has_deadlines=True,
    )


def category_label(category: Category, language: str) -> str:
    return category.names.get(language) or category.names.get("vi") or category.id


def labels(categories: Iterable[Category], language: str) -> dict[str, str]:
    return {category.id: category_label(category, language) for category in categories}
