"""What a person says of a post, read from a form, a body or a command: a task, a relation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import Connection

from service.errors import Conflict, InvalidInput
from service.posts.doers import ANYONE, COMMUNES, OTHER
from service.posts.overruled import Item, key_of
from service.services.context import Context
from service.services.filters import parse_place
from service.services.naming import find_post_of_document
from service.storage.posts import get_post
from service.types import OVERRULED, Deadline, DocumentLink, Link, Mention, Post
from service.values import parse_day, parse_line
from service.words import coded

OWNERS = (COMMUNES, ANYONE, OTHER)
MAX_TASK = 500
_YEARS = range(1900, 2200)
_HOUR = re.compile(r"(?P<hour>\d{1,2})(?:[:hg](?P<minute>\d{2})?)?")


@dataclass(frozen=True, slots=True)
class TypedTask:
    """`day` as 2026-12-05; empty: as it was read, of what comes again and again. `hour` as 17:00;
    empty: the day's end. `owner`: one of OWNERS, or a place by id or name; empty: nobody is named.
    `who`: the words for it."""

    task: str
    day: str = ""
    hour: str = ""
    owner: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class TypedRelation:
    """`other`: the other post, by the number of its document, its address, its id, its title."""

    relation: str
    other: str


def parse_task(ctx: Context, typed: TypedTask, wrong: Deadline | None) -> Deadline:
    """The task that a person says. It quotes nothing: the words of what it replaces say otherwise.

    Raises InvalidInput: field `task`, `day`, `hour`, `owner` or `who`.
    """
    task = parse_line(typed.task, "task", limit=MAX_TASK, is_required=True)
    hour = _parse_hour(typed.hour)
    owner, name = _parse_owner(ctx, typed.owner)
    recurs = wrong.recurs if wrong is not None and not typed.day.strip() else None
    day = None if recurs is not None else _parse_day(typed.day)
    at = None
    if day is not None and hour is not None:
        at = datetime.combine(day, hour, tzinfo=ctx.settings.service.locale.zone)
    return Deadline(
        day,
        "",
        at=at,
        owner=owner,
        owner_words=parse_line(typed.who, "who") or name,
        task=task,
        recurs=recurs,
        source=OVERRULED,
    )


def _parse_day(text: str) -> date:
    day = parse_day(text, "day", "allowed.day")
    if day.year not in _YEARS:
        raise InvalidInput("day", "bad.no_day", "allowed.day")
    return day


def _parse_hour(text: str) -> time | None:
    said = text.strip().lower()
    if not said:
        return None
    form = _HOUR.fullmatch(said)
    try:
        if form is not None:
            return time(int(form["hour"]), int(form["minute"] or 0))
    except ValueError:
        form = None
    raise InvalidInput("hour", coded("bad.no_hour", text=said[:40]), "allowed.hour")


def _parse_owner(ctx: Context, text: str) -> tuple[str | None, str]:
    """Who, and what a place is called."""
    said = text.strip()
    if not said or said in OWNERS:
        return said or None, ""
    place_id = parse_place(ctx.gazetteer, said, "owner")
    place = ctx.gazetteer.get(place_id)
    return place_id, place.name if place is not None else ""


def parse_relation(conn: Connection, post: Post, typed: TypedRelation) -> DocumentLink:
    """Raises InvalidInput: field `relation` or `other`; NotFound, and Conflict for the post
    itself."""
    if typed.relation not in set(Link):
        among = coded("allowed.among", names=", ".join(Link))
        raise InvalidInput("relation", coded("bad.value", text=typed.relation[:100]), among)
    other = find_other(conn, post, typed.other)
    document = other.understanding.document
    mention = (
        Mention(None, None)
        if document is None
        else Mention(document.kind, document.number, document.issued_on, document.issuer)
    )
    return DocumentLink(Link(typed.relation), mention, "", other.id, OVERRULED)


def find_other(conn: Connection, post: Post, said: str) -> Post:
    """Raises InvalidInput: field `other`; NotFound, and Conflict for the post itself."""
    if not said.strip():
        raise InvalidInput("other", "bad.empty", "allowed.other_post")
    other = get_post(conn, find_post_of_document(conn, said.strip()))
    if other.id == post.id:
        raise Conflict(coded("conflict.itself", name=post.title))
    return other


def find_reading(believed: Iterable[Item], key: str | None) -> Item | None:
    """What is believed of the post under this key; None for none. Raises InvalidInput (field
    `wrong`) where nothing is any more."""
    if not key:
        return None
    for one in believed:
        if key_of(one) == key:
            return one
    raise InvalidInput("wrong", coded("bad.no_reading", text=key[:40]), "allowed.reading")
