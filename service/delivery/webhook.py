"""Webhooks by libcurl's multi interface: many in the air, one thread, a deadline by the wall clock
for each.

Sends; what an answer means is `alerts.verdict`'s. Takes no redirect, no proxy, no netrc, no answer
over 16 kB.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from threading import Event

from service.alerts.links import Links
from service.alerts.signing import SecretBox
from service.delivery.channel import Work
from service.delivery.outcome import Outcomes
from service.delivery.prepare import Preparer
from service.delivery.senders import Parts
from service.delivery.stream import SendLoop
from service.delivery.wire import Wire
from service.settings import WebhookSettings
from service.settings.trust import authorities
from service.storage.engine import Database
from service.storage.queue import OutgoingReader
from service.types import WEBHOOK, Clock


def open_sender(parts: Parts) -> WebhookChannel:
    """Raises ConfigurationError where the authorities that are configured cannot be read."""
    settings = parts.settings
    return WebhookChannel(
        settings.webhooks,
        parts.links,
        parts.secret_box,
        parts.clock,
        receipt_categories=settings.receipts.categories,
        authority=str(authorities(settings.network.ca_file)),
    )


class WebhookChannel:
    """A streaming channel: as long as places are free and something is due, something is in the
    air."""

    name = WEBHOOK

    def __init__(
        self,
        settings: WebhookSettings,
        links: Links,
        secret_box: SecretBox,
        clock: Clock,
        *,
        receipt_categories: Sequence[str] = ("directives",),
        dns_servers: list[str] | None = None,
        dns_port: int | None = None,
        authority: str | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._wire = partial(
            Wire, settings, dns_servers=dns_servers, dns_port=dns_port, authority=authority
        )
        self._outcomes = Outcomes(settings, Preparer(links, secret_box, receipt_categories))

    def stream(self, database: Database, work: Work, stop: Event, *, is_draining: bool) -> None:
        wire = self._wire()
        try:
            reader = OutgoingReader()
            SendLoop(self._settings, self._outcomes, reader, self._clock, wire, work, database).run(
                stop, is_draining
            )
        finally:
            wire.close()
