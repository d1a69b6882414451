"""Acknowledging a post: by a unit's own token, or by the link that was sent to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from service.alerts.links import Purpose
from service.errors import Conflict, NotFound
from service.services.audit_acts import audited
from service.services.context import Actor, Context
from service.services.optin import read_link
from service.storage import receipts
from service.storage.posts import get_post
from service.storage.unit_merging import successor_of
from service.values import parse_line, parse_text
from service.words import coded

MAX_NOTE = 1000


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """`at`: when the unit first acknowledged this revision; `is_new`: just now."""

    post_id: str
    revision: int
    unit_id: str
    at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class LinkSubject:
    """What a receipt link is about."""

    post_id: str
    revision: int
    unit_id: str


@audited("act.receipt", "post")
def acknowledge(
    conn: Connection, ctx: Context, post_id: str, note: str, by: Actor, name: str
) -> Acknowledgement:
    """The unit of a token acknowledges the newest revision of a post. `name`: whose token it is.

    Raises NotFound, InvalidInput, and Conflict for a post of which nothing is owed to the unit.
    """
    if by.unit_id is None:
        raise Conflict(coded("conflict.acknowledge_who", name=post_id))
    post = get_post(conn, post_id)
    if not receipts.is_owed(conn, post.id, by.unit_id):
        raise Conflict(coded("conflict.acknowledge_owed", name=post.id))
    return _write(conn, ctx, LinkSubject(post.id, post.revision, by.unit_id), name, note, "api")


@audited("act.receipt", "post")
def acknowledge_by_link(
    conn: Connection, ctx: Context, token: str, name: str, note: str
) -> Acknowledgement:
    """Whoever has the link acknowledges the revision that it was sent for. `name`: who that says to
    be; may be empty.

    Raises NotFound, InvalidInput.
    """
    return _write(conn, ctx, find_receipt_subject(conn, ctx, token), name, note, "link")


@audited("act.receipt", "post")
def acknowledge_on_page(
    conn: Connection, ctx: Context, about: LinkSubject, name: str, note: str
) -> Acknowledgement:
    """Whoever has the unit's own page acknowledges the revision that the page showed.

    Raises NotFound, InvalidInput, and Conflict for a post of which nothing is owed to the unit.
    """
    if not receipts.is_owed(conn, about.post_id, about.unit_id):
        raise Conflict(coded("conflict.acknowledge_owed", name=about.post_id))
    return _write(conn, ctx, about, name, note, "page")


def find_receipt_subject(conn: Connection, ctx: Context, token: str) -> LinkSubject:
    """What a receipt link is about by now: a unit's that was merged is its successor's. Raises
    NotFound."""
    about = read_receipt_link(ctx, token)
    return replace(about, unit_id=successor_of(conn, about.unit_id))


def read_receipt_link(ctx: Context, token: str) -> LinkSubject:
    """As it was made. Raises NotFound for anything that was not made here for this."""
    try:
        post_id, revision, unit_id = read_link(ctx, Purpose.RECEIPT, token)
        return LinkSubject(post_id, int(revision), unit_id)
    except ValueError as error:
        raise NotFound("link", "(token)") from error


def _write(
    conn: Connection, ctx: Context, about: LinkSubject, by: str, note: str, via: str
) -> Acknowledgement:
    by, note = parse_line(by, "by"), parse_text(note, "note", limit=MAX_NOTE)
    now = ctx.clock()
    is_new = receipts.write_acknowledgement(
        conn,
        post_id=about.post_id,
        revision=about.revision,
        unit_id=about.unit_id,
        at=now,
        by=by,
        note=note,
        via=via,
    )
    first = receipts.acknowledged_at(conn, about.post_id, about.revision, about.unit_id)
    return Acknowledgement(about.post_id, about.revision, about.unit_id, first or now, is_new)
