"""The WebSub hub (https://www.w3.org/TR/websub/): what a stranger may ask for, what its callback is
asked before anything is done, and what ends.

The process that answers the stranger dials nobody: the question goes through the ledger, and
whoever sends it has the guard against private addresses.
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Connection

from service.channels import WEBSUB, Address, kind_of
from service.errors import Conflict, InputFaults, InvalidInput
from service.feeds.model import Feed, FeedSpec, Format
from service.services.context import Context
from service.services.feed_catalogue import load_specs, unlisted_spec
from service.services.hub_losses import tell_lease_ended, tell_leases_back
from service.storage import hub
from service.storage.engine import Database
from service.storage.subscriptions import NewSubscription, get_subscription, set_status
from service.types import Filters, SubscriptionStatus
from service.words import coded

SUBSCRIBE, UNSUBSCRIBE = "subscribe", "unsubscribe"
TOPIC_FORMATS = (Format.ATOM, Format.RSS, Format.JSON)
VERIFY = "hub.verify"
"""The type of the message that asks a callback."""
DENIED = "hub.denied"
"""The type of the message that tells a callback that it is sent no more, and why."""
LEASE_S = 10 * 86_400
"""Where a subscriber names none."""
MIN_LEASE_S = 300
MAX_SECRET_BYTES = 200
"""WebSub, section 5.1: less than 200 bytes."""


@dataclass(frozen=True, slots=True)
class HubRequest:
    """What a subscriber has sent. `lease_s`: as it was written; empty where it names none."""

    mode: str
    topic: str
    callback: str
    lease_s: str = ""
    secret: str = ""


def ask(conn: Connection, ctx: Context, request: HubRequest) -> bool:
    """Takes a request, and asks its callback whether it is meant; False where there is nothing to
    end. Nothing changes until the callback has confirmed it.

    Raises InvalidInput that names all that is wrong, Conflict where there is no room.
    """
    faults = InputFaults()
    lease_s = _read(ctx, request, faults)
    with faults:
        address = _callback(ctx, request.callback)
    with faults:
        spec, fmt = _topic(conn, ctx, request.topic)
    faults.require_none()
    topic = Feed(spec, ()).address("", fmt)
    found = hub.find_hub_subscription(conn, address.key, topic)
    if found is None:
        if request.mode == UNSUBSCRIBE:
            return False
        found = _add(conn, ctx, request.callback, address, spec, topic)
    secret = ctx.secret_box.encrypt(request.secret) if request.secret else b""
    body = {
        "type": VERIFY,
        "data": {
            "mode": request.mode,
            "topic": request.topic,
            "challenge": secrets.token_urlsafe(24),
            "lease_s": lease_s,
            "secret": b64encode(secret).decode(),
        },
    }
    if not hub.ask_callback(conn, found, orjson.dumps(body).decode(), ctx.clock()):
        raise Conflict("refused.hub_waiting")
    return True


def _callback(ctx: Context, url: str) -> Address:
    """Raises InvalidInput for what may not be sent to."""
    try:
        return kind_of(WEBSUB).parse(url, ctx.settings.webhooks.allow_private_networks)
    except InvalidInput as error:
        raise InvalidInput("hub.callback", error.problem, error.allowed) from error


def _read(ctx: Context, request: HubRequest, faults: InputFaults) -> int:
    """Seconds of the lease, within what is granted; what else cannot be goes to `faults`."""
    if request.mode not in (SUBSCRIBE, UNSUBSCRIBE):
        fault = coded("bad.hub_mode", text=request.mode[:40])
        among = coded("allowed.among", names=f"{SUBSCRIBE}, {UNSUBSCRIBE}")
        faults.add(InvalidInput("hub.mode", fault, among))
    if len(request.secret.encode()) >= MAX_SECRET_BYTES:
        fault = coded("bad.hub_secret", limit=MAX_SECRET_BYTES - 1)
        faults.add(InvalidInput("hub.secret", fault))
    written = request.lease_s.strip()
    if not written:
        return LEASE_S
    if not written.isascii() or not written.isdigit() or len(written) > 12:
        faults.add(InvalidInput("hub.lease_seconds", "bad.hub_lease"))
        return LEASE_S
    most = ctx.settings.websub.max_lease_days * 86_400
    return min(max(int(written), MIN_LEASE_S), most)


def _topic(conn: Connection, ctx: Context, url: str) -> tuple[FeedSpec, Format]:
    """The feed whose address it is. Raises InvalidInput where there is none."""
    root = ctx.settings.service.public_url.rstrip("/")
    found = parse_topic(conn, ctx, url.removeprefix(root)) if url.startswith(root) else None
    if found is None:
        example = f"{root}/feeds/all.atom"
        raise InvalidInput("hub.topic", "bad.hub_topic", coded("allowed.hub_topic", names=example))
    return found


def parse_topic(conn: Connection, ctx: Context, path: str) -> tuple[FeedSpec, Format] | None:
    """The feed of a path as `/feeds/all.atom`; None where there is none."""
    name, _, extension = path.removeprefix("/feeds/").rpartition(".")
    if not path.startswith("/feeds/") or extension not in TOPIC_FORMATS:
        return None
    spec = load_specs(conn, ctx).get(name) or unlisted_spec(ctx, name)
    return None if spec is None else (spec, Format(extension))


def _add(
    conn: Connection, ctx: Context, callback: str, address: Address, spec: FeedSpec, topic: str
) -> str:
    """Raises Conflict where there is no room for one more."""
    settings, service = ctx.settings.websub, ctx.settings.service
    every, of_host = hub.count_hub(conn, address.host)
    if every >= settings.max_subscriptions:
        raise Conflict("refused.hub_full")
    if of_host >= settings.per_host:
        host = address.host.rpartition("/")[2]
        raise Conflict(coded("refused.hub_host", host=host, limit=settings.per_host))
    new = NewSubscription(
        WEBSUB,
        callback,
        ctx.clock(),
        filters=filters_of_feed(spec),
        name=topic,
        language=service.language,
        allow_private_networks=ctx.settings.webhooks.allow_private_networks,
    )
    return hub.add_hub_subscription(conn, new, topic)


def filters_of_feed(spec: FeedSpec) -> Filters:
    """What a feed holds, as a subscription asks for it. Of `deadlines` all posts: whether one asks
    for something is seen when it is sent."""

    def one(value: str | None) -> tuple[str, ...]:
        return () if value is None else (value,)

    return Filters(one(spec.category), one(spec.portal), one(spec.place))


@dataclass(frozen=True, slots=True)
class Verification:
    """What a callback is asked. `secret`: sealed, None where there is none."""

    mode: str
    topic: str
    challenge: str
    lease_s: int
    secret: bytes | None


def read_verification(body: bytes) -> Verification:
    data = orjson.loads(body)["data"]
    secret = b64decode(data["secret"]) or None
    return Verification(data["mode"], data["topic"], data["challenge"], data["lease_s"], secret)


def confirm(conn: Connection, subscription_id: str, asked: Verification, now: datetime) -> None:
    """The callback says that it is meant."""
    if asked.mode == UNSUBSCRIBE:
        hub.end_lease(conn, subscription_id, now)
    else:
        until = now + timedelta(seconds=asked.lease_s)
        hub.grant_lease(conn, subscription_id, asked.secret, until, now)


def deny(conn: Connection, ctx: Context, subscription_id: str, reason: str) -> None:
    """Ends a lease against its subscriber's will, which is told why (WebSub, section 5.2); one that
    confirmed nothing is told nothing. `reason` is coded.

    Raises NotFound, Conflict for one that has ended.
    """
    found, now = get_subscription(conn, subscription_id), ctx.clock()
    set_status(conn, found.id, SubscriptionStatus.REMOVED, at=now, reason=reason)
    if found.status is SubscriptionStatus.ACTIVE:
        data = {"topic": found.name, "reason": reason}
        hub.tell_callback(
            conn, found.id, orjson.dumps({"type": DENIED, "data": data}).decode(), now
        )


def deny_gone(database: Database, ctx: Context) -> int:
    """Ends the leases of feeds that are no more, a portal's or a category's that was taken out of
    the configuration; how many."""
    with database.reading() as conn:
        gone = [
            key for key, topic in hub.active_topics(conn) if parse_topic(conn, ctx, topic) is None
        ]
    for key in gone:
        with database.writing() as conn:
            deny(conn, ctx, key, "websub.topic_gone")
    return len(gone)


def end_leases(database: Database, ctx: Context) -> int:
    """Forgets what ended; returns how many subscriptions. Units that may be behind one are told,
    and told when it is there again."""
    deny_gone(database, ctx)
    total, ended = 0, hub.ENDED_AT_ONCE
    while ended >= hub.ENDED_AT_ONCE:
        with database.writing() as conn:
            ended, leases = hub.forget_ended(conn, ctx.clock())
            for lease in leases:
                tell_lease_ended(conn, ctx, lease)
        total += ended
    tell_leases_back(database, ctx)
    return total
