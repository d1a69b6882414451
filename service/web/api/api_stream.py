"""Asking for what is owed: `/api/v1/stream`, `ack` and `statement`, for an office without a public
address.

Who asks is a pull subscription's own token, or a unit's for all of its own. Where nothing is owed
and the server can wait without a thread, the answer is given to `waiting`, which sends it later.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

import orjson
from flask import Blueprint, Response, current_app, g, request
from pydantic import Field

from service.delivery.prepare import SignedMessage
from service.delivery.pull_source import PullRequest
from service.errors import Conflict, InvalidInput
from service.services.stream_acts import acknowledge
from service.storage.pull_streams import PullStream
from service.text import LOCAL
from service.values import plain
from service.web.api.answer import answer, write
from service.web.api.delivery_shapes import (
    StatementShape,
    StreamAckShape,
    StreamShape,
    show_handed,
)
from service.web.api.request_body import Id, Line, StrictBody, read_api_query, read_json_body
from service.web.server.exchange import HOLD
from service.web.server.waiting import EXTENSION, MAX_WAIT_S, LongPolls, WaitingRequest

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from service.bootstrap import Loa

MAX_MESSAGES = 100
MAX_IDS = 1000
FIRST_YEAR = 2000
"""Before it nothing was owed to anybody."""


class StreamQuery(StrictBody):
    """`wait_s`: how long to wait where nothing is owed. `id`: once more these, whatever became of
    them; nothing else is handed out then, and nothing waits."""

    wait_s: float = Field(30, ge=0, le=MAX_WAIT_S)
    limit: int = Field(MAX_MESSAGES, ge=1, le=MAX_MESSAGES)
    id: tuple[Id, ...] = Field((), max_length=MAX_MESSAGES)


class AckBody(StrictBody):
    ids: tuple[Id, ...] = Field(max_length=MAX_IDS)


class StatementQuery(StrictBody):
    day: Line = Field(
        max_length=10, json_schema_extra={"format": "date"}, description="as 2026-11-29, in Vietnam"
    )


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/v1/stream")
    def ask_stream() -> Response:
        asked, streams = read_api_query(StreamQuery), own_streams()
        if request.method == "HEAD":  # nothing is handed to who takes no body
            return _messages([])
        _note(loa, streams)
        if asked.id:
            return _messages(loa.handing.fetch(streams, asked.id))
        ask = PullRequest(tuple(one.key for one in streams), asked.limit)
        (found,) = loa.handing.hand_out([ask])
        waits: LongPolls | None = current_app.extensions.get(EXTENSION)
        if not found and asked.wait_s and waits is not None:
            wait = WaitingRequest(g.caller.token_id, ask, asked.wait_s)
            waits.require_room(wait)
            request.environ[HOLD] = partial(waits.hold, wait)
        return _messages(found)

    @blueprint.post("/v1/stream/ack")
    def acknowledge_stream() -> Response:
        body, streams = read_json_body(AckBody), own_streams()

        def work(conn: Connection) -> tuple[object, int]:
            done = acknowledge(conn, loa, streams, body.ids)
            return StreamAckShape(acknowledged=tuple(done.ended), unknown=tuple(done.unknown)), 200

        return write(work)

    @blueprint.get("/v1/statement")
    def show_statement() -> Response:
        day, streams = _day(read_api_query(StatementQuery).day), own_streams()
        ids = _owed_on(loa, streams, day)
        shape = StatementShape(day=day, ids=tuple(ids), digest=digest_of(ids))
        body = orjson.dumps(plain(shape))
        signed = loa.handing.sign(streams, f"statement-{day.isoformat()}", body)
        response = answer(shape)
        response.headers.update(signed_headers(signed))
        return response


def _owed_on(loa: Loa, streams: list[PullStream], day: date) -> list[str]:
    if not FIRST_YEAR <= day.year < date.max.year:  # the ends of the calendar are no instants
        return []
    start = datetime(day.year, day.month, day.day, tzinfo=LOCAL)
    return loa.handing.owed_on(streams, start)


def digest_of(ids: list[str]) -> str:
    """Of a day's ids, sorted, each on a line: what an office can say it has in one line."""
    return "sha256:" + sha256("".join(f"{id_}\n" for id_ in sorted(ids)).encode()).hexdigest()


def signed_headers(signed: SignedMessage) -> dict[str, str]:
    return {
        "webhook-id": signed.message_id,
        "webhook-timestamp": str(signed.timestamp),
        "webhook-signature": signed.signature,
    }


def shown_message(signed: SignedMessage) -> dict[str, str]:
    """A message as it is handed out."""
    handed: dict[str, str] = plain(show_handed(signed))
    return handed


def _messages(found: list[SignedMessage]) -> Response:
    return answer(StreamShape(messages=tuple(map(show_handed, found))))


def own_streams() -> list[PullStream]:
    """What the caller may ask for. Raises Conflict for a unit without a pull subscription."""
    streams: list[PullStream] = g.streams
    if not streams:
        raise Conflict("conflict.no_stream")
    return streams


def _note(loa: Loa, streams: list[PullStream]) -> None:
    loa.handing.note(streams)
    if EXTENSION not in current_app.extensions:
        loa.handing.write_notes()


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput("day", "bad.day") from error
    if day.isoformat() != text:  # 20261129 and 2026-W48-7 are days too, and not what is signed
        raise InvalidInput("day", "bad.day")
    return day
