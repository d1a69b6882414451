"""Who wants which changes, over which channel. Each distinct set of filters is kept once.

Refuses targets that may not be sent to. A subscription that is removed keeps its row, and the
reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, func, insert, select, text, update

from service.alerts.own_headers import SealedValue
from service.channels import CHANNELS, Consent, kind_of, sealed_address
from service.errors import Conflict, InvalidInput, NotFound
from service.storage import schema
from service.storage.engine import uuid7
from service.storage.queue import (
    abandon,
    add_endpoint,
    drop_questions,
    park,
    redirect,
    release_parked,
    reopen,
    retry_failed,
)
from service.storage.queue import space_endpoint as limit_endpoint
from service.storage.schema import to_micros
from service.types import Channel, Filters, Frequency, Subscription, SubscriptionStatus
from service.values import address_keys
from service.words import coded

MAX_INTERVAL_S = 3600
CONFIRMED = "by.confirmed"
"""Why one is active: whoever is behind its target has said yes."""
MAX_OF_A_UNIT = 20
"""Subscriptions that a unit's own token may make: each sends to an address that a stranger to Loa
has named."""


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """What is asked for. `secret` is sealed by SecretBox, `headers` by `seal_headers`; a webhook
    needs a secret."""

    channel: Channel
    target: str
    created_at: datetime
    filters: Filters = field(default_factory=Filters)
    frequency: Frequency = Frequency.IMMEDIATE
    unit_id: str | None = None
    name: str = ""
    language: str = field(kw_only=True)
    """In which the person is written to."""
    is_confirmed: bool = False
    secret: bytes | None = None
    headers: Mapping[str, SealedValue] = field(default_factory=dict)
    allow_private_networks: bool = False
    token_hash: str | None = None
    """Of the token by which it is asked for (`asking.token_hash`); None: its channel is not."""
    is_cloudevents: bool = False
    mark: str = ""
    """Of a target that holds secrets (`SecretBox.mark`); `secret` is then the whole, sealed."""


def add_subscription(conn: Connection, new: NewSubscription) -> Subscription:
    """Adds it, pending unless confirmed. Raises InvalidInput for a target that cannot be used."""
    kind = kind_of(new.channel)
    subscription_id = uuid7()
    target = subscription_id if kind.is_asked else new.target
    address = kind.parse(target, new.allow_private_networks)
    if kind.is_sealed:
        address = sealed_address(address, new.mark)
    if (kind.is_signed or kind.is_sealed) and new.secret is None:
        raise InvalidInput(
            "secret", "is missing", f"a sealed secret, for a {kind.name} always has one"
        )
    add_endpoint(conn, new.channel, address.endpoint, address.host)
    status = SubscriptionStatus.ACTIVE if new.is_confirmed else SubscriptionStatus.PENDING
    frequency = new.frequency if kind.digest_endpoint else Frequency.IMMEDIATE
    conn.execute(
        insert(schema.subscription).values(
            id=subscription_id,
            channel=new.channel,
            target=address.target,
            target_key=address.key,
            endpoint_key=address.endpoint,
            filter_id=_keep_filters(conn, new.filters, new.created_at),
            frequency=frequency.value,
            unit_id=new.unit_id,
            name=new.name,
            language=new.language,
            status=status.value,
            status_at=new.created_at,
            secret=new.secret,
            headers=dict(new.headers),
            token_hash=new.token_hash,
            is_cloudevents=int(new.is_cloudevents),
            created_at=new.created_at,
            confirmed_at=new.created_at if new.is_confirmed else None,
        )
    )
    return get_subscription(conn, subscription_id)


def get_subscription(conn: Connection, subscription_id: str) -> Subscription:
    """Raises NotFound."""
    row = conn.execute(_query().where(schema.subscription.c.id == subscription_id)).first()
    if row is None:
        raise NotFound("subscription", subscription_id)
    return _subscription(row._mapping)


def list_subscriptions(
    conn: Connection,
    *,
    unit_id: str | None = None,
    channel: Channel | None = None,
    target: str | None = None,
    marks: Collection[str] = (),
    status: SubscriptionStatus | None = None,
    after: str | None = None,
    limit: int | None = None,
    has_removed: bool = False,
) -> list[Subscription]:
    """By age; `after` is the id of the last one of the page before."""
    table = schema.subscription.c
    query = _query().order_by(table.id).limit(limit)
    if unit_id is not None:
        query = query.where(table.unit_id == unit_id)
    if channel is not None:
        query = query.where(table.channel == channel)
    if target is not None:
        query = query.where(table.target_key.in_({target, *address_keys(target)}))
    if marks:
        query = query.where(table.target_key.in_(marks))
    if status is not None:
        query = query.where(table.status == status.value)
    elif not has_removed:
        query = query.where(table.status != SubscriptionStatus.REMOVED.value)
    if after is not None:
        query = query.where(table.id > after)
    return [_subscription(row._mapping) for row in conn.execute(query)]


def require_room(conn: Connection, unit_id: str) -> None:
    """Raises Conflict where a unit has as many subscriptions as one may have by its own hand."""
    table, unit = schema.subscription.c, schema.unit.c
    conn.execute(
        select(unit.id).where(unit.id == unit_id).with_for_update()
    )  # two at once are counted one by one
    live = (table.unit_id == unit_id, table.status != SubscriptionStatus.REMOVED.value)
    if (
        conn.execute(
            select(func.count()).select_from(schema.subscription).where(*live)
        ).scalar_one()
        >= MAX_OF_A_UNIT
    ):
        raise Conflict(coded("conflict.many_of_unit", n=MAX_OF_A_UNIT))


def set_status(
    conn: Connection,
    subscription_id: str,
    status: SubscriptionStatus,
    *,
    at: datetime,
    reason: str | None = None,
) -> Subscription:
    """Moves it, and what is owed to it: paused waits, active is sent again, removed gets nothing
    more.

    Raises NotFound, and Conflict for one that was removed: that is for ever.
    """
    before = get_subscription(conn, subscription_id)
    if before.status is status:
        return before
    if before.status is SubscriptionStatus.REMOVED:
        raise Conflict(coded("conflict.change_removed", name=subscription_id))
    values: dict[str, Any] = {"status": status.value, "status_at": at, "status_reason": reason}
    if status is SubscriptionStatus.ACTIVE and before.status is SubscriptionStatus.PENDING:
        values["confirmed_at"] = at
    if status is SubscriptionStatus.REMOVED:
        values["removed_from"] = before.status.value
    conn.execute(
        update(schema.subscription)
        .where(schema.subscription.c.id == subscription_id)
        .values(**values)
    )
    if status is SubscriptionStatus.ACTIVE:
        reopen(conn, subscription_id)
        if before.status is SubscriptionStatus.DISABLED:
            retry_failed(conn, subscription_id, at)
        release_parked(conn, subscription_id, at)
    else:
        park(conn, subscription_id, status, at, reason)
    if status is SubscriptionStatus.REMOVED:
        abandon(conn, _endpoint_key(conn, subscription_id))
    return get_subscription(conn, subscription_id)


def status_reason(conn: Connection, subscription_id: str) -> str | None:
    """Why a subscription has the status it has; None where there is nothing to say."""
    return conn.execute(
        select(schema.subscription.c.status_reason).where(
            schema.subscription.c.id == subscription_id
        )
    ).scalar_one_or_none()


def set_filters(
    conn: Connection, subscription_id: str, filters: Filters, at: datetime | None = None
) -> Subscription:
    """What it asks for from now on; what it is owed already stays owed."""
    get_subscription(conn, subscription_id)
    conn.execute(
        update(schema.subscription)
        .where(schema.subscription.c.id == subscription_id)
        .values(filter_id=_keep_filters(conn, filters, at))
    )
    return get_subscription(conn, subscription_id)


def set_target(
    conn: Connection,
    subscription_id: str,
    url: str,
    *,
    at: datetime,
    allow_private_networks: bool = False,
) -> Subscription:
    """Another address of a webhook, pending until it is confirmed; what waits goes there too.

    Raises NotFound, Conflict for mail or one that was removed, InvalidInput for what may not be
    sent to.
    """
    subscription = get_subscription(conn, subscription_id)
    kind = kind_of(subscription.channel)
    if kind.consent is not Consent.ENDPOINT or subscription.status is SubscriptionStatus.REMOVED:
        raise Conflict(coded("conflict.move", name=subscription_id))
    address = kind.parse(url, allow_private_networks)
    if address.target == subscription.target:
        return subscription
    add_endpoint(conn, kind.name, address.endpoint, address.host)
    set_status(
        conn, subscription_id, SubscriptionStatus.PENDING, at=at, reason="subscription.moved"
    )
    drop_questions(conn, subscription_id, at)
    before = _endpoint_key(conn, subscription_id)
    table = schema.subscription
    values = {"target": address.target, "target_key": address.key, "endpoint_key": address.endpoint}
    conn.execute(update(table).where(table.c.id == subscription_id).values(**values))
    redirect(conn, subscription_id, before, address.endpoint)
    abandon(conn, before)
    return get_subscription(conn, subscription_id)


def rename_subscription(conn: Connection, subscription_id: str, name: str) -> None:
    """What it is called; says nothing of where it goes."""
    table = schema.subscription
    conn.execute(update(table).where(table.c.id == subscription_id).values(name=name))


def set_frequency(conn: Connection, subscription_id: str, frequency: Frequency) -> None:
    """Nothing where the channel sends all at once."""
    digesting = [kind.name for kind in CHANNELS.values() if kind.digest_endpoint]
    conn.execute(
        update(schema.subscription)
        .where(
            schema.subscription.c.id == subscription_id,
            schema.subscription.c.channel.in_(digesting),
        )
        .values(frequency=frequency.value)
    )


def set_headers(conn: Connection, subscription_id: str, headers: Mapping[str, SealedValue]) -> None:
    """The request headers of a webhook's own, as `seal_headers` made them."""
    table = schema.subscription
    conn.execute(update(table).where(table.c.id == subscription_id).values(headers=dict(headers)))


def set_cloudevents(conn: Connection, subscription_id: str, *, is_wanted: bool) -> None:
    """Whether its requests have the headers of CloudEvents' binary mode."""
    table = schema.subscription
    values = {"is_cloudevents": int(is_wanted)}
    conn.execute(update(table).where(table.c.id == subscription_id).values(**values))


def set_min_interval(conn: Connection, subscription_id: str, interval_s: int | None) -> None:
    """At least so many seconds between two messages to its endpoint, whoever else is behind it;
    None: none."""
    subscription = get_subscription(conn, subscription_id)
    kind = kind_of(subscription.channel)
    if kind.places.shared or kind.is_asked:
        code = "conflict.limit_asked" if kind.is_asked else "conflict.limit_mail"
        raise Conflict(coded(code, name=subscription_id))
    if subscription.status in (SubscriptionStatus.PENDING, SubscriptionStatus.REMOVED):
        raise Conflict(
            coded("conflict.limit", name=subscription_id, status=subscription.status.value)
        )
    if interval_s is not None and not 0 < interval_s <= MAX_INTERVAL_S:
        raise InvalidInput(
            "min_interval_s",
            coded("bad.number", n=interval_s),
            coded("allowed.seconds", limit=MAX_INTERVAL_S),
        )
    limit_endpoint(conn, _endpoint_key(conn, subscription_id), interval_s)


def _endpoint_key(conn: Connection, subscription_id: str) -> str:
    table = schema.subscription.c
    return str(
        conn.execute(select(table.endpoint_key).where(table.id == subscription_id)).scalar_one()
    )


def min_interval(conn: Connection, subscription_id: str) -> int | None:
    """Seconds that its endpoint wants between two messages; None: as fast as it answers."""
    joined = schema.subscription.join(
        schema.endpoint, schema.endpoint.c.key == schema.subscription.c.endpoint_key
    )
    query = select(schema.endpoint.c.min_interval_s).select_from(joined)
    return conn.execute(
        query.where(schema.subscription.c.id == subscription_id)
    ).scalar_one_or_none()


def _keep_filters(conn: Connection, filters: Filters, at: datetime | None) -> str:
    definition = {
        name: sorted(set(values))
        for name, values in asdict(filters).items()
        if values or name in _ALWAYS_SAID
    }
    filter_id = sha256(orjson.dumps(definition, option=orjson.OPT_SORT_KEYS)).hexdigest()
    created_at = (
        to_micros(at)
        if at
        else conn.execute(text("SELECT COALESCE(max(at), 0) + 1 FROM change")).scalar_one()
    )
    conn.execute(
        text(
            "INSERT INTO filter(id, definition, created_at) VALUES (:id, :d, :at) ON CONFLICT "
            "(id) DO NOTHING"
        ),
        {
            "id": filter_id,
            "d": orjson.dumps(definition, option=orjson.OPT_SORT_KEYS).decode(),
            "at": created_at,
        },
    )
    return filter_id


_ALWAYS_SAID = ("categories", "portals", "places", "keywords")
"""A set of filters keeps its id where it says nothing by a field that came later."""


def filters_of(definition: Mapping[str, list[str]]) -> Filters:
    """Filters as they are kept in `filter.definition`."""
    return Filters(**{name: tuple(values) for name, values in definition.items()})


def _query() -> Any:
    joined = schema.subscription.join(
        schema.filter_, schema.filter_.c.id == schema.subscription.c.filter_id
    )
    return select(schema.subscription, schema.filter_.c.definition).select_from(joined)


def _subscription(row: RowMapping) -> Subscription:
    return Subscription(
        id=row["id"],
        channel=Channel(row["channel"]),
        target=row["target"],
        status=SubscriptionStatus(row["status"]),
        filters=filters_of(row["definition"]),
        frequency=Frequency(row["frequency"]),
        unit_id=row["unit_id"],
        name=row["name"],
        created_at=row["created_at"],
        headers=tuple(row["headers"]),
        is_cloudevents=bool(row["is_cloudevents"]),
        language=row["language"],
    )
