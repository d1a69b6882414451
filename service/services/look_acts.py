"""A portal is looked at: asked for at a door, done by a worker, shown when it is done.

No page waits for another's server, and what a stranger's page does to its reader it does to a
worker's. Whoever works on it holds a lease; where it dies, another begins again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from service.errors import CodedError, LoaError, NotFound
from service.services.audit_acts import audited
from service.services.context import Context
from service.storage.engine import Database
from service.storage.looks import PortalLook, ask_look, end_look, forget_looks, take_look
from service.values import parse_line

PROBE, CHECK = "probe", "check"
LEASE = timedelta(minutes=5)
"""Eight pages of at most `polling.timeout_s` each, and their politeness."""
KEPT = timedelta(days=7)
MAX_ADDRESS = 2_000

Look = Callable[[str, str], dict[str, Any]]
"""(kind, subject): what a page shows of it."""


@audited("act.portal_probe", "portal", "url")
def ask_probe(conn: Connection, ctx: Context, url: str) -> PortalLook:
    """Asks what Loa makes of a portal that nobody described. Raises InvalidInput: `url`."""
    wanted = parse_line(url, "url", limit=MAX_ADDRESS, is_required=True)
    return _ask(conn, ctx, PROBE, wanted)


@audited("act.portal_check", "portal", "portal_id")
def ask_check(conn: Connection, ctx: Context, portal_id: str) -> PortalLook:
    """Asks what a poll would find now, of which nothing is stored. Raises NotFound."""
    if portal_id not in {portal.id for portal in ctx.settings.portals}:
        raise NotFound("portal", portal_id)
    return _ask(conn, ctx, CHECK, portal_id)


def _ask(conn: Connection, ctx: Context, kind: str, subject: str) -> PortalLook:
    now = ctx.clock()
    forget_looks(conn, now - KEPT)
    return ask_look(conn, kind, subject, now)


def run_looks(
    database: Database, ctx: Context, look: Look, is_stopping: Callable[[], bool] = lambda: False
) -> int:
    """Does what was asked for, one after the other; returns how many."""
    done = 0
    while not is_stopping():
        with database.writing() as conn:
            taken = take_look(conn, ctx.clock(), ctx.clock() + LEASE)
        if taken is None:
            break
        report, error = None, "backfill.fault"
        try:
            report, error = look(taken.kind, taken.subject), ""
        except CodedError as refused:
            error = refused.reason
        except LoaError as refused:
            error = str(refused)
        finally:
            with database.writing() as conn:
                end_look(conn, taken.id, ctx.clock(), report, error or None)
        done += 1
    return done
