"""Tells the operator, and everybody who relies on it, of a portal that could not be read for
`coverage.tell_after_h`; once, and once again when it was read back (promise 6 of the design).

Found by looking: what begins is seen in the listings, what ended was marked by the poll that read
it. The keys of the letters make each once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from service.services.context import Context
from service.services.operator import tell_operator
from service.settings import PortalConfig, Settings
from service.storage.coverage import load_gaps
from service.storage.engine import Database
from service.storage.listings import ListingState, load_listings
from service.storage.mails import MAIL_ENDPOINTS, queue_letter
from service.storage.outages import (
    Outage,
    Reliance,
    begin_outage,
    late_titles,
    mark_outage,
    open_outages,
    relying,
)
from service.storage.schema import to_micros
from service.values import address_key
from service.words import coded

_SHOWN = 10  # titles in a letter; the feeds have them all
_AT_ONCE = 50  # letters in one transaction: some 10 ms on SQLite


@dataclass(frozen=True, slots=True)
class _OutageNotice:
    """What is told of one outage. `todo`: what the operator is told beside."""

    key: str
    subject: str
    said: tuple[str, ...]
    todo: tuple[str, ...] = ()


def patience(settings: Settings) -> timedelta:
    """How long a listing may go unread; where polls are rarer than that, until the second is
    missed."""
    polls_s = 2 * settings.polling.interval_s * (1 + settings.polling.jitter)
    return max(timedelta(hours=settings.coverage.tell_after_h), timedelta(seconds=polls_s))


def tell_outages(database: Database, ctx: Context) -> int:
    """Queues the letters of what began or ended since the last look; returns of how many outages
    that was."""
    now, settings = ctx.clock(), ctx.settings
    portals = {portal.id: portal for portal in settings.portals}
    with database.reading() as conn:
        states, known = load_listings(conn), open_outages(conn)
    found = {one.id: _unread(one, states, now, settings) for one in portals.values()}
    unread = {portal_id: listings for portal_id, listings in found.items() if listings}
    begun = unread.keys() - {one.portal_id for one in known}
    if begun:
        with database.writing() as conn:
            for portal_id in sorted(begun):
                since_at = min(one.last_ok_at for one in unread[portal_id] if one.last_ok_at)
                begin_outage(conn, portal_id, since_at)
            known = open_outages(conn)
    told = 0
    for one in known:
        portal = portals.get(one.portal_id)
        if portal is None:
            with database.writing() as conn:
                mark_outage(conn, one, back_at=one.back_at or now, back_told_at=now)
        elif one.portal_id not in unread:
            told += _tell_back(database, ctx, portal, one, now)
        elif one.told_at is None:
            told += _tell_unread(database, ctx, portal, one, unread[one.portal_id], now)
    return told


def _unread(
    portal: PortalConfig,
    states: Mapping[tuple[str, str], ListingState],
    now: datetime,
    settings: Settings,
) -> list[ListingState]:
    """The listings of a portal that were read once, are tried, and could not be read for long."""
    found = [states.get((portal.id, listing.url)) for listing in portal.listings]
    old = now - patience(settings)
    return [
        one
        for one in found
        if one and one.failing_since and one.last_ok_at and one.last_ok_at <= old
    ]


def _tell_unread(
    database: Database,
    ctx: Context,
    portal: PortalConfig,
    one: Outage,
    unread: Sequence[ListingState],
    now: datetime,
) -> bool:
    facts = {"portal": portal.name, "since_at": one.since_at.isoformat()}
    reasons = [
        said
        for state in unread
        for said in (
            coded("coverage.unread_listing", url=state.url),
            coded("coverage.unread_reason", reason=state.last_error or ""),
        )
    ]
    said = (
        coded("coverage.unread", **facts),
        coded("coverage.unread_do", base_url=portal.base_url),
    )
    key = f"outage:{one.portal_id}:{to_micros(one.since_at)}"
    news = _OutageNotice(key, coded("coverage.unread_subject", **facts), said, tuple(reasons))
    _tell_all(database, ctx, portal.id, news, now)
    with database.writing() as conn:
        mark_outage(conn, one, told_at=now)
    return True


def _tell_back(
    database: Database, ctx: Context, portal: PortalConfig, one: Outage, now: datetime
) -> bool:
    back_at = one.back_at or now
    with database.reading() as conn:
        count, titles = late_titles(conn, portal.id, back_at, _SHOWN)
        gap = _gap_within(conn, portal, one.since_at, back_at)
    facts = {"portal": portal.name, "since_at": one.since_at.isoformat()}
    said = [coded("coverage.back", **facts, back_at=back_at.isoformat(), n=count)]
    said += [coded("coverage.late_post", title=title) for title in titles]
    if count > len(titles):
        said.append(coded("coverage.late_more", n=count - len(titles)))
    todo: tuple[str, ...] = ()
    if gap is None:
        said.append("coverage.back_whole")
    else:
        from_at, to_at = (at.isoformat() for at in gap)
        url = portal.base_url
        said.append(coded("coverage.back_gap", from_at=from_at, to_at=to_at, base_url=url))
        day = ctx.settings.service.locale.day(gap[0]).isoformat()
        todo = (coded("coverage.back_gap_do", id=portal.id, day=day),)
    key = f"outage:{one.portal_id}:{to_micros(one.since_at)}:back"
    news = _OutageNotice(key, coded("coverage.back_subject", **facts), tuple(said), todo)
    _tell_all(database, ctx, portal.id, news, now)
    with database.writing() as conn:
        mark_outage(conn, one, back_at=back_at, back_told_at=now, late=count)
    return True


def _gap_within(
    conn: Connection, portal: PortalConfig, since_at: datetime, back_at: datetime
) -> tuple[datetime, datetime] | None:
    """What of an outage no page shows any more, over all listings of the portal."""
    gaps = load_gaps(conn)
    found = [
        gap
        for listing in portal.listings
        for gap in gaps.get((portal.id, listing.url), ())
        if gap.from_at <= back_at and gap.to_at >= since_at
    ]
    if not found:
        return None
    return min(gap.from_at for gap in found), max(gap.to_at for gap in found)


def _tell_all(
    database: Database, ctx: Context, portal_id: str, news: _OutageNotice, now: datetime
) -> None:
    """The operator and whoever relies on the portal, units first, each address once."""
    settings = ctx.settings
    if not settings.email.smtp_url:
        return
    with database.writing() as conn:
        to_operator = (*news.said, *news.todo)
        tell_operator(conn, settings, news.key, news.subject, to_operator, now)
    with database.reading() as conn:
        everybody = _relying(conn, portal_id)
    for start in range(0, len(everybody), _AT_ONCE):
        with database.writing() as conn:
            for name, one in everybody[start : start + _AT_ONCE]:
                queue_letter(
                    conn,
                    key=f"{news.key}:{name}",
                    address=one.address,
                    subject=news.subject,
                    paragraphs=news.said,
                    now=now,
                    language=one.language or settings.service.language,
                    subscription_id=one.subscription_id,
                    endpoint_key=_OF_PERSONS if one.subscription_id else _OF_UNITS,
                )


_OF_UNITS, _OF_PERSONS = MAIL_ENDPOINTS[:2]
"""A hundred thousand readers are no reason for an alert to wait."""


def _relying(conn: Connection, portal_id: str) -> list[tuple[str, Reliance]]:
    """(what makes it one address, who has it)"""
    found: dict[str, Reliance] = {}
    for one in relying(conn):
        if not one.portals or portal_id in one.portals:
            found.setdefault(address_key(one.address), one)
    return list(found.items())
