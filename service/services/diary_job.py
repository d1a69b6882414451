"""The log of what was fanned out, and of which subscriptions were stopped or are served again."""

from __future__ import annotations

from collections.abc import Mapping

from service.alerts.target import host_of
from service.logs import Log
from service.storage.diary import (
    StoppedSubscription,
    fanned_out_since,
    newest_change,
    stopped_subscriptions,
)
from service.storage.engine import Database
from service.words import say

log = Log(__name__)


class Diary:
    """Logs, a line each, what was fanned out, and which subscriptions Loa stopped or serves again:
    no addresses.

    Begins with what is there at its first look; on PostgreSQL every worker says so in its own log.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: str | None = None
        self._stopped: Mapping[str, StoppedSubscription] = {}

    def write(self) -> None:
        with self._database.reading() as conn:
            stopped = stopped_subscriptions(conn)
            if self._last is None:
                self._last, self._stopped = newest_change(conn), stopped
                return
            told, self._last = fanned_out_since(conn, self._last)
        for one in told:
            log.info(
                "fanned out", change=one.type.value, post=one.post_id, deliveries=one.deliveries
            )
        for key in stopped.keys() - self._stopped.keys():
            item = stopped[key]
            host = host_of(item.endpoint_key)
            log.warning(
                f"a subscription is {item.status.value}",
                subscription=key,
                host=host,
                why=say(item.reason, "en"),
            )
        for key in self._stopped.keys() - stopped.keys():
            log.info(
                f"a subscription is no longer {self._stopped[key].status.value}", subscription=key
            )
        self._stopped = stopped
