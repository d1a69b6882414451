"""Subscriptions over the API: list, add, edit, pause, resume, remove, rotate, test.

A unit's token manages the unit's own. Unless an operator vouches for it, a webhook is asked by a handshake
and an address by a mail, before anything else is sent there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

from flask import Blueprint, Response
from pydantic import Field
from sqlalchemy import Connection
from werkzeug.exceptions import TooManyRequests

from service.alerts.own_headers import seal_headers
from service.alerts.signing import new_secret
from service.errors import Conflict, InvalidInput
from service.storage import subscriptions
from service.storage.handshakes import ask_confirmation, send_test
from service.storage.optin import ask_owner
from service.storage.subscriptions import ROTATION_OVERLAP, NewSubscription, get_subscription, set_status
from service.storage.units import get_unit
from service.types import Channel, Filters, Frequency, Subscription, SubscriptionStatus
from service.web import shapes
from service.web.answer import answer, page, write
from service.web.auth import caller, owned
from service.web.body import Id, Line, Nothing, PageQuery, ShortLine, Strict, read_body, read_query
from service.web.limits import Limit
from service.web.wants import say_filters

if TYPE_CHECKING:
    from service.bootstrap import Loa


MAILS_PER_HOUR = 60
"""Unconfirmed addresses that one token may add: each costs a stranger a mail."""


class SubscriptionsQuery(PageQuery):
    unit: Id | None = None
    channel: Channel | None = None
    status: SubscriptionStatus | None = None


class FiltersBody(Strict):
    categories: Annotated[tuple[Id, ...], Field(max_length=50)] = ()
    portals: Annotated[tuple[Id, ...], Field(max_length=50)] = ()
    places: Annotated[tuple[Id, ...], Field(max_length=200)] = ()
    keywords: Annotated[tuple[ShortLine, ...], Field(max_length=50)] = ()


class SubscriptionBody(Strict):
    channel: Channel
    target: Line = Field(max_length=2000)
    filters: FiltersBody = FiltersBody()
    frequency: Frequency = Frequency.IMMEDIATE
    unit: Id | None = None
    name: ShortLine = ""
    confirmed: bool = False
    headers: dict[str, str] = Field(default_factory=dict, max_length=10)


class SubscriptionPatch(Strict):
    """`target`: another address of a webhook, which is asked first unless an operator vouches: `confirmed`."""

    target: Line | None = Field(None, max_length=2000)
    confirmed: bool = False
    name: ShortLine | None = None
    filters: FiltersBody | None = None
    frequency: Frequency | None = None
    headers: dict[str, str] | None = Field(None, max_length=10)
    min_interval_s: int | None = Field(None, ge=0, le=subscriptions.MAX_INTERVAL_S)


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    _add_reads(blueprint, loa)
    _add_writes(blueprint, loa)
    _add_moves(blueprint, loa)


def own_subscription(conn: Connection, key: str) -> Subscription:
    """The subscription, where the caller may see it. Raises NotFound."""
    found = get_subscription(conn, key)
    owned(found.unit_id, "subscription", key)
    return found


def _add_reads(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/v1/subscriptions")
    def list_subscriptions() -> Response:
        asked = read_query(SubscriptionsQuery)
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
        return page(found, asked.limit, lambda one: one.id, shapes.subscription)

    @blueprint.get("/v1/subscriptions/<key>")
    def show_subscription(key: str) -> Response:
        with loa.database.reading() as conn:
            return answer(shapes.subscription(own_subscription(conn, key)))


def _add_writes(blueprint: Blueprint, loa: Loa) -> None:
    mails = Limit(MAILS_PER_HOUR, 3600, time.monotonic)

    @blueprint.post("/v1/subscriptions")
    def add_subscription() -> Response:
        body = read_body(SubscriptionBody)
        is_asked = body.channel is Channel.EMAIL and not body.confirmed
        if is_asked and not mails.has_room(caller().token_id):
            raise TooManyRequests(f"more than {MAILS_PER_HOUR} unconfirmed addresses in an hour", retry_after=3600)
        return write(lambda conn: _add(conn, loa, body))

    @blueprint.patch("/v1/subscriptions/<key>")
    def edit_subscription(key: str) -> Response:
        body = read_body(SubscriptionPatch)
        with loa.database.writing() as conn:
            found = own_subscription(conn, key)
            if found.status is SubscriptionStatus.REMOVED:
                raise Conflict(f"cannot edit the subscription {key!r}: it was removed; add a new one")
            _check_channel(found.channel, body.frequency, body.headers)
            _check_vouching(body.confirmed)
            if body.target is not None:
                _move_target(conn, loa, key, body.target, is_confirmed=body.confirmed)
            if body.name is not None:
                subscriptions.set_name(conn, key, body.name)
            if body.filters is not None:
                subscriptions.set_filters(conn, key, _filters(loa, body.filters), loa.clock())
            if body.frequency is not None:
                subscriptions.set_frequency(conn, key, body.frequency)
            if body.headers is not None:
                subscriptions.set_headers(conn, key, seal_headers(body.headers, loa.secret_box))
            if body.min_interval_s is not None:
                subscriptions.set_min_interval(conn, key, body.min_interval_s or None)
            return answer(shapes.subscription(get_subscription(conn, key)))

    @blueprint.delete("/v1/subscriptions/<key>")
    def remove_subscription(key: str) -> Response:
        with loa.database.writing() as conn:
            own_subscription(conn, key)
            set_status(conn, key, SubscriptionStatus.REMOVED, at=loa.clock(), reason=f"API: {caller().name}")
        return answer(None, 204)


def _add_moves(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.post("/v1/subscriptions/<key>/pause")
    def pause_subscription(key: str) -> Response:
        read_body(Nothing)
        return write(lambda conn: _move(conn, loa, key, SubscriptionStatus.PAUSED))

    @blueprint.post("/v1/subscriptions/<key>/resume")
    def resume_subscription(key: str) -> Response:
        read_body(Nothing)
        return write(lambda conn: _move(conn, loa, key, SubscriptionStatus.ACTIVE))

    @blueprint.post("/v1/subscriptions/<key>/rotate")
    def rotate_subscription(key: str) -> Response:
        read_body(Nothing)

        def work(conn: Connection) -> tuple[object, int]:
            own_subscription(conn, key)
            secret, now = new_secret(), loa.clock()
            subscriptions.rotate_secret(conn, key, secret, loa.secret_box, now)
            return {"id": key, "secret": secret, "old_secret_until": shapes.instant(now + ROTATION_OVERLAP)}, 200

        return write(work)

    @blueprint.post("/v1/subscriptions/<key>/test")
    def check_subscription(key: str) -> Response:
        read_body(Nothing)

        def work(conn: Connection) -> tuple[object, int]:
            own_subscription(conn, key)
            return {"id": key, "message": send_test(conn, key, loa.clock())}, 202

        return write(work)


def _add(conn: Connection, loa: Loa, body: SubscriptionBody) -> tuple[dict[str, Any], int]:
    _check_vouching(body.confirmed)
    if body.channel is Channel.EMAIL and not loa.settings.email.smtp_url:
        raise InvalidInput("channel", "email is not set up here: email.smtp_url is empty", "webhook")
    _check_channel(body.channel, body.frequency, body.headers)
    secret = new_secret() if body.channel is Channel.WEBHOOK else None
    new = NewSubscription(
        body.channel,
        body.target,
        loa.clock(),
        _filters(loa, body.filters),
        body.frequency,
        _unit_of(conn, body.unit),
        body.name,
        is_confirmed=body.confirmed,
        secret=None if secret is None else loa.secret_box.encrypt(secret),
        headers=seal_headers(body.headers, loa.secret_box),
        allow_private_networks=loa.settings.webhooks.allow_private_networks,
        language=loa.settings.service.language,
    )
    with _named_target():
        added = subscriptions.add_subscription(conn, new)
    ask_consent(conn, loa, added)
    return {**shapes.subscription(added), "secret": secret}, 201


def _check_vouching(is_confirmed: bool) -> None:
    if is_confirmed and not caller().is_operator:
        raise InvalidInput("confirmed", "only an operator may vouch for a target", "false")


@contextmanager
def _named_target() -> Iterator[None]:
    """What cannot be sent to is called `target` by who calls the API."""
    try:
        yield
    except InvalidInput as error:
        field = "target" if error.field in ("url", "address") else error.field
        raise InvalidInput(field, error.problem, error.allowed) from error


def _move_target(conn: Connection, loa: Loa, key: str, target: str, *, is_confirmed: bool) -> None:
    now, private = loa.clock(), loa.settings.webhooks.allow_private_networks
    with _named_target():
        moved = subscriptions.set_target(conn, key, target, at=now, allow_private_networks=private)
    if moved.status is SubscriptionStatus.PENDING and is_confirmed:
        set_status(conn, key, SubscriptionStatus.ACTIVE, at=now)
    else:
        ask_consent(conn, loa, moved)


def _check_channel(channel: Channel, frequency: Frequency | None, headers: Mapping[str, str] | None) -> None:
    """Raises InvalidInput for what the channel has no use for: it would be taken, and do nothing."""
    if channel is Channel.WEBHOOK and frequency not in (None, Frequency.IMMEDIATE):
        raise InvalidInput("frequency", "a webhook is always immediate", "immediate, or none given")
    if channel is Channel.EMAIL and headers:
        raise InvalidInput("headers", "go with a webhook only", "none")


def ask_consent(conn: Connection, loa: Loa, added: Subscription) -> None:
    """Asks whoever is behind the target of a pending subscription: the endpoint itself, or a mailbox's owner."""
    if added.status is not SubscriptionStatus.PENDING:
        return
    if added.channel is Channel.WEBHOOK:
        ask_confirmation(conn, added.id, loa.links, loa.clock())
        return
    service = loa.settings.service
    what = say_filters(loa, added.filters, service.language)
    ask_owner(conn, added, language=service.language, what=what, title=service.title, now=loa.clock())


def _unit_of(conn: Connection, asked: str | None) -> str | None:
    own = caller().unit_id
    if own is not None:
        if asked not in (None, own):
            raise InvalidInput("unit", "is not the unit of this token", "the token's own unit, or none given")
        return own
    return None if asked is None else get_unit(conn, asked).id


def _filters(loa: Loa, body: FiltersBody) -> Filters:
    known: dict[str, set[str]] = {
        "categories": {category.id for category in loa.rules.categories},
        "portals": {portal.id for portal in loa.settings.portals},
    }
    for field, names in known.items():
        for value in getattr(body, field):
            if value not in names:
                raise InvalidInput(f"filters.{field}", f"there is no {value!r}", ", ".join(sorted(names)))
    for place in body.places:
        if loa.gazetteer.get(place) is None:
            raise InvalidInput("filters.places", f"there is no {place!r}", "an id of config/places.toml")
    return Filters(body.categories, body.portals, body.places, body.keywords)


def _move(conn: Connection, loa: Loa, key: str, status: SubscriptionStatus) -> tuple[dict[str, Any], int]:
    found = own_subscription(conn, key)
    if found.status is SubscriptionStatus.PENDING:
        raise Conflict(f"cannot change the subscription {key!r}: its owner has not confirmed it yet")
    if found.status is SubscriptionStatus.SUSPENDED and not caller().is_operator:
        raise Conflict(f"cannot resume the subscription {key!r}: its mail bounces; ask the operator")
    moved = set_status(conn, key, status, at=loa.clock(), reason=f"API: {caller().name}")
    return shapes.subscription(moved), 200
