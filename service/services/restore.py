"""Lets a database that was restored from a backup send again."""

from __future__ import annotations

from datetime import datetime

from service.alerts.digest import last_run
from service.services.audit_acts import record
from service.settings import Settings
from service.storage.engine import Database
from service.storage.queue import release_fence
from service.types import Frequency


def release_restored(
    database: Database, settings: Settings, now: datetime, since: datetime | None
) -> int:
    """What may be sent of a restored database; returns how many messages are skipped.

    `since` is when the lost one last sent; None: nothing that was due by now is sent.
    """
    mail, zone = settings.email, settings.service.locale.zone
    ran = {
        frequency: last_run(frequency, since or now, mail.digest_at, zone, mail.days_off)
        for frequency in (Frequency.DAILY, Frequency.WEEKLY)
    }
    digests = {frequency: at for frequency, at in ran.items() if at is not None}
    skipped = release_fence(database, now, since=since, digests=digests)
    with database.writing() as conn:
        record(conn, now, "act.restore_release", "service", more={"n": skipped})
    return skipped
