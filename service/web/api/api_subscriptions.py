"""Subscriptions over the API: list, add, edit, pause, resume, remove, rotate, test.

A unit's token manages the unit's own. Unless an operator vouches for it, a webhook is asked by a
handshake and an address by a mail, before anything else is sent there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from flask import Blueprint, Response
from pydantic import Field
from sqlalchemy import Connection
from werkzeug.exceptions import TooManyRequests

from service.channels import Consent, kind_of
from service.errors import InputFaults, InvalidInput
from service.services import subscriber_shapes as shapes
from service.services import subscription_acts as acts
from service.services import undo_acts
from service.services.channel_name import ChannelName
from service.services.context import Actor
from service.services.filters import (
    MAX_CATEGORIES,
    MAX_KEYWORD_CHARS,
    MAX_KEYWORDS,
    MAX_KINDS,
    MAX_PLACES,
    MAX_PORTALS,
    MAX_URGENCIES,
    parse_filters,
)
from service.services.subscription_checks import SubscriptionChanges, SubscriptionRequest
from service.storage import subscriptions
from service.storage.subscriptions import get_subscription
from service.storage.units import get_unit
from service.types import Filters, Frequency, Subscription, SubscriptionStatus
from service.web.api.answer import answer, page, write
from service.web.api.request_body import (
    EmptyBody,
    Id,
    Line,
    PageQuery,
    ShortLine,
    StrictBody,
    read_api_query,
    read_json_body,
)
from service.web.auth import actor, caller, owned
from service.web.server.limits import Limit
from service.words import coded

if TYPE_CHECKING:
    from service.bootstrap import Loa


MAILS_PER_HOUR = 60
"""Unconfirmed addresses that one token may add: each costs a stranger a mail."""


QUESTIONS_OF_A_UNIT = 30
QUESTIONS_TO_A_HOST = 60
"""Of all units together: in an hour, as many as a province has offices behind one gateway on the
day it begins."""


class SubscriptionsQuery(PageQuery):
    unit: Id | None = None
    channel: ChannelName | None = None
    status: SubscriptionStatus | None = None


Keyword = Annotated[Line, Field(max_length=MAX_KEYWORD_CHARS)]


class FiltersBody(StrictBody):
    categories: Annotated[tuple[Id, ...], Field(max_length=MAX_CATEGORIES)] = ()
    portals: Annotated[tuple[Id, ...], Field(max_length=MAX_PORTALS)] = ()
    places: Annotated[tuple[Id, ...], Field(max_length=MAX_PLACES)] = ()
    keywords: Annotated[tuple[Keyword, ...], Field(max_length=MAX_KEYWORDS)] = ()
    urgencies: Annotated[tuple[Id, ...], Field(max_length=MAX_URGENCIES)] = ()
    kinds: Annotated[tuple[Id, ...], Field(max_length=MAX_KINDS)] = ()


class SubscriptionBody(StrictBody):
    """`target` goes with every channel but one that is asked."""

    channel: ChannelName
    target: Line = Field("", max_length=2000)
    filters: FiltersBody = FiltersBody()
    frequency: Frequency = Frequency.IMMEDIATE
    unit: Id | None = None
    name: ShortLine = ""
    confirmed: bool = False
    headers: dict[str, str] = Field(default_factory=dict, max_length=10)
    cloudevents: bool = False


class SubscriptionPatch(StrictBody):
    """`target`: another address of a webhook, which is asked first unless an operator vouches:
    `confirmed`."""

    target: Line | None = Field(None, max_length=2000)
    confirmed: bool = False
    name: ShortLine | None = None
    filters: FiltersBody | None = None
    frequency: Frequency | None = None
    headers: dict[str, str] | None = Field(None, max_length=10)
    min_interval_s: int | None = Field(None, ge=0, le=subscriptions.MAX_INTERVAL_S)
    cloudevents: bool | None = None


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    questions = _Questions()
    _add_reads(blueprint, loa)
    _add_writes(blueprint, loa, questions)
    _add_moves(blueprint, loa, questions)


def own_subscription(conn: Connection, key: str) -> Subscription:
    """The subscription, where the caller may see it. Raises NotFound."""
    found = get_subscription(conn, key)
    owned(found.unit_id, "subscription", key)
    return found


def by_api() -> Actor:
    """Whoever asks, as what is changed remembers it."""
    return actor(coded("by.api", name=caller().name))


def _add_reads(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/v1/subscriptions")
    def list_subscriptions() -> Response:
        asked = read_api_query(SubscriptionsQuery)
        unit_id = asked.unit if caller().is_operator else caller().unit_id
        with loa.database.reading() as conn:
            found = subscriptions.list_subscriptions(
                conn,
                unit_id=None if unit_id is None else get_unit(conn, unit_id).id,
                channel=asked.channel,
                status=asked.status,
                after=asked.cursor,
                limit=asked.limit + 1,
            )
        return page(found, asked.limit, lambda one: one.id, shapes.show_subscription)

    @blueprint.get("/v1/subscriptions/<key>")
    def show_subscription(key: str) -> Response:
        with loa.database.reading() as conn:
            return answer(shapes.show_subscription(own_subscription(conn, key)))


def _add_writes(blueprint: Blueprint, loa: Loa, questions: _Questions) -> None:
    mails = Limit(MAILS_PER_HOUR, 3600, time.monotonic)

    @blueprint.post("/v1/subscriptions")
    def add_subscription() -> Response:
        body = read_json_body(SubscriptionBody)
        is_asked = kind_of(body.channel).consent is Consent.MAILBOX and not body.confirmed
        if is_asked and not (state := mails.take(caller().token_id)).has_room:
            refused = coded("refused.many_mails", limit=MAILS_PER_HOUR)
            raise TooManyRequests(refused, retry_after=state.resets_s)
        if kind_of(body.channel).consent is Consent.ENDPOINT:
            questions.require_room(body.target)
        return write(lambda conn: _add(conn, loa, body))

    @blueprint.patch("/v1/subscriptions/<key>")
    def edit_subscription(key: str) -> Response:
        body = read_json_body(SubscriptionPatch)
        if body.target is not None:
            questions.require_room(body.target)
        faults, filters = InputFaults(), None
        with faults:
            filters = None if body.filters is None else _filters(loa, body.filters)
        with loa.database.writing() as conn, as_this_api_says():
            changes = SubscriptionChanges(
                filters=filters,
                frequency=body.frequency,
                headers=body.headers,
                name=body.name,
                target=body.target,
                is_confirmed=body.confirmed,
                min_interval_s=body.min_interval_s,
                is_cloudevents=body.cloudevents,
            )
            edited = acts.edit(conn, loa, key, changes, by_api(), faults)
        return answer(shapes.show_subscription(edited))

    @blueprint.delete("/v1/subscriptions/<key>")
    def remove_subscription(key: str) -> Response:
        with loa.database.writing() as conn:
            acts.remove(conn, loa, key, by_api())
        return answer(None, 204)


def _add_moves(blueprint: Blueprint, loa: Loa, questions: _Questions) -> None:
    @blueprint.post("/v1/subscriptions/<key>/pause")
    def pause_subscription(key: str) -> Response:
        read_json_body(EmptyBody)
        return write(
            lambda conn: (shapes.show_subscription(acts.pause(conn, loa, key, by_api())), 200)
        )

    @blueprint.post("/v1/subscriptions/<key>/resume")
    def resume_subscription(key: str) -> Response:
        read_json_body(EmptyBody)
        return write(
            lambda conn: (shapes.show_subscription(acts.resume(conn, loa, key, by_api())), 200)
        )

    @blueprint.post("/v1/subscriptions/<key>/restore")
    def restore_subscription(key: str) -> Response:
        read_json_body(EmptyBody)

        def work(conn: Connection) -> tuple[shapes.SubscriptionShape, int]:
            back = undo_acts.restore_subscription(conn, loa, key, by_api())
            return shapes.show_subscription(back), 200

        return write(work)

    @blueprint.post("/v1/subscriptions/<key>/rotate")
    def rotate_subscription(key: str) -> Response:
        read_json_body(EmptyBody)

        def work(conn: Connection) -> tuple[object, int]:
            made = acts.rotate(conn, loa, key, by_api())
            return shapes.show_rotated(made), 200

        return write(work)

    @blueprint.post("/v1/subscriptions/<key>/test")
    def check_subscription(key: str) -> Response:
        read_json_body(EmptyBody)
        with loa.database.reading() as conn:
            found = own_subscription(conn, key)
        if found.status is SubscriptionStatus.PENDING:
            questions.require_room(found.target)
        return write(
            lambda conn: (
                shapes.SentTestShape(id=key, message=acts.test(conn, loa, key, by_api())),
                202,
            )
        )


class _Questions:
    """How often units may have us ask addresses that they name: each question is a request to
    somebody's machine."""

    def __init__(self) -> None:
        self._of_unit = Limit(QUESTIONS_OF_A_UNIT, 3600, time.monotonic)
        self._to_host = Limit(QUESTIONS_TO_A_HOST, 3600, time.monotonic)

    def require_room(self, target: str) -> None:
        """Counts one more. Raises 429 where it is too many; operators ask as often as they like."""
        unit_id = caller().unit_id
        if unit_id is None:
            return
        try:
            host = urlsplit(target).hostname or ""
        except ValueError:
            return  # is refused as what it is
        of_unit, to_host = self._of_unit, self._to_host
        for limit, key in ((of_unit, unit_id), (to_host, host.rstrip(".").lower())):
            state = limit.take(key)
            if not state.has_room:
                raise TooManyRequests("refused.many_asked", retry_after=state.resets_s)


def _add(
    conn: Connection, loa: Loa, body: SubscriptionBody
) -> tuple[shapes.AddedSubscriptionShape, int]:
    faults, filters = InputFaults(), Filters()
    with faults:
        filters = _filters(loa, body.filters)
    with as_this_api_says():
        request = SubscriptionRequest(
            body.channel,
            body.target,
            filters=filters,
            frequency=body.frequency,
            unit=body.unit,
            name=body.name,
            headers=body.headers,
            is_confirmed=body.confirmed,
            is_cloudevents=body.cloudevents,
        )
        added = acts.add(conn, loa, request, by_api(), faults)
    return shapes.show_added(added), 201


def _filters(loa: Loa, body: FiltersBody) -> Filters:
    return parse_filters(
        loa,
        categories=body.categories,
        portals=body.portals,
        places=body.places,
        keywords=body.keywords,
        urgencies=body.urgencies,
        kinds=body.kinds,
    )


_FIELDS = {
    "url": "target",
    "address": "target",
    "category": "filters.categories",
    "portal": "filters.portals",
    "place": "filters.places",
    "keyword": "filters.keywords",
    "urgency": "filters.urgencies",
    "kind": "filters.kinds",
}


@contextmanager
def as_this_api_says() -> Iterator[None]:
    """What a body cannot hold is told by the name that it has in the body."""
    try:
        yield
    except InvalidInput as error:
        raise error.renamed(_FIELDS) from error
