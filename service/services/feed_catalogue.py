"""Which feeds this service has, and how it names itself in them: for whoever serves, exports or
sends them."""

from __future__ import annotations

from sqlalchemy import Connection

from service.alerts.wanted_words import say_urgency
from service.feeds.catalogue import PLACES, Catalogue, labels, place_spec
from service.feeds.markup import Site
from service.feeds.model import FeedSpec
from service.posts.kinds import KIND_NAMES
from service.services.context import Context
from service.storage.feeds import known_places, known_portals
from service.types import Place, PortalName, Urgency


def feed_site(ctx: Context, *, has_hub: bool) -> Site:
    """`has_hub`: whether its feeds name the WebSub hub, where there is one."""
    service = ctx.settings.service
    names = {place.id: place.name for place in ctx.gazetteer.places}
    names |= {portal.id: portal.name for portal in ctx.settings.portals}
    names |= KIND_NAMES
    names |= {one.value: say_urgency(one, service.language) for one in Urgency}
    names |= labels(ctx.rules.categories, service.language)
    ttl_min = max(1, ctx.settings.polling.interval_s // 60)
    hub = hub_address(ctx) if has_hub else ""
    return Site(service.public_url, service.title, service.language, names, ttl_min, hub)


def hub_address(ctx: Context) -> str:
    """Empty where the hub is switched off."""
    root = ctx.settings.service.public_url.rstrip("/")
    return f"{root}/hub" if ctx.settings.websub.enabled else ""


def load_specs(conn: Connection, ctx: Context) -> dict[str, FeedSpec]:
    """Every feed that is listed, by its name."""
    configured = [PortalName(portal.id, portal.name) for portal in ctx.settings.portals]
    known = {portal.id for portal in configured}
    portals = (*configured, *(one for one in known_portals(conn) if one.id not in known))
    gazetteer = ctx.gazetteer
    places = {place.id: place for place in gazetteer.listed}
    for place_id in known_places(conn):
        unit = gazetteer.unit(place_id)
        if unit is None:
            places[place_id] = Place(place_id, place_id)
        elif unit.ends_on is None:  # what it took in has its feed, and is in no list
            places.setdefault(place_id, unit.place)
    listed = Catalogue(
        ctx.settings.service.title, tuple(ctx.rules.categories), portals, tuple(places.values())
    )
    return {spec.name: spec for spec in listed.specs()}


def unlisted_spec(ctx: Context, name: str) -> FeedSpec | None:
    """The feed of a place that is known and in no list; None where there is none of that name."""
    place = ctx.gazetteer.get(name.removeprefix(PLACES)) if name.startswith(PLACES) else None
    return None if place is None else place_spec(place)
