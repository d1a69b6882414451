"""Digests: when each frequency was due last, and queueing what is."""

from __future__ import annotations

from datetime import datetime

from service.alerts.digest import last_run
from service.services.context import Context
from service.settings import Settings
from service.storage.digests import gather_digests
from service.storage.engine import Database
from service.types import Frequency


def last_runs(settings: Settings, now: datetime) -> dict[Frequency, datetime]:
    """When each digest was due last; a frequency that never was is not in it."""
    email, zone = settings.email, settings.service.locale.zone
    found = {
        frequency: last_run(frequency, now, email.digest_at, zone, email.days_off)
        for frequency in (Frequency.DAILY, Frequency.WEEKLY)
    }
    return {frequency: at for frequency, at in found.items() if at is not None}


def send_digests(database: Database, ctx: Context) -> int:
    """Queues every digest that is due; returns how many."""
    now = ctx.clock()
    runs = last_runs(ctx.settings, now)
    if not runs:
        return 0
    on = max(runs.values()).astimezone(ctx.settings.service.locale.zone).date()
    return gather_digests(database, runs, on, now)
