"""The operator's daily mail: what waits for a decision. Nothing new to decide, no mail."""

from __future__ import annotations

from datetime import datetime, timedelta

from service.alerts.digest import last_run
from service.services.context import Context
from service.services.operator import tell_operator
from service.services.silences import TO_DECIDE
from service.settings import Settings
from service.storage.engine import Database
from service.storage.silence import Silence, select_silences
from service.types import Frequency
from service.words import coded

_SHOWN = 10  # posts of one portal and reason; the page has them all


def tell_decisions(database: Database, ctx: Context) -> bool:
    """Queues the mail of the last daily run, once, where posts became silent since the run before
    it and wait for a decision. Whether one was queued."""
    settings = ctx.settings
    run = _run_before(settings, ctx.clock())
    since = _run_before(settings, run - timedelta(seconds=1)) if run else None
    if run is None or since is None:
        return False
    with database.reading() as conn:
        waiting = select_silences(conn, codes=TO_DECIDE)
    if not any(since < one.at <= run for one in waiting):
        return False
    with database.writing() as conn:
        key = f"daily:{run.isoformat()}"
        subject = coded("letter.daily_subject", n=len(waiting))
        said = _paragraphs(settings, waiting)
        return tell_operator(conn, settings, key, subject, said, ctx.clock()) is not None


def _run_before(settings: Settings, now: datetime) -> datetime | None:
    email = settings.email
    zone = settings.service.locale.zone
    return last_run(Frequency.DAILY, now, email.digest_at, zone, email.days_off)


def _paragraphs(settings: Settings, waiting: list[Silence]) -> list[str]:
    where = f"{settings.service.public_url.rstrip('/')}/admin/silent/"
    names = {portal.id: portal.name for portal in settings.portals}
    said = [coded("letter.daily_silent", where=where)]
    groups: dict[tuple[str, str], list[Silence]] = {}
    for one in waiting:
        groups.setdefault((one.portal_id, one.code), []).append(one)
    for (portal_id, code), found in groups.items():
        name = names.get(portal_id, portal_id)
        said.append(
            coded("letter.daily_portal", portal=name, n=len(found), reason=f"silence.{code}")
        )
        said += [
            coded("letter.daily_post", title=one.title, post_id=one.post_id)
            for one in found[:_SHOWN]
        ]
        if len(found) > _SHOWN:
            said.append(coded("letter.daily_more", n=len(found) - _SHOWN))
    return said
