"""WebSub: a feed with the post that is new in it, sent to whoever subscribed to the feed.

What is sent is the feed's document with that one entry, in the format of its topic (section 7: a
hub may send what is new). The same ledger, wire and guard as webhooks; a stranger's callback that
fails gets fewer attempts, and its subscription ends.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property, lru_cache, partial
from hashlib import sha256
from threading import Event
from typing import NamedTuple
from urllib.parse import urlencode

import orjson
from sqlalchemy import Connection

from service.alerts.target import Target, parse_target
from service.channels import WEBSUB
from service.delivery.channel import Work
from service.delivery.outcome import Outcomes, made_or_result, unsent_result
from service.delivery.prepare import USER_AGENT, Preparer, Request
from service.delivery.senders import Parts
from service.delivery.stream import SendLoop
from service.delivery.wire import Wire, WireAnswer
from service.feeds.model import Feed, FeedSpec, Format
from service.feeds.page import Renderer
from service.services import hub_acts
from service.services.feed_catalogue import feed_site, hub_address
from service.settings import WebhookSettings
from service.settings.trust import authorities
from service.storage.engine import Database
from service.storage.feeds import stamps_of
from service.storage.hub import topics_of
from service.storage.posts import load_posts
from service.storage.queue import ClaimedMessage, OutgoingMessage, OutgoingReader
from service.types import Post, Result, State
from service.words import coded, say

_log = logging.getLogger(__name__)

RETRY_S = (0, 60, 600, 3600, 21_600)
"""Seconds before each attempt: eight hours in all, since nobody is missed for good by a reader that
asks for the feed too."""
CONCURRENCY = 64
TIMEOUT_S = 10.0
RENDERED_BYTES = 4 << 20


class Ping(NamedTuple):
    """A message, the feed it is about, and the post that is new in it with the name of its state;
    None where that is gone, or it is a question."""

    outgoing: OutgoingMessage
    topic: tuple[FeedSpec, Format] | None
    post: Post | None
    stamp: bytes


class PingReader:
    """Not for several threads."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._reader = OutgoingReader()

    def load(self, conn: Connection, message_ids: Sequence[str], now: datetime) -> dict[str, Ping]:
        outgoing = self._reader.load(conn, message_ids, now)
        paths = topics_of(conn, [one.subscription_id for one in outgoing.values()])
        topics = {
            path: hub_acts.parse_topic(conn, self._parts, path) for path in set(paths.values())
        }
        post_ids = sorted({one.told.post_id for one in outgoing.values() if one.told})
        posts, stamps = load_posts(conn, post_ids), stamps_of(conn, post_ids)

        def ping(one: OutgoingMessage) -> Ping:
            post_id = one.told.post_id if one.told else ""
            topic = topics.get(paths.get(one.subscription_id, ""))
            return Ping(one, topic, posts.get(post_id), stamps.get(post_id, b""))

        return {message_id: ping(one) for message_id, one in outgoing.items()}


class PingOutcomes:
    """Makes questions and feeds of messages, and judges what callbacks answer."""

    def __init__(self, parts: Parts, settings: WebhookSettings) -> None:
        self._box = parts.secret_box
        self._hub = hub_address(parts)
        self._parts = parts
        preparer = Preparer(parts.links, parts.secret_box, ())
        self._outcomes = Outcomes(settings, preparer)
        self._target = lru_cache(2_000)(lambda url: parse_target(url, allow_private_networks=True))

    @cached_property
    def _renderer(self) -> Renderer:
        """Made when there is somebody to tell."""
        site = feed_site(self._parts, has_hub=True)
        return Renderer(site, _log.error, capacity_bytes=RENDERED_BYTES)

    def prepared(
        self, claimed: ClaimedMessage, outgoing: Ping | None, now: datetime
    ) -> Request | Result:
        """As `Outcomes.prepared`. What is no more in the feed is skipped."""
        if outgoing is not None and outgoing.outgoing.told and not self._is_of_feed(outgoing):
            return unsent_result(claimed, State.SKIPPED, "websub.unneeded", now)
        of_message = None if outgoing is None else outgoing.outgoing
        if of_message is not None and of_message.body.startswith(_DENIAL):
            return self._denial(of_message)
        return made_or_result(
            lambda _message, _timestamp: self._request(outgoing),
            claimed,
            of_message,
            now,
            is_signed=False,
            question=_QUESTION,
        )

    def _denial(self, one: OutgoingMessage) -> Request:
        """Why a subscription has ended (section 5.2); whatever is answered, it has."""
        said, locale = orjson.loads(one.body)["data"], self._parts.settings.service.locale
        query = {
            "hub.mode": "denied",
            "hub.topic": feed_site(self._parts, has_hub=True).root + said["topic"],
            "hub.reason": say(said["reason"], locale.language),
        }
        return _asking(one, self._target(one.url), query)

    def _is_of_feed(self, ping: Ping) -> bool:
        if ping.topic is None or ping.post is None:
            return False
        return not ping.topic[0].is_owed or bool(ping.post.understanding.deadlines)

    def _request(self, ping: Ping | None) -> Request:
        assert ping is not None  # or nothing is made of it
        one = ping.outgoing
        target = self._target(one.url)
        if one.body:
            return _question(one, target)
        assert ping.topic is not None and ping.post is not None  # see `_is_of_feed`
        spec, fmt = ping.topic
        feed = Feed(spec, (ping.post,))
        body = self._renderer.render(feed, fmt, {ping.post.id: ping.stamp}).body
        topic = feed.address(self._renderer.site.root, fmt)
        headers = [
            f"content-type: {fmt.content_type}",
            f"user-agent: {USER_AGENT}",
            "Expect:",
            f'link: <{self._hub}>; rel="hub", <{topic}>; rel="self"',
        ]
        if one.sealed:
            secret = self._box.decrypt(one.sealed[0]).encode()
            signature = hmac.new(secret, body, sha256).hexdigest()
            headers.append(f"x-hub-signature: sha256={signature}")
        return Request(one.message_id, one.subscription_id, target, headers, body)

    def result(self, claimed: ClaimedMessage, answered: WireAnswer, now: datetime) -> Result:
        """A question is answered by a 2xx with the challenge and nothing else; any other answer of
        the callback's own says no."""
        result = self._outcomes.result(claimed, answered, now)
        challenge, status = answered.request.challenge, answered.status
        if challenge is None or not 200 <= status < 500:
            return result
        if result.state is State.SENT and answered.body.strip() == challenge.encode():
            return result
        return Result(
            claimed.message_id, claimed.lease_token, State.FAILED, status,
            coded("websub.refused", status=status), result.started_at, result.took_s,
            is_final=True, answer=result.answer,
        )  # fmt: skip

    def confirm(self, conn: Connection, request: Request, now: datetime) -> None:
        asked = hub_acts.read_verification(request.body)
        hub_acts.confirm(conn, request.subscription_id, asked, now)


_QUESTION = b'{"type":"%s"' % hub_acts.VERIFY.encode()
_DENIAL = b'{"type":"%s"' % hub_acts.DENIED.encode()


def _question(one: OutgoingMessage, target: Target) -> Request:
    """Verification of intent (section 5.3): a GET with what was asked for in its query."""
    asked = hub_acts.read_verification(one.body)
    query = {
        "hub.mode": asked.mode,
        "hub.topic": asked.topic,
        "hub.challenge": asked.challenge,
    }
    if asked.mode == hub_acts.SUBSCRIBE:
        query["hub.lease_seconds"] = str(asked.lease_s)
    return _asking(one, target, query, asked.challenge)


def _asking(
    one: OutgoingMessage, target: Target, query: dict[str, str], challenge: str | None = None
) -> Request:
    """A GET of the callback, whose own query stays."""
    url = f"{target.url}{'&' if '?' in target.url else '?'}{urlencode(query)}"
    asked_at = Target(
        url, target.scheme, target.host, target.port, target.endpoint_key, target.host_key
    )
    headers = [f"user-agent: {USER_AGENT}"]
    return Request(
        one.message_id, one.subscription_id, asked_at, headers, one.body, challenge, True
    )


def open_sender(parts: Parts) -> WebsubChannel:
    """Raises ConfigurationError where the authorities that are configured cannot be read."""
    return WebsubChannel(parts, str(authorities(parts.settings.network.ca_file)))


class WebsubChannel:
    """A streaming channel, as that of webhooks, with places of its own."""

    name = WEBSUB

    def __init__(self, parts: Parts, authority: str) -> None:
        webhooks = parts.settings.webhooks
        changes = {
            "retry_schedule_s": RETRY_S,
            "concurrency": min(CONCURRENCY, webhooks.concurrency),
            "timeout_s": min(TIMEOUT_S, webhooks.timeout_s),
        }
        self._parts = parts
        self._settings = webhooks.model_copy(update=changes)
        self._wire = partial(Wire, self._settings, authority=authority)
        self._outcomes = PingOutcomes(parts, self._settings)

    def stream(self, database: Database, work: Work, stop: Event, *, is_draining: bool) -> None:
        wire = self._wire()
        try:
            reader = PingReader(self._parts)
            SendLoop(
                self._settings, self._outcomes, reader, self._parts.clock, wire, work, database
            ).run(stop, is_draining)
        finally:
            wire.close()
