"""What the filters of subscriptions name, and portals that were read and are not configured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, bindparam, text

from service.channels import shown_as
from service.storage.schema import from_micros, to_micros

NAMING = ("categories", "portals", "places")
"""Fields whose values name what is configured."""


@dataclass(frozen=True, slots=True)
class AskingSubscription:
    """A subscription that was not removed. `target`: as people are told it; `unit`: its unit's
    name, None: nobody's."""

    id: str
    filter_id: str
    target: str
    unit_id: str | None
    unit: str | None


def named_in_filters(conn: Connection) -> dict[str, Mapping[str, list[str]]]:
    """By the id of a set of filters that some subscription has: what it names, by field. Only those
    that name anything."""
    query = text(
        "SELECT f.id, f.definition FROM filter f WHERE EXISTS (SELECT 1 FROM subscription s"
        " WHERE s.filter_id = f.id AND s.status <> 'removed')"
    )
    found: dict[str, Mapping[str, list[str]]] = {}
    for row in conn.execute(query):
        definition = orjson.loads(row.definition)
        named = {field: values for field in NAMING if (values := definition.get(field))}
        if named:
            found[row.id] = named
    return found


def subscriptions_asking(conn: Connection, filter_ids: list[str]) -> list[AskingSubscription]:
    """Those with one of these sets of filters, by id."""
    query = text(
        "SELECT s.id, s.filter_id, s.channel, s.target, s.name, s.unit_id, u.name AS unit"
        " FROM subscription s"
        " LEFT JOIN unit u ON u.id = s.unit_id"
        " WHERE s.filter_id IN :filters AND s.status <> 'removed' ORDER BY s.id"
    ).bindparams(bindparam("filters", expanding=True))
    rows = conn.execute(query, {"filters": filter_ids})
    return [
        AskingSubscription(
            row.id,
            row.filter_id,
            shown_as(row.channel, row.target, row.name),
            row.unit_id,
            row.unit,
        )
        for row in rows
    ]


def read_since(conn: Connection, since: datetime) -> dict[str, datetime]:
    """The portals that were polled since then, and when last."""
    query = text(
        "SELECT portal_id, max(last_polled_at) AS at FROM listing WHERE last_polled_at > :since"
        " GROUP BY portal_id ORDER BY portal_id"
    )
    rows = conn.execute(query, {"since": to_micros(since)})
    return {row.portal_id: from_micros(row.at) for row in rows}


def removed_at_door(conn: Connection, portal_ids: list[str]) -> set[str]:
    """Those of these portals that somebody removed at the desk or by the API, and did not bring
    back."""
    query = text(
        "SELECT subject_id, act FROM audit WHERE kind = 'portal' AND subject_id IN :ids"
        " AND act IN ('act.portal_add', 'act.portal_remove', 'act.portal_restore') ORDER BY at, id"
    ).bindparams(bindparam("ids", expanding=True))
    last = {row.subject_id: row.act for row in conn.execute(query, {"ids": portal_ids})}
    return {portal_id for portal_id, act in last.items() if act == "act.portal_remove"}
