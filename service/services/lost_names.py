"""Subscriptions that ask for what is not there any more: a portal whose file is gone, a category or
a place that no list has; and portals that were read and are not configured (promise 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from service.services.context import Context
from service.storage.asked_names import (
    AskingSubscription,
    named_in_filters,
    read_since,
    removed_at_door,
    subscriptions_asking,
)

MISSED_FOR = timedelta(days=7)
"""So long a portal that was read is missed when its file is gone."""


@dataclass(frozen=True, slots=True)
class LostName:
    """`field`: `categories`, `portals` or `places`. `deaf`: those of the subscriptions that ask by
    this field for nothing that is there, and so get nothing."""

    field: str
    value: str
    subscriptions: tuple[AskingSubscription, ...]
    deaf: tuple[AskingSubscription, ...]


def find_lost_names(conn: Connection, ctx: Context) -> list[LostName]:
    """By field and value."""
    lost: dict[tuple[str, str], set[str]] = {}
    deaf: set[tuple[str, str]] = set()
    for filter_id, named in named_in_filters(conn).items():
        for field, gone in _gone(ctx, named).items():
            for value in gone:
                lost.setdefault((field, value), set()).add(filter_id)
            if len(gone) == len(named[field]):
                deaf.add((field, filter_id))
    found = []
    for (field, value), filter_ids in sorted(lost.items()):
        asking = subscriptions_asking(conn, sorted(filter_ids))
        without = tuple(one for one in asking if (field, one.filter_id) in deaf)
        found.append(LostName(field, value, tuple(asking), without))
    return found


def _gone(ctx: Context, named: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """By field, the values that nothing has. A category that is called otherwise now is brought to
    its new name by a worker as it starts."""
    rules = ctx.rules
    known = {
        "categories": lambda value: (
            value in rules.renamed or any(value == one.id for one in rules.categories)
        ),
        "portals": lambda value: any(value == one.id for one in ctx.settings.portals),
        "places": lambda value: ctx.gazetteer.get(value) is not None,
    }
    gone = {
        field: [value for value in values if not known[field](value)]
        for field, values in named.items()
    }
    return {field: values for field, values in gone.items() if values}


def find_lost_portals(conn: Connection, ctx: Context) -> list[str]:
    """The ids of portals that were read lately, are not configured, and that nobody removed at a
    door: perhaps their file was lost."""
    configured = {portal.id for portal in ctx.settings.portals}
    read = read_since(conn, ctx.clock() - MISSED_FOR)
    missing = [portal_id for portal_id in read if portal_id not in configured]
    if not missing:
        return []
    removed = removed_at_door(conn, missing)
    return [portal_id for portal_id in missing if portal_id not in removed]
